"""Translatable interface: all text that people see passes through gettext.

A pseudo-locale puts each translated text between ⟦ and ⟧. All text from users is in Cyrillic, so
Latin letters outside the marks are text of ours that can't be translated.
"""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import trans_real
from django.utils.translation.trans_real import CONTEXT_SEPARATOR

from accounts import first_run, inviting
from accounts.models import Invitation, User
from posts.models import CommentReport, ModerationEntry, Post, PreviewLink, Tag

ROOT = Path(__file__).parent.parent
SOURCES = [
    path
    for app in ("accounts", "blogsite", "caching", "content", "identity", "jobs", "posts")
    for path in (ROOT / app).rglob("*.py")
    if not {"tests", "migrations", "commands"} & set(path.parts)
]
NAMED = {"label", "help_text", "verbose_name", "verbose_name_plural", "description", "empty_label"}
TEMPLATES = sorted(p for p in (ROOT / "templates").rglob("*.*") if p.name != "robots.txt")
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
SHOWN = {"title", "placeholder", "aria-label", "alt", "content", "summary"}
# Latin text that needs no translation: code, text from the browser, and names that are the same in
# every language.
LANGUAGE = "en-au"
UNSEEN = {"script", "style", "code", "kbd", "pre", "textarea"}
NAMES = re.compile(
    r"\b(RSS|Atom|JSON Feed|Markdown|[A-Z]\w+/[\w/+-]+|UTC|GMT|article|summary|True|False)\b"
    r"|\S+@\S+"
)
SENTENCE = re.compile(r"[A-Z]\w* ")
LATIN = re.compile(r"[A-Za-z]{2,}")


class Pseudo(trans_real.DjangoTranslation):
    """Pseudo-translation that puts each English text between marks."""

    def gettext(self, message: str) -> str:
        return f"⟦{message.rpartition(CONTEXT_SEPARATOR)[2]}⟧"

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)


