"""Fill an instance with pages for Lighthouse: `python -m benchmarks.browsed pages.json`.

Run with the settings of the site. Writes the path of each page, and the author's session.
"""

import json
import sys
from pathlib import Path

from benchmarks.instance import log_in  # first, because it loads the settings

# isort: split
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from content.images import make_image
from posts.demo.images import draw_image
from posts.demo.writer import comment_texts
from posts.discussion import commenting
from posts.models import Post
from posts.writing import publishing
from posts.writing.edit import Edit
from posts.writing.uploads import image_markdown, store_image

# The sample blog gives covers only to some of its 12 newest posts.
POSTS = 12
COMMENTS = 100
IMAGES = 3
CODE = '''```python
@cached
def pour(cups: int = 2) -> str:
    """Return what was poured."""
    return f"{cups} cups"  # never more
```'''
TABLE = "| Tea | Minutes |\n|---|--:|\n| Green | 2 |\n| Black | 4 |"


def main() -> None:
    call_command("prepare", stdout=sys.stderr)
    call_command("seed_demo", posts=POSTS, stdout=sys.stderr)
    author = User.objects.get(pk=1)
    post = write(author)
    discuss(post)
    editor = f"/{post.pk}/update/"
    pages = {"index": "/", "detail": post.get_absolute_url(), "editor": editor}
    Path(sys.argv[1]).write_text(json.dumps({"pages": pages, "cookie": log_in()}))


def write(author: User) -> Post:
    """Publish a long post by `author`, the newest, with a cover, images, code and a table."""
    body = Post.objects.get(pk=1).body
    parts = [body, CODE, TABLE]
    for number in range(IMAGES):
        name = store_image(make_image(draw_image(number)), author)
        parts += [body, image_markdown(name, "Hills behind hills")]
    post = Post(author=author, title="Everything that a post can contain", body="\n\n".join(parts))
    post.cover = store_image(make_image(draw_image(IMAGES)), author)
    post.cover_alt = "Hills behind hills, and a pale sun"
    return publishing.publish(post, Edit(timezone.now(), tags=["travel", "tea"]))


def discuss(post: Post) -> None:
    """Add a full page of comments to `post`; every third replies to its predecessor."""
    readers, (texts, _) = list(User.objects.exclude(pk=post.author_id)), comment_texts()
    above = None
    for number in range(COMMENTS):
        reader = readers[number % len(readers)]
        text = f"{texts[number % len(texts)]}\n\nThe {number + 1}th word on it."
        parent_pk = above.pk if number % 3 else None
        above = commenting.add_comment(post, reader, text, parent_pk=parent_pk, now=timezone.now())


if __name__ == "__main__":
    main()
