"""Changes of people's names, in the search index and the addresses of posts."""

from django.urls import reverse

from accounts.models import User
from identity import redirects
from posts import search


def follow_rename(author: User, former: str) -> None:
    """Index the names of `author`, and redirect the page and feeds of the former username."""
    search.index_author(author)
    if former != author.username:
        redirects.add(path_of(former), path_of(author.username))


def path_of(username: str) -> str:
    return reverse("posts:author_detail", args=[username])
