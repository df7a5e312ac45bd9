"""Inventory of all URLs: each is public or guarded, and refuses methods not listed here."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import first_run, inviting
from accounts.models import Invitation, User
from content.image_names import jpeg_name
from content.shared_images import END_OF_JPEG
from posts.discussion import commenting
from posts.models import Comment, Post
from posts.writing import preview_links, publishing
from posts.writing.edit import Edit

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"}
READ = {"GET", "HEAD"}
FORM = READ | {"POST"}

IMAGE = f"images/{'x' * 22}-1x1-000.webp"


@pytest.fixture(autouse=True)
def stored_image(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    default_storage.save(IMAGE, ContentFile(b"picture"))
    default_storage.save(jpeg_name(IMAGE), ContentFile(b"copy" + END_OF_JPEG))


@pytest.fixture
def post(make_post):
    return make_post(tags="bread")


# name: (arguments, methods, guard). A guard ends in `script` if the response is JSON for a script.
# `tests/test_access.py` says who passes each guard.
INVENTORY = {
    "posts:post_list": ({}, READ, "public"),
    "posts:post_short": ({"pk": 1}, READ, "public"),
    "posts:post_cut": ({"pk": 1}, READ, "public"),
    "posts:post_detail": ({"pk": 1, "slug": "test-title"}, READ, "public"),
    "posts:post_create": ({}, FORM, "writing"),
    "posts:post_update": ({"pk": 1}, FORM, "own"),
    "posts:post_delete": ({"pk": 1}, {"POST"}, "own"),
    "posts:post_restore": ({"pk": 1}, {"POST"}, "trash"),
    "posts:my_posts": ({}, READ, "logged in"),
    "posts:revision_list": ({"pk": 1}, READ, "own page"),
    "posts:revision_detail": ({"pk": 1, "number": 1}, READ, "own page"),
    "posts:revision_restore": ({"pk": 1, "number": 1}, {"POST"}, "own"),
    "posts:autosave_new": ({}, {"POST"}, "writing script"),
    "posts:autosave": ({"pk": 1}, {"POST"}, "own script"),
    "posts:preview": ({}, {"POST"}, "writing"),
    "posts:difference": ({}, {"POST"}, "writing"),
    "posts:preview_link": ({"pk": 1}, {"POST"}, "own"),
    "posts:post_preview": ({"token": "x"}, READ, "public"),
    "posts:post_like": ({"pk": 1}, {"POST"}, "logged in"),
    "posts:comment_create": ({"pk": 1}, {"POST"}, "logged in"),
    "posts:comments_close": ({"pk": 1}, {"POST"}, "moderating"),
    "posts:comments_open": ({"pk": 1}, {"POST"}, "moderating"),
    "posts:comment_detail": ({"pk": 1, "comment": 1}, READ, "public"),
    "posts:comment_edit": ({"pk": 1, "comment": 1}, FORM, "commenter"),
    "posts:comment_delete": ({"pk": 1, "comment": 1}, FORM, "commenter"),
    "posts:comment_report": ({"pk": 1, "comment": 1}, FORM, "reporting"),
    "posts:comment_approve": ({"pk": 1, "comment": 1}, FORM, "moderating"),
    "posts:comment_hide": ({"pk": 1, "comment": 1}, FORM, "moderating"),
    "posts:comment_restore": ({"pk": 1, "comment": 1}, FORM, "moderating all"),
    **{
        f"posts:{name}{kind}": (arguments, READ, "public")
        for name, arguments in (
            ("feed", {}),
            ("tag_feed", {"slug": "bread"}),
            ("author_feed", {"username": "author"}),
        )
        for kind in ("", "_atom", "_json")
    },
    "posts:feed_usual": ({"address": "rss"}, READ, "public"),
    "posts:sitemap": ({}, READ, "public"),
    "posts:sitemap_part": ({"number": 0}, READ, "public"),
    "posts:robots": ({}, READ, "public"),
    "posts:tag_list": ({}, READ, "public"),
    "posts:tag_suggest": ({}, READ, "public"),
    "posts:tag_detail": ({"slug": "bread"}, READ, "public"),
    "posts:author_detail": ({"username": "author"}, READ, "public"),
    "posts:image_jpeg": ({"stem": f"{'x' * 22}-1x1-000"}, READ, "public"),
    "posts:image_upload": ({}, {"POST"}, "writing"),
    "media": ({"name": IMAGE}, READ, "public"),
    "accounts:register": ({}, FORM, "public"),
    "accounts:login": ({}, FORM, "public"),
    "accounts:logout": ({}, FORM, "public"),
    "accounts:account": ({}, FORM, "logged in"),
    "accounts:start": ({"token": "x"}, FORM, "public"),
    "accounts:settings": ({}, FORM, "owner"),
    "accounts:waiting_list": ({}, READ, "editing"),
    "accounts:account_approve": ({"number": 1}, {"POST"}, "editing"),
    "accounts:account_refuse": ({"number": 1}, {"POST"}, "editing"),
    "accounts:invitation_list": ({}, FORM, "editing"),
    "accounts:invitation_revoke": ({"number": 1}, {"POST"}, "editing"),
    "accounts:invitation_accept": ({"token": "x"}, FORM, "public"),
    "accounts:username_change": ({}, FORM, "logged in"),
    "accounts:unsaved_text_discard": ({"number": 1}, {"POST"}, "text"),
    "accounts:email_change": ({}, FORM, "logged in"),
    "accounts:email_link_send": ({}, {"POST"}, "logged in"),
    "accounts:email_change_cancel": ({}, {"POST"}, "logged in"),
    "accounts:email_confirm": ({"pk": 1, "token": "x"}, FORM, "public"),
    "accounts:password_change": ({}, FORM, "logged in"),
    "accounts:password_reset": ({}, FORM, "public"),
    "accounts:password_reset_done": ({}, READ, "public"),
    "accounts:password_reset_confirm": ({"uidb64": "x", "token": "y"}, FORM, "public"),
    "hello": ({}, READ, "public"),
    "favicon": ({}, READ, "public"),
}
# Middleware responds to these before the URL router.
HEALTH = {"/healthz": READ, "/readyz": READ}


def names(patterns, namespace: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = pattern.namespace or namespace
            found += names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            found.append(f"{namespace}:{pattern.name}" if namespace else str(pattern.name))
    return found


def routes(patterns, before: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += routes(pattern.url_patterns, route)
        else:
            found.append(route)
    return found


def address(name: str, post) -> str:
    arguments = dict(INVENTORY[name][0])
    if "pk" in arguments:
        arguments["pk"] = post.pk
    if "comment" in arguments:
        arguments["comment"] = comment_on(post).pk
    if "number" in arguments and "pk" in arguments:
        publishing.save_post(Post.objects.get(pk=post.pk), Edit(timezone.now()))
    if name == "accounts:start":
        return first_run.renew_link()
    if name == "accounts:invitation_accept":
        arguments["token"] = token_of_invitation()
    if name == "posts:post_preview":
        preview_links.make_link(post, now=timezone.now())
        arguments["token"] = preview_links.token_for(post, now=timezone.now())
    return reverse(name, kwargs=arguments)


def token_of_invitation() -> str:
    now = timezone.now()
    owner, _ = User.objects.get_or_create(username="owner", role="owner")
    # Not 1, which tests give to a row of their own.
    invitation = Invitation(pk=2, role="author", expires_at=now + timedelta(days=1))
    return inviting.invite(invitation, owner, now=now)


def comment_on(post) -> Comment:
    """Return the only comment on `post`, which is by its author."""
    now = timezone.now()
    return post.comments.first() or commenting.add_comment(post, post.author, "body", now=now)


def test_every_route_is_in_the_inventory():
    own = [name for name in names(get_resolver().url_patterns) if not name.startswith("admin:")]
    # This route replaces one of the admin's, and always responds with 404.
    own.remove("no_shortcut")
    assert sorted(own) == sorted(INVENTORY)


def test_no_route_is_defined_twice():
    own = [route for route in routes(get_resolver().url_patterns) if not route.startswith("admin/")]
    assert len(own) == len(set(own))


@pytest.mark.parametrize("name", INVENTORY)
def test_a_route_refuses_the_methods_it_does_not_declare(client_of, post, name):
    client = client_of("author")
    for method in METHODS - INVENTORY[name][1]:
        response = client.generic(method, address(name, post))
        # Pages that redirect logged-in users do so for every method.
        assert response.status_code in (405, 302), f"{method} {name}"
        assert response.status_code == 405 or name in ("accounts:register", "accounts:login")


@pytest.mark.parametrize("name", ["accounts:register", "accounts:login"])
@pytest.mark.parametrize("method", sorted(METHODS - FORM))
def test_pages_for_strangers_refuse_other_methods_of_strangers(client, post, name, method):
    assert client.generic(method, address(name, post)).status_code == 405


@pytest.mark.parametrize("name", INVENTORY)
def test_an_anonymous_visitor_can_open_only_public_routes(client, post, name):
    _, methods, guard = INVENTORY[name]
    response = client.generic("GET" if "GET" in methods else "POST", address(name, post))
    if "script" in guard:
        assert response.status_code == 401
        assert response.json()["login_url"].startswith("/auth/login/")
        return
    is_sent_away = response.status_code == 302 and response["Location"].startswith("/auth/login/")
    response.close()
    assert is_sent_away == (guard != "public")
    assert response.status_code < 400


@pytest.mark.parametrize("name", [name for name in INVENTORY if "own" in INVENTORY[name][2]])
@pytest.mark.parametrize("visitor", ["reader", "moderator"])
def test_another_persons_post_is_403(client_of, post, name, visitor):
    client, (_, methods, _) = client_of(visitor), INVENTORY[name]
    ask = client.post if "POST" in methods else client.get
    assert ask(address(name, post)).status_code == 403


@pytest.mark.parametrize(
    "name", [name for name in INVENTORY if INVENTORY[name][2] in ("moderating", "editing")]
)
def test_visitors_other_than_author_and_moderators_get_403(client_of, post, name):
    method = "POST" if "POST" in INVENTORY[name][1] else "GET"
    assert client_of("reader").generic(method, address(name, post)).status_code == 403


@pytest.mark.parametrize("path", HEALTH)
def test_health_checks_accept_only_reading_methods(client, db, path):
    for method in METHODS:
        assert (client.generic(method, path).status_code == 405) == (method not in HEALTH[path])


@pytest.mark.parametrize(
    ("visitor", "status"), [("anonymous", 302), ("reader", 302), ("moderator", 200)]
)
@pytest.mark.parametrize(
    "page",
    [
        "index",
        "posts_post_changelist",
        "accounts_user_changelist",
        "posts_comment_changelist",
        "posts_commentreport_changelist",
        "posts_moderationentry_changelist",
    ],
)
def test_the_admin_is_for_staff(client_of, post, page, visitor, status):
    assert client_of(visitor).get(reverse(f"admin:{page}")).status_code == status
