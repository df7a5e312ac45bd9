"""A blog whose content is as awkward as forms allow, for the checks of HTML and accessibility."""

from datetime import timedelta

from django.contrib.auth.models import Group
from django.utils import timezone

from accounts import inviting
from accounts.models import Invitation, User
from accounts.roles import Role
from content.images import make_image
from content.markup import render_comment
from identity.models import Redirect
from posts.demo.images import draw_image
from posts.discussion import commenting, liking, moderation
from posts.models import Comment, Post
from posts.writing import preview_links, publishing, reviewing
from posts.writing.edit import Edit
from posts.writing.uploads import image_markdown, store_image

LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 4
TITLES = (
    "Plain title",
    """"Quotes" & 'apostrophes' <script>alert(1)</script> --> ]]>""",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd, \u0645\u0631\u062d\u0628\u0627",
    "👩‍👩‍👧‍👦 🏳️‍🌈 \u202eevil\u202c",
    LONG_WORD[:150],
    "<",
    "{{ title }} {% now 'Y' %}",
)
TAGS = ["C++", "C#", ".net", "a/b?c&d", '<b>"x"</b>', "\u05e9\u05dc\u05d5\u05dd", "🎉", "x" * 50]
BODY = f"""# A heading

# A heading

## "Quotes" <b>bold</b>

Text with <kbd>Ctrl</kbd>, <mark>mark</mark>, <script>alert(1)</script>, a footnote[^1], and the
same again[^1].

{LONG_WORD}

| left | right |
|:-----|------:|
| a    | `b`   |

| {" | ".join(f"column{n}" for n in range(30))} |
{"|---" * 30}|
| {" | ".join("averylongcell" for _ in range(30))} |

```python
print("{"a very long line " * 20}")
```

    {"indented code " * 20}

- [ ] to do
- [x] done

1. one
   > quote

   - nested

<details>
<summary>More</summary>

Hidden *text*.

</details>

<p align="center">centered</p>
<div id="content">a block</div>
<img src=x onerror=alert(1)>
<table><tr><td>raw</td></tr></table>

![](https://example.com/no-alt.png) ![alt "quoted" <b>](https://example.com/alt.png "title")
https://example.com/?a=1&b=2 <https://example.com/a b>

[link with spaces](</a path/with spaces>) [empty]() [](#nowhere) [^missing]

[^1]: The footnote, with `code`.
"""
COMMENTS = (
    "Plain.",
    "# no heading\n\n<b>raw</b> <!-- comment --> **bold** `code`",
    "> quote\n\n```\n" + "long line " * 60 + "\n```",
    "- [ ] task\n\n| a |\n|---|\n| b |\n\n![image](/media/x.png)",
    "\u202e \u05e9\u05dc\u05d5\u05dd " + LONG_WORD,
)


def fill() -> dict[str, User]:
    """Fill an empty database and return the visitors by name; None is the anonymous visitor."""
    people = make_people()
    author, reader, moderator = (people[name] for name in ("author", "reader", "moderator"))
    posts = [write(author, title) for title in TITLES]
    write_many(author, 12)
    decorate(posts[0], author)
    discuss(posts[0], reader, author, moderator)
    drafts(author, moderator)
    reviews(people["contributor"], people["editor"])
    newcomers(people["owner"])
    moderation.close_comments(posts[1], moderator, reason="<b>enough</b>", now=timezone.now())
    return people


def make_people() -> dict[str, User | None]:
    make = User.objects.create_user
    people = {
        "anonymous": None,
        "author": make("author", display_name="""Zoë "Z" <b>O'Neil</b>"""),
        "reader": make("reader", display_name="\u05e9\u05dc\u05d5\u05dd"),
        "empty": make("empty"),
        "moderator": make("moderator", is_staff=True),
        "contributor": make("contributor", role=Role.CONTRIBUTOR),
        "editor": make("editor", role=Role.EDITOR),
        "owner": make("owner", role=Role.OWNER),
    }
    people["moderator"].groups.add(Group.objects.get(name="Moderators"))
    author = people["author"]
    author.website = "https://example.com/?a=1&b=%22"
    author.biography = COMMENTS[2]
    author.biography_html = render_comment(author.biography)
    author.email = '"a&b"@example.com'
    author.new_email = f"{LONG_WORD[:60]}@example.com"
    author.save()
    return people


