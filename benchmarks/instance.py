"""Fill an instance and list its pages: `python -m benchmarks.instance 1000 pages.json`.

Run with the settings of the site (INSTANCE_DIR, DATABASE_URL). Writes the address of each page, its
number of queries, and the session of a logged-in author. `--uncached` at the end turns off the
cache of fragments.
"""

import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

os.environ["DJANGO_SETTINGS_MODULE"] = "blogsite.settings"
django.setup()

from django.test import Client, RequestFactory  # noqa: E402  after the settings are loaded
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from accounts.models import User  # noqa: E402
from benchmarks import AGAIN, ANONYMOUS, AUTHOR, CASES, RENDERED, seed  # noqa: E402
from posts import listing  # noqa: E402
from posts.models import Post, Tag  # noqa: E402


def make_ready(posts: int) -> None:
    """Migrate, collect static files and fill the database, unless it is filled already."""
    call_command("prepare", stdout=sys.stderr)
    if seed.is_filled(posts):
        return
    if User.objects.exists():
        sys.exit(f"{connection.settings_dict['NAME']} has other data or is incomplete. Remove it.")
    seed.fill(posts)


def addresses(posts: int) -> dict[str, str]:
    """Return the path of each case by name."""
    last = -(-posts // settings.POSTS_PER_PAGE)
    farthest = listing.SKIPPED_MAX // settings.POSTS_PER_PAGE
    # The newest post has a full page of comments.
    newest = Post.objects.get(pk=posts)
    return {
        "index": "/",
        "index-middle": f"/?page={min((last + 1) // 2, farthest)}",
        "index-last": f"/?page={last}",
        "detail": newest.get_absolute_url(),
        "tag": Tag.objects.get(name=seed.HALF).get_absolute_url(),
        "tag-ten": Tag.objects.get(name=seed.TEN).get_absolute_url(),
        "author": reverse("posts:author_detail", args=[User.objects.get(pk=1).username]),
        "search-rare": f"/?q={seed.RARE_WORD}",
        "search-common": "/?q=the",
        "search-prefix": "/?q=wit",
        "search-three": "/?q=the+and+with",
        "feed": "/feed/",
        "sitemap": "/sitemap-0.xml",
        "mine": "/mine/?state=published",
    }


def log_in() -> str:
    """Return the cookies that a browser sends for the account with the most posts.

    Without the others, each response would set them again.
    """
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(pk=1))
    client.get(Post.objects.latest("pk").get_absolute_url())
    cookies = client.cookies.values()
    return "; ".join(f"{cookie.key}={cookie.coded_value}" for cookie in cookies)


def count_queries(path: str, cookie: str) -> int:
    """Return the number of queries of a request with warm caches, without a server.

    Raise AssertionError if the status is not 200.
    """
    ask(path, cookie)
    with CaptureQueriesContext(connection) as queries:
        ask(path, cookie)
    return len(queries)


def ask(path: str, cookie: str) -> None:
    # After the static files are collected, because the application lists them when it is created.
    from blogsite.wsgi import application

    statuses = []
    environ = RequestFactory().get(path, HTTP_COOKIE=cookie, HTTP_HOST="127.0.0.1").environ
    response = application(environ, lambda status, *_: statuses.append(status))
    b"".join(response)
    # The page cache returns a list.
    if hasattr(response, "close"):
        response.close()
    assert statuses == ["200 OK"], (path, statuses)


def main() -> None:
    posts = int(sys.argv[1])
    make_ready(posts)
    settings.KEEP_FRAGMENTS = "--uncached" not in sys.argv
    rendered = f"{settings.MESSAGES_COOKIE_NAME}="
    cookies = {ANONYMOUS: "", AGAIN: "", RENDERED: rendered, AUTHOR: log_in()}
    found = []
    for name, path in addresses(posts).items():
        for visitor in CASES[name]:
            case = {"case": name, "visitor": visitor, "path": path, "cookie": cookies[visitor]}
            found.append(case | {"queries": count_queries(path, cookies[visitor])})
    Path(sys.argv[2]).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
