"""Writers: the forms that they send, over HTTP or within the process."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import uuid4

from posts.demo.writer import comment_texts, demo_post

WORDS = 2_000
TAGS = 5
TEXTS = 20
# How often each action occurs when many people write. An editor mostly sends autosaves.
ACTS = {"publish": 1, "publish, new tags": 1, "autosave": 5, "like": 2, "comment": 2}


@cache
def long_text(number: int) -> str:
    """Return Markdown of at least WORDS words from texts of the sample blog."""
    found, place = [], number * TEXTS
    while sum(len(text.split()) for text in found) < WORDS:
        found.append(demo_post(place).body)
        place += 1
    return "\n\n".join(found)


@dataclass
class Writer:
    """A logged-in writer. `post` sends a form and returns the status, and the JSON if there is any.

    `posts` is the number of posts, from which `benchmarks.seed` derives the number of tags.
    """

    number: int
    posts: int
    post: Callable[..., tuple[int, dict[str, Any]]]
    done: int = 0
    draft: dict[str, str] = field(default_factory=dict)
    autosave_path: str = "/create/autosave/"
    chance: random.Random = field(default_factory=random.Random)

    def act(self, name: str) -> int:
        """Do one of ACTS and return the status of the response."""
        self.done += 1
        known, new = self.known_tags(), [f"tag {uuid4().hex[:12]}" for _ in range(TAGS)]
        acts = {
            "publish": lambda: self.publish(known),
            "publish, new tags": lambda: self.publish(new),
            "autosave": self.autosave,
            "like": lambda: self.post(f"/{self.some_post()}/like/", action="like")[0],
            "comment": self.comment,
        }
        return acts[name]()

    def known_tags(self) -> list[str]:
        return [f"topic {self.chance.randrange(3, max(20, self.posts // 20))}" for _ in range(TAGS)]

    def some_post(self) -> int:
        return self.chance.randrange(1, self.posts + 1)

    def publish(self, tags: list[str]) -> int:
        title = f"Written by {self.number}, {self.done}"
        fields = {"title": title, "body": long_text(self.done % TEXTS), "tags": ", ".join(tags)}
        return self.post("/create/", action="publish", uuid=uuid4(), **fields)[0]

    def comment(self) -> int:
        texts = comment_texts()[0]
        body = f"{texts[self.done % len(texts)]} {uuid4()}"
        return self.post(f"/{self.some_post()}/comments/", body=body)[0]

    def autosave(self) -> int:
        """Continue one draft in one edit session, as the editor's script saves it."""
        if not self.draft:
            made = {"edit_session": str(uuid4()), "uuid": str(uuid4()), "version": "0"}
            text = {"title": f"A draft of {self.number}", "body": long_text(self.number % TEXTS)}
            self.draft = made | text | {"tags": ", ".join(self.known_tags())}
        self.draft["body"] += f" And {self.done}."
        status, said = self.post(self.autosave_path, **self.draft)
        if status == 200:
            self.draft["version"], self.autosave_path = said["version"], said["autosave_url"]
        return status
