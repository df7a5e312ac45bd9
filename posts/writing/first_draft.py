"""The draft that a new owner finds in the editor."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from posts.models import Post
from posts.writing import publishing
from posts.writing.edit import Edit


def find_first_page(user: User, now: datetime) -> str:
    """Return the address of the editor, with a first draft if `user` has no posts."""
    if Post.objects.filter(author=user).exists():
        return reverse("posts:post_create")
    post = Post(author=user, title=_("My first post"), body=first_text(), status=Post.Status.DRAFT)
    publishing.save_post(post, Edit(now))
    return reverse("posts:post_update", kwargs={"pk": post.pk})


def first_text() -> str:
    return _(
        "Only you can see this draft. Replace it with your own text, then press *Publish*.\n\n"
        "You can use Markdown: **bold**, *italic*, [links](https://example.org), and\n\n"
        "- lists,\n"
        "- images,\n"
        "- tables and code."
    )
