"""Save every page of a blog with hostile content: `python -m benchmarks.pages FOLDER`.

Run with the settings of an empty site. It follows the links of each visitor, sends forms that are
refused, and renders the error pages. FOLDER/pages.json lists each page with its file.
"""

import json
import re
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

from benchmarks.instance import call_command, django  # first, because it loads the settings

# isort: split
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import email_links, first_run, inviting
from accounts.models import Invitation, User
from accounts.unsaved_text import Writer, new_form_id, sign
from benchmarks import hostile
from identity import current
from posts.models import Comment, Post
from posts.writing import preview_links

# The maximum number of pages of one kind, such as posts or pages of a list.
ALIKE_MAX = 8
NOT_FOLLOWED = re.compile(r"/(?:static|media)/|feed/|\.xml$|\.txt$|/autocomplete/|jsi18n")
STARTS = (
    "/?q=",
    "/?q=%3Cscript%3E+tag:c%2B%2B+-tag:x+author:author",
    "/?q=zzzzzz",
    "/nothing-here/",
    "/?page=2",
    "/auth/login/?next=/create/",
    "/auth/register/?next=/create/",
    "/auth/logout/",
    "/auth/password/reset/",
    "/auth/password/reset/sent/",
    "/auth/password/reset/x/y-z/",
    "/auth/email/confirm/1/x/",
    "/auth/invite/x/",
    "/mine/?state=trash",
    "/mine/?find=zzzz",
    "/authors/empty/",
    "/admin/login/",
    "/admin/posts/comment/?q=zzzz",
    "/admin/password_change/",
    "/admin/posts/post/?page=99",
    "/admin/posts/post/?nonsense=1",
    "/hello/",
)
EXPIRED = (
    *("/create/", "/settings/", "/auth/login/", "/auth/account/", "/auth/email/change/"),
    *("/auth/username/", "/auth/invitations/"),
)
PART = """<!doctype html>
<html lang="en"><title>Part</title><body><main><h1>Part</h1><h2>Part</h2>{}</main></body></html>"""
BAD_ACCOUNT = {"username": "a b", "email": "<x", "password1": "1", "password2": "2"}
BAD_POST = {
    "title": "x" * 300,
    "body": hostile.BODY,
    "tags": "a" * 60,
    "publish_at": "never",
    "action": "schedule",
    "image": "",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page as `visitor` saw it, saved in `file`. Similar pages have the same `kind`."""

    visitor: str
    method: str
    path: str
    status: int
    kind: str
    file: str


class Links(HTMLParser):
    """The addresses that a page links to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        address = dict(attrs).get("href")
        if tag == "a" and address:
            self.found.append(address)


class Saver:
    """Writes pages into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: list[Page] = []

    def save(self, visitor: str, method: str, path: str, response: HttpResponse) -> str:
        """Save the page and return it; wrap a part of a page in a whole one."""
        if not response.get("Content-Type", "").startswith("text/html") or not response.content:
            return ""
        html = response.text
        if "<html" not in html:
            html = PART.format(html)
        file = f"{len(self.pages):04}.html"
        (self.folder / file).write_text(html)
        status = response.status_code
        self.pages.append(Page(visitor, method, path, status, kind_of(path), file))
        return html


def main() -> None:
    folder = Path(sys.argv[1])
    call_command("prepare", stdout=sys.stderr)
    saver = Saver(folder)
    # These pages show an empty blog.
    crawl(saver, "anonymous", None, ["/", "/tags/"])
    first_run_pages(saver)
    first = User.objects.create_superuser("first")
    crawl(saver, "first", first, ["/", "/mine/", "/admin/"])
    people = hostile.fill()
    links = account_links(people)
    for visitor, user in people.items():
        crawl(saver, visitor, user, [*STARTS, *links, *(post_paths() if user else [])])
    for visitor, user in people.items():
        refuse(saver, visitor, user)
    error_pages(saver)
    pages_with_mail(saver, people["author"])
    closed_pages(saver, people["owner"])
    # The admin's scripts need this page, and browsers without a session don't get it.
    texts = client_of(people["owner"]).get("/admin/jsi18n/").text
    (folder / "jsi18n.js").write_text(texts)
    (folder / "pages.json").write_text(json.dumps([asdict(page) for page in saver.pages]))


def client_of(user: User | None) -> Client:
    client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


def first_run_pages(saver: Saver) -> None:
    """Save the page that makes its visitor the owner, also with refused answers."""
    link = first_run.renew_link()
    for visitor, user in (("anonymous", None), ("early", User.objects.create_user("early"))):
        client = client_of(user)
        saver.save(visitor, "GET", link, client.get(link))
        for typed in ({}, BAD_ACCOUNT | {"blog_name": "x" * 200, "writers": "x"}):
            saver.save(visitor, "POST", link, client.post(link, typed))


def account_links(people: dict[str, User | None]) -> list[str]:
    """Return links that someone gets by mail or from an inviter."""
    now = timezone.now()
    invitation = Invitation(role="editor", use_limit=9, expires_at=now + timedelta(days=1))
    token = inviting.invite(invitation, people["owner"], now=now)
    return [f"/auth/invite/{token}/", email_links.path_of_link(people["author"])]


def post_paths() -> list[str]:
    """Return the addresses of restricted actions on posts and comments."""
    token = preview_links.token_for(
        Post.objects.filter(preview_link__isnull=False).get(), now=timezone.now()
    )
    paths = [f"/preview/{token}/"]
    first = Post.objects.order_by("pk")[:4]
    for post in (*first, *Post.objects.exclude(review="").order_by("pk")):
        paths += [f"/{post.pk}/", f"/{post.pk}/update/", f"/{post.pk}/history/"]
        paths += [f"/{post.pk}/?reply={comment.pk}" for comment in post.comments.all()[:1]]
    return paths


def crawl(saver: Saver, visitor: str, user: User | None, starts: list[str]) -> None:
    """Save the pages that `visitor` finds by following links, at most ALIKE_MAX of one kind."""
    client, seen, kinds = client_of(user), set(), Counter()
    waiting = deque(["/", *starts])
    while waiting:
        path = waiting.popleft().partition("#")[0]
        kind = kind_of(path)
        if path in seen or NOT_FOLLOWED.search(path) or kinds[kind] >= ALIKE_MAX:
            continue
        seen.add(path)
        kinds[kind] += 1
        response = client.get(path)
        if 300 <= response.status_code < 400:
            waiting.append(urljoin(path, response["Location"]))
        html = saver.save(visitor, "GET", path, response)
        waiting.extend(local_links(path, html))


def kind_of(path: str) -> str:
    """Return the kind of a page: the names in its address."""
    parts = urlsplit(path)
    names = sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    plain = re.sub(r"/(tags|authors)/[^/]+/", r"/\1/*/", re.sub(r"\d+(?:-[^/]*)?", "N", parts.path))
    # The filters of the admin's lists link to every combination of them.
    return plain if plain.startswith("/admin/") else f"{plain}?{names}"


def local_links(path: str, html: str) -> Iterator[str]:
    for address in Links(html).found:
        if urlsplit(address).scheme in ("", "http"):
            url = urlsplit(urljoin(f"http://127.0.0.1{path}", address))
            if url.hostname == "127.0.0.1":
                yield url._replace(scheme="", netloc="").geturl()


def refuse(saver: Saver, visitor: str, user: User | None) -> None:
    """Send forms that are refused, or that show something but change nothing."""
    client = client_of(user)
    for path, typed in refused_forms(user):
        saver.save(visitor, "POST", path, client.post(path, typed))
    post = Post.objects.order_by("pk").first()
    if user and user.username == "reader":
        for name in ("unlike", "like"):
            path = f"/{post.pk}/like/"
            response = client.post(path, {"action": name}, headers={"HX-Request": "true"})
            saver.save(visitor, "htmx", path, response)
    # Send a form like a browser whose cookies were deleted.
    strict = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    owner = sign(Writer(user.pk if user else 1, new_form_id()))
    for path in EXPIRED:
        saver.save(visitor, "expired", path, strict.post(path, BAD_POST | {"writer": owner}))


def refused_forms(user: User | None) -> Iterator[tuple[str, dict]]:
    yield "/auth/login/", {}
    yield "/auth/login/", {"username": '<b>"x"', "password": "y"}
    yield "/auth/register/", {}
    yield "/auth/register/", BAD_ACCOUNT
    yield "/auth/password/reset/", {"email": "x"}
    yield "/feed/", {}
    if user is None:
        uid = urlsafe_base64_encode(force_bytes(User.objects.get(username="author").pk))
        token = default_token_generator.make_token(User.objects.get(username="author"))
        yield f"/auth/password/reset/{uid}/{token}/", {}
        return
    yield (
        "/auth/account/",
        BAD_ACCOUNT | {"website": "ftp:x", "time_zone": "x", "biography": "x" * 9999},
    )
    yield "/auth/email/change/", {"email": "x", "password": "x"}
    yield "/auth/username/", {"username": "a b", "password": "x"}
    yield (
        "/auth/password/change/",
        {"old_password": "x", "new_password1": "1", "new_password2": "2"},
    )
    yield "/create/", {}
    yield "/create/", BAD_POST
    yield "/preview/", BAD_POST
    yield (
        "/preview/",
        {"title": hostile.TITLES[1], "body": hostile.BODY, "tags": ",".join(hostile.TAGS)},
    )
    yield "/difference/", {"old_body": hostile.BODY, "new_body": hostile.BODY.upper()}
    own = Post.objects.filter(author__username__in=("author", "contributor"))
    for post in own.order_by("pk"):
        yield f"/{post.pk}/update/", BAD_POST
        yield f"/{post.pk}/update/", {"title": "<b>", "body": "x", "version": 0, "action": "update"}
    post = Post.objects.order_by("pk").first()
    comment = Comment.objects.filter(post=post, status="approved").order_by("pk").first()
    yield f"/{post.pk}/comments/", {}
    yield f"/{post.pk}/comments/", {"body": "", "parent": comment.pk}
    yield f"/{post.pk}/comments/", {"body": "x" * 20_000}
    for verb in ("edit", "report", "hide"):
        address = f"/{post.pk}/comments/{comment.pk}/{verb}/"
        yield address, {"body": "", "reason": "x" * 999}
    if user.is_editor_or_owner:
        yield from refused_by_editors()
    if user.is_staff:
        yield from refused_in_admin(post)


def refused_by_editors() -> Iterator[tuple[str, dict]]:
    yield "/auth/invitations/", {}
    yield "/auth/invitations/", {"role": "editor", "note": "x" * 999, "days": 2, "use_limit": 2}
    # This one succeeds, because only then is the link shown.
    invitation = {"role": "reader", "note": '"<b>x</b>"', "days": 7, "use_limit": 1}
    yield "/auth/invitations/", invitation
    yield "/settings/", {"version": 0, "name": "x" * 999, "language": "x"}
    choices = {"language": "vi", "registration": "open", "new_role": "reader"}
    outdated = choices | {"name": "<b>", "time_zone": "UTC", "comment_approval": "all"}
    yield "/settings/", outdated | {"version": 0}


def refused_in_admin(post: Post) -> Iterator[tuple[str, dict]]:
    chosen = {"_selected_action": [post.pk], "action": "delete_selected", "index": 0}
    yield "/admin/posts/post/", chosen | {"_selected_action": [p.pk for p in Post.objects.all()]}
    yield "/admin/posts/post/", {"action": "delete_selected", "index": 0}
    yield "/admin/posts/post/add/", BAD_POST
    yield f"/admin/posts/post/{post.pk}/change/", BAD_POST
    # Editors can change only the role and the closing of the account.
    bad_user = {"username": "a b", "email": "x", "role": "x"}
    yield f"/admin/accounts/user/{post.author_id}/change/", bad_user
    yield f"/admin/accounts/user/{post.author_id}/password/", {"password1": "1", "password2": "2"}
    yield "/admin/accounts/user/add/", {"username": "a b"}
    yield "/admin/posts/tag/1/change/", {"name": "a,b"}
    yield "/admin/identity/redirect/add/", {"old_path": "x?y", "target": "ftp:<x>"}
    chosen = {"action": "delete_selected", "_selected_action": [1]}
    yield "/admin/identity/redirect/", chosen
    yield (
        "/admin/accounts/user/",
        {"action": "delete_selected", "_selected_action": [u.pk for u in User.objects.all()]},
    )
    yield "/admin/password_change/", {}
    yield "/admin/login/", {"username": "x", "password": "y"}
    yield "/admin/logout/", {}


def pages_with_mail(saver: Saver, author: User) -> None:
    """Save the pages that differ if the site sends mail instead of keeping it in files."""
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
        for path in ("/auth/login/", "/auth/password/reset/", "/auth/password/reset/sent/"):
            saver.save("anonymous", "mailing", path, client_of(None).get(path))
        for path in ("/auth/account/", "/auth/email/change/", "/auth/username/"):
            saver.save("author", "mailing", path, client_of(author).get(path))


def closed_pages(saver: Saver, owner: User) -> None:
    """Save the pages that differ while no one can register."""
    current.change(registration="closed")
    for visitor, user in (("anonymous", None), ("owner", owner)):
        client = client_of(user)
        for path in ("/auth/register/", "/auth/invite/x/", "/auth/invitations/"):
            saver.save(visitor, "GET", path, client.get(path))


def error_pages(saver: Saver) -> None:
    """Render the template of each error, even of errors that no request here can cause."""
    request = RequestFactory(SERVER_NAME="127.0.0.1").get("/")
    request.user, request._messages = django.contrib.auth.models.AnonymousUser(), []
    typed = {"title": '<b>"x"</b>', "body": hostile.BODY}
    context = {"request_id": "abc", "too_large": True, "typed": typed, "user": request.user}
    for template in sorted(Path(settings.TEMPLATES[0]["DIRS"][0]).glob("[0-9]*.html")):
        html = render_to_string(template.name, context, request)
        saver.save("anonymous", "error", template.name, HttpResponse(html))


if __name__ == "__main__":
    main()