class Unmarked(HTMLParser):
    """Parser for the texts of a page, visible or read aloud, that are outside the marks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.depth = 0
        self.inside: list[str] = []
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        if tag in UNSEEN or given.get("id") in ("id_time_zone", "id_language"):
            self.inside.append(tag if tag in UNSEEN else "select")
        for name, value in attrs:
            if is_shown(tag, name, value or "", given):
                self.found += [f"{tag} {name}: {text}" for text in outside(value or "", 0)[0]]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        texts, self.depth = outside(data, self.depth)
        if not self.inside:
            self.found += texts


def is_shown(tag: str, name: str, value: str, given: dict) -> bool:
    """Return whether people see or hear an attribute. Scripts show texts of data attributes."""
    if tag == "meta":
        return name == "content" and given.get("name") == "description"
    if tag == "input" and name == "value":
        return given.get("type") in ("submit", "button", "reset")
    return name in SHOWN or (name.startswith("data-") and bool(SENTENCE.match(value)))


def outside(text: str, depth: int) -> tuple[list[str], int]:
    """Return the Latin parts of `text` outside the marks, and the number of open marks."""
    parts, found = re.split("([⟦⟧])", text), []
    for part in parts:
        depth += {"⟦": 1, "⟧": -1}.get(part, 0)
        if depth == 0 and LATIN.search(NAMES.sub("", part)):
            found.append(" ".join(part.split()))
    return found, depth


@pytest.fixture
def pseudo(monkeypatch, set_site):
    """Put marks around each translated text, and give the site a Cyrillic name.

    The language has its own code, so pages never show cached fragments of other tests.
    """
    set_site(name="Блог", language=LANGUAGE)
    monkeypatch.setitem(trans_real._translations, LANGUAGE, Pseudo(LANGUAGE))
    translation.activate(LANGUAGE)
    yield
    translation.deactivate()


@pytest.fixture
def blog(make_user, make_post, make_comment, pseudo) -> dict[str, object]:
    """Create a blog in which all names and texts from people are in Cyrillic."""
    anna = make_user("анна", email="x@example.org", is_staff=True, is_superuser=True)
    boris = make_user("борис")
    # These users come from other fixtures.
    User.objects.filter(username="author").update(username="вера")
    User.objects.filter(username="reader").update(username="глеб")
    now = timezone.now()
    days = timezone.timedelta(days=1)
    fields = {"author": anna, "body": "слово", "tags": "чай"}
    post = make_post(**fields, title="Статья", updated_at=now + days)
    draft = make_post(**fields, title="Черновик", status="draft", publish_at=None)
    later = make_post(**fields, title="Позже", publish_at=now + days)
    hidden = make_post(**fields, title="Скрыто", status="hidden")
    state = {"status": "trash", "trashed_from": "draft", "trashed_at": now}
    trash = make_post(**fields, title="Корзина", **state)
    # Each comment has its own text, because a repeated text would count as the same comment.
    for number, status in enumerate(("approved", "waiting", "hidden", "deleted")):
        make_comment(f"слово {number}", post=post, author=boris, status=status)
    Post.objects.filter(title="Test title").update(title="Проба", body="слово", excerpt="слово")
    PreviewLink.objects.create(post=draft, expires_at=now + days)
    for number in range(12):
        make_post(author=boris, title=f"Пост {number}", body="слово")
    posts = {"post": post, "draft": draft, "later": later, "hidden": hidden, "trash": trash}
    comment = post.comments.first()
    report = CommentReport.objects.create(comment=comment, reporter=anna, reason="слово")
    entry = ModerationEntry(actor=anna, action="hide", target="слово", created_at=now)
    entry.save()
    posts |= {"report": report, "entry": entry}
    posts |= {"comment": comment, "tag": Tag.objects.first()}
    make_user("даша", is_active=False, waiting_since=now)
    for _ in range(2):
        invitation = Invitation(role="author", note="слово", use_limit=2, expires_at=now + days)
        posts["invitation"] = inviting.invite(invitation, anna, now=now)
    return {"анна": anna, "борис": boris, **posts}


READING = ("/", "/?page=2", "/?q=", "/?q=чай", "/?q=чай+-tag:x+author:анна", "/?q=жжж", "/tags/")
READING += ("/tags/чай/", "/authors/анна/", "/authors/борис/?page=2", "/нет/", "/{post}/")
ACCOUNT = ("/auth/login/", "/auth/register/", "/auth/logout/", "/auth/password/reset/")
ACCOUNT += ("/auth/password/reset/sent/", "/auth/password/reset/x/y-z/")
ACCOUNT += ("/auth/invite/{invitation}/", "/auth/invite/x/")
WRITING = ("/create/", "/mine/", "/mine/?find=жжж", "/auth/account/", "/auth/password/change/")
WRITING += ("/auth/invitations/", "/auth/invite/{invitation}/", "/auth/waiting/", "/auth/username/")
WRITING += tuple(
    f"/mine/?state={s}" for s in ("draft", "scheduled", "published", "hidden", "trash")
)
WRITING += tuple(f"/{{{name}}}/update/" for name in ("post", "draft", "later", "hidden"))
WRITING += ("/{post}/history/", "/{draft}/history/", "/{later}/", "/{draft}/", "/{hidden}/")
WRITING += ("/settings/",)
ADMIN = ("", "accounts/user/", "accounts/user/add/", "posts/post/", "posts/post/add/")
ADMIN += ("identity/redirect/", "identity/redirect/add/")
ADMIN += ("posts/comment/", "posts/commentreport/", "posts/moderationentry/", "posts/tag/")
ADMIN += tuple(f"posts/post/{{post}}/{name}/" for name in ("change", "delete", "history"))
ADMIN += ("posts/comment/{comment}/change/", "posts/tag/{tag}/change/", "password_change/")
ADMIN += ("posts/commentreport/{report}/change/", "posts/moderationentry/{entry}/change/")
PAGES = {
    None: (*READING, *ACCOUNT),
    "борис": ("/{post}/", "/auth/invite/{invitation}/", "/authors/борис/", "/auth/logout/"),
    "анна": (*READING, *WRITING, *(f"/admin/{path}" for path in ADMIN)),
}
REFUSED_LOGGED_OUT = {
    "/auth/register/": {"username": "x y", "email": "x", "password1": "1", "password2": "2"},
    "/auth/login/": {"username": "x", "password": "x"},
    "/auth/password/reset/": {"email": "x"},
}
REFUSED = {
    "/auth/invitations/": {"role": "owner", "use_limit": "2", "days": "x"},
    "/auth/email/change/": {"email": "x"},
    "/auth/account/": {"website": "x", "time_zone": "x"},
    "/auth/password/change/": {},
    "/auth/username/": {"username": "модератор", "password": "x"},
    "/settings/": {"name": "", "language": "x"},
    "/create/": {"title": "", "tags": "x" * 60, "publish_at": "x", "action": "schedule"},
    "/{post}/comments/": {"body": ""},
    "/{post}/update/": {"title": "", "action": "update", "version": "0"},
    "/preview/": {"title": "x" * 300, "body": "слово"},
    "/admin/posts/post/add/": {},
    "/admin/accounts/user/add/": {"username": "x y"},
    "/admin/identity/redirect/add/": {"old_path": "/?слово", "target": "слово"},
}


def address(path: str, blog: dict) -> str:
    return path.format(**{name: getattr(it, "pk", it) for name, it in blog.items()})


def check(name: str, page: str) -> list[str]:
    return [f"{name}: {text}" for text in Unmarked(page).found]


@pytest.mark.parametrize("visitor", PAGES)
def test_no_page_has_text_that_did_not_pass_gettext(client, blog, visitor):
    if visitor:
        client.force_login(User.objects.get(username=visitor))
    found = []
    for path in PAGES[visitor]:
        response = client.get(address(path, blog), follow=True)
        assert response.status_code in (200, 404), path
        found += check(path, response.text)
    assert "\n".join(sorted(set(found))) == ""


@pytest.mark.parametrize(("visitor", "forms"), [(None, REFUSED_LOGGED_OUT), ("анна", REFUSED)])
def test_no_refused_form_has_such_text(client, blog, visitor, forms):
    if visitor:
        client.force_login(blog[visitor])
    found = []
    for path, typed in forms.items():
        response = client.post(address(path, blog), typed)
        assert response.status_code == (422 if path.endswith("comments/") else 200), path
        found += check(path, response.text)
    assert "\n".join(sorted(set(found))) == ""


def test_the_first_page_of_a_blog_has_no_such_text(client, pseudo):
    link = first_run.renew_link()
    found = check("shown", client.get(link).text)
    found += check("refused", client.post(link, {"writers": "x"}).text)
    assert "\n".join(found) == ""
    assert check("home", client.get("/").text) == []


def test_no_act_on_a_comment_has_such_text(client, blog):
    found = []
    verbs = ("edit", "delete", "report", "approve", "hide", "restore")
    shown = set()
    for visitor in ("анна", "борис"):
        client.force_login(blog[visitor])
        for comment in blog["post"].comments.all():
            for verb in verbs:
                path = f"/{blog['post'].pk}/comments/{comment.pk}/{verb}/"
                response = client.get(path)
                shown |= {verb} if response.status_code == 200 else set()
                found += check(path, response.text)
    assert shown == set(verbs)
    assert "\n".join(sorted(set(found))) == ""


BUTTONS = ("draft", "publish", "update", "unpublish", "schedule")


def test_no_message_after_an_act_has_such_text(client, blog):
    client.force_login(blog["анна"])
    post = address("/{post}/", blog)
    typed = {"title": "Слово", "body": "слово ![](/x.png)", "publish_at": "2099-01-01T10:00"}
    found = []
    for action in BUTTONS:
        found += check(
            action, client.post("/create/", typed | {"action": action}, follow=True).text
        )
    for path in ("delete/", "restore/", "comments/close/", "comments/open/", "like/"):
        found += check(path, client.post(f"{post}{path}", {"action": "like"}, follow=True).text)
    draft = address("/{draft}/preview-link/", blog)
    for action in ("create", "revoke"):
        found += check(draft, client.post(draft, {"action": action}, follow=True).text)
    assert "\n".join(sorted(set(found))) == ""


def test_no_error_page_has_such_text(blog, rf):
    request = rf.get("/")
    request.user = blog["борис"]
    found = []
    for path in sorted((ROOT / "templates").glob("[0-9]*.html")):
        for flags in (
            {},
            {"is_full": True, "is_form": True},
            {"until_restart": True, "cause": "x"},
        ):
            context = flags | {"request_id": "1", "typed": {"слово": "слово"}, "too_large": flags}
            found += check(path.name, render_to_string(path.name, context, request))
    assert "\n".join(sorted(set(found))) == ""


def test_the_email_has_no_such_text(client, blog, run_jobs, mailoutbox):
    client.post("/auth/password/reset/", {"email": "x@example.org"})
    run_jobs()
    (mail,) = mailoutbox
    texts = [mail.subject, re.sub(r"https?://\S+", "", mail.body)]
    assert [text for text in texts if outside(text, 0)[0]] == []


# Parts of a template to leave out: tags, variables, translated texts, comments and scripts.
NOT_SHOWN = re.compile(
    r"{#.*?#}|{% blocktranslate.*?{% endblocktranslate %}|{%.*?%}|{{.*?}}|<!--.*?-->"
    r"|<(script|style|code)\b.*?</\1>",
    re.S,
)
ATTRIBUTES = re.compile(r'\b(?:title|placeholder|aria-label|alt)="([^"]*)"')


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_no_text_that_it_does_not_translate(path):
    source = NOT_SHOWN.sub(" ", path.read_text())
    shown = [*ATTRIBUTES.findall(source), *re.split(r"<[^>]*>", source)]
    assert [text for text in shown if LATIN.search(NAMES.sub("", text))] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_contain_no_visible_text(path):
    source = re.sub(r"/\*.*?\*/|^\s*//.*$", "", path.read_text(), flags=re.S | re.M)
    assert re.findall(r"""["'`][A-Z][a-z]+ [^"'`\n]*["'`]""", source) == []


def plain(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)


def unmarked_in(tree: ast.Module) -> list[int]:
    """Return the lines that pass an untranslated string to a field, an error or a message."""
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = getattr(call.func, "attr", getattr(call.func, "id", ""))
        is_message = ast.unparse(call.func).startswith("messages.")
        texts = [keyword.value for keyword in call.keywords if keyword.arg in NAMED]
        texts += call.args[:1] if called == "ValidationError" else []
        texts += call.args[1:2] if is_message else []
        found += [text.lineno for text in texts if plain(text)]
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_labels_errors_and_messages_in_python_pass_gettext(path):
    assert unmarked_in(ast.parse(path.read_text())) == []


def test_the_check_finds_each_kind_of_text():
    page = '<p title="Plain">⟦Marked⟧ Bare <b>⟦a <i>b⟧</i></b></p><input type="submit" value="Go">'
    assert Unmarked(page).found == ["p title: Plain", "Bare", "input value: Go"]