def write(author: User, title: str, **fields) -> Post:
    post = Post(author=author, title=title, body=BODY, **fields)
    return publishing.publish(post, Edit(timezone.now(), tags=TAGS))


def write_many(author: User, number: int) -> None:
    for place in range(number):
        publishing.publish(
            Post(author=author, title=f"Post {place}", body="Text"),
            Edit(timezone.now(), tags=["tea"]),
        )


def decorate(post: Post, author: User) -> None:
    """Give `post` a cover without alt text, images in the text, and a history."""
    name = store_image(make_image(draw_image(0)), author)
    post.cover = name
    shown = image_markdown(name, 'Hills <b> "q"')
    post.body += f"\n\n{shown}\n\n![](/media/{name})"
    for number in range(3):
        post.body += f"\n\nParagraph {number}"
        now = timezone.now() + timedelta(days=number)
        publishing.update(post, Edit(now, tags=TAGS, by=author, reason="<b>why</b>"))


def discuss(post: Post, reader: User, author: User, moderator: User) -> None:
    """Add comments in every state, and a thread deeper than pages show."""
    now, parent = timezone.now(), None
    for text in COMMENTS * 2:
        parent_pk = parent and parent.pk
        parent = commenting.add_comment(
            post, reader, text + " " * (parent_pk or 0), parent_pk=parent_pk, now=now
        )
    said = list(Comment.objects.order_by("pk"))
    for comment in said:
        moderation.approve(comment, moderator, now=now)
    commenting.delete_comment(said[1])
    moderation.hide(said[2], moderator, reason='"<b>rude</b>"', now=now)
    commenting.report_comment(said[3], author, reason="<i>spam</i>")
    liking.like(post, reader)
    commenting.add_comment(post, author, "From the author", now=now)
    waiting = commenting.add_comment(post, reader, "Waits", now=now)
    Comment.objects.filter(pk=waiting.pk).update(status=Comment.Status.WAITING)


def drafts(author: User, moderator: User) -> None:
    """Write posts that readers do not see: draft, scheduled, hidden and trashed."""
    now = timezone.now()
    draft = publishing.save_draft(Post(author=author, title="", body=BODY), Edit(now, tags=TAGS))
    preview_links.make_link(draft, now=now)
    at = now + timedelta(days=2)
    publishing.schedule(Post(author=author, title=TITLES[1], body=BODY), at, Edit(now, tags=TAGS))
    hidden = write(author, "Hidden <b>")
    moderation.hide_post(hidden, moderator, reason="<b>", now=now)
    trashed = write(author, "Trashed <b>")
    publishing.trash_post(trashed, now=now)


def reviews(contributor: User, editor: User) -> None:
    """Write texts that wait for review, were returned, and change a published post."""
    now = timezone.now()
    for title in TITLES[:2]:
        reviewing.ask_review(Post(author=contributor, title=title, body=BODY), Edit(now, tags=TAGS))
    returned = reviewing.ask_review(Post(author=contributor, title="<b>", body=BODY), Edit(now))
    reviewing.return_post(returned, Edit(now, by=editor, reason='"<b>why</b>"'))
    published = write(contributor, "Published <b>")
    published.body += "\n\nMore"
    reviewing.ask_review(published, Edit(now, tags=TAGS, by=contributor))


def newcomers(owner: User) -> None:
    """Add invitations in every state, accounts that wait for approval, and a redirect."""
    now = timezone.now()
    for days, note in enumerate(("", '"<b>Anna</b>" & Ben', LONG_WORD[:100], "Open"), start=-1):
        row = Invitation(role=Role.READER, note=note, expires_at=now + timedelta(days=days))
        inviting.invite(row, owner, now=now)
    inviting.revoke(row, now=now)
    for name in ("waits", "x" * 30):
        User.objects.create_user(name, is_active=False, waiting_since=now)
    Redirect.objects.create(old_path="/old/<b>", target='/tags/?"a"&b')
