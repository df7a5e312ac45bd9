"""The first run: from the link that the start prints to the editor."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.contrib import auth
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts import first_run
from accounts.models import User
from accounts.roles import Role
from accounts.tests.test_tabs import Tab
from blogsite.tests.conftest import log  # noqa: F401
from caching import pages
from identity import current
from identity.models import Site
from posts.models import Post
from posts.tests.meanwhile import meanwhile

SECRET = "tulip-candle-42"
ANSWERS = {
    "blog_name": "Slow Trains",
    "username": "admin",
    "email": "me@example.org",
    "password1": SECRET,
    "password2": SECRET,
    "writers": "everyone",
}
QUESTIONS = {name: ANSWERS[name] for name in ("blog_name", "writers")}
WRONG = "/start/wrong/"


@pytest.fixture(autouse=True)
def instance(settings, tmp_path):
    settings.INSTANCE_DIR = tmp_path


@pytest.fixture
def link(db) -> str:
    return first_run.renew_link()


@pytest.fixture
def tab(link) -> Tab:
    """A browser whose CSRF tokens are checked, with the page of the link."""
    return Tab(Client(enforce_csrf_checks=True)).open(link)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_new_link_keeps_the_pages_that_were_rendered_at_the_start():
    before = pages.find_counter().read()
    assert first_run.renew_link()
    assert Site.objects.get().start_digest
    assert pages.find_counter().read() == before


def test_the_link_leads_to_the_first_draft_and_to_a_published_post(tab):
    tab.press(**ANSWERS)
    post = Post.objects.get()
    assert tab.path == f"/{post.pk}/update/"
    assert "This is your blog now." in tab.page and "My first post" in tab.page
    owner = auth.get_user(tab.browser)
    assert (owner.username, owner.email, owner.role) == ("admin", "me@example.org", Role.OWNER)
    assert owner.is_superuser and owner.is_staff
    assert post.is_draft and post.author == owner
    version = re.search('name="version" value="([^"]+)"', tab.page)[1]
    tab.press(title="Hello", body="World.", version=version, action="publish")
    assert "Hello" in Client().get("/").text


@pytest.mark.parametrize(
    ("writers", "registration", "role"),
    [("everyone", "open", "author"), ("invited", "open", "reader"), ("me", "closed", "reader")],
)
def test_the_answers_become_settings(tab, writers, registration, role):
    assert re.search('value="everyone"[^>]* checked', tab.page)
    tab.press(**ANSWERS | {"writers": writers})
    site = Site.objects.get()
    assert (site.name, site.registration, site.new_role) == ("Slow Trains", registration, role)


def test_a_person_who_registered_before_becomes_the_owner(link, author, client, post):
    client.force_login(author)
    page = client.get(link).text
    assert "You are logged in as author." in page and "password" not in page
    response = client.post(link, QUESTIONS)
    # They have written before, so they get an empty editor.
    assert (response.status_code, response["Location"]) == (302, "/create/")
    author.refresh_from_db()
    assert author.is_owner and auth.get_user(client) == author
    assert not User.objects.filter(username="admin").exists()


def test_a_person_who_is_logged_out_can_log_in_first(tab, author):
    assert f'href="/auth/login/?next={tab.path.replace("/", "%2F")}"' in tab.page


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"blog_name": " \u200b "}, "Name is required."),
        ({"blog_name": "x" * 101}, "at most 100 characters"),
        ({"username": "a b"}, "username"),
        ({"username": "AUTHOR"}, "This username is already registered."),
        ({"password1": "1", "password2": "1"}, "too short"),
        ({"password2": "other"}, "match"),
        ({"email": "x"}, "valid email"),
        ({"writers": "nobody"}, "Select a valid choice"),
    ],
)
def test_bad_answers_lose_nothing_and_leave_the_link_as_it_is(tab, author, typed, message):
    response = tab.press(**ANSWERS | typed)
    assert response.status_code == 200 and message in tab.page
    if "email" not in typed:
        assert 'value="me@example.org"' in tab.page
    assert User.objects.count() == 1
    tab.press(**ANSWERS)
    assert User.objects.get(role=Role.OWNER).username == "admin"


class RivalWhoRegistersMeanwhile:
    """A password validator. Django runs it after it has checked that the username is free."""

    def validate(self, password, user=None):
        User.objects.create_user("ADMIN")

    def get_help_text(self):
        return ""


def test_if_the_username_is_taken_meanwhile_the_link_still_works(link, client, settings):
    rival = f"{__name__}.{RivalWhoRegistersMeanwhile.__name__}"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": rival}]
    assert "This username is already registered." in client.post(link, ANSWERS).text
    settings.AUTH_PASSWORD_VALIDATORS = []
    assert client.post(link, ANSWERS | {"username": "ada"}).status_code == 302


def test_only_a_post_uses_the_link_up(link, client):
    for _ in range(2):
        assert client.head(link).status_code == client.get(link).status_code == 200
    assert client.post(link, ANSWERS).status_code == 302
    for ask in (client.get, Client().get, Client().post):
        assert ask(link).status_code == 404


def test_the_page_keeps_its_address_and_its_contents_to_itself(link, client):
    response = client.get(link)
    assert response["Referrer-Policy"] == "strict-origin"
    assert "no-store" in response["Cache-Control"]
    assert first_run.token_file().stat().st_mode & 0o777 == 0o600


def without_token(response) -> tuple:
    headers = {name: text for name, text in response.headers.items() if name != "X-Request-ID"}
    return response.status_code, headers, response.content


def test_a_stranger_learns_nothing(link, client):
    unknown = without_token(client.get("/no/such/page/"))
    assert unknown[0] == 404
    assert without_token(client.get(WRONG)) == unknown
    assert without_token(client.get(f"{link[:-2]}/")) == unknown
    for strict in (False, True):
        browser = Client(enforce_csrf_checks=strict)
        assert browser.post(WRONG, ANSWERS).status_code == 404
    client.post(link, ANSWERS)
    assert without_token(Client().get(WRONG)) == without_token(Client().get(link)) == unknown


def test_each_start_replaces_the_link(link, client):
    newer = first_run.link_at_start()
    assert newer != link
    assert client.get(link).status_code == 404
    assert client.get(newer).status_code == 200


def test_another_machine_knows_the_link(link, client, settings, tmp_path):
    settings.INSTANCE_DIR = tmp_path / "other"
    assert client.get(link).status_code == 200


def test_it_never_opens_again(link, client):
    client.post(link, ANSWERS)
    Post.objects.all().delete()
    User.objects.all().delete()
    assert first_run.link_at_start() == first_run.find_link() == ""
    assert client.get(link).status_code == 404
    assert not first_run.token_file().exists()


def test_a_link_that_a_start_makes_while_someone_becomes_the_owner_does_not_work(client, make_user):
    owner = partial(make_user, "admin", role=Role.OWNER)
    with meanwhile(owner, before='FROM "identity_site"', skip=1):
        link = first_run.renew_link()
    assert client.get(link).status_code == 404


def test_the_token_is_deleted_with_its_first_use(link, client, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.post(link, ANSWERS)
    assert not first_run.token_file().exists()


def test_a_blog_with_an_owner_from_an_older_version_never_opens(db):
    User.objects.bulk_create([User(username="owner", username_key="owner", role=Role.OWNER)])
    assert first_run.renew_link() == ""
    User.objects.all().delete()
    assert first_run.renew_link() == ""


def test_the_site_starts_even_if_the_link_cannot_be_created(db, settings, tmp_path, caplog):
    settings.INSTANCE_DIR = tmp_path / "missing"
    assert first_run.link_at_start() == ""
    assert "The link for the first owner was not created" in caplog.text


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("people", ["strangers", "members"])
def test_of_people_at_once_exactly_one_wins(link, make_user, people):
    number = 4
    ready = Barrier(number)
    members = [make_user(f"member{n}") for n in range(number)] if people == "members" else []

    def press(n: int) -> int:
        client = Client()
        answers = ANSWERS | {"username": f"owner{n}", "blog_name": f"Blog {n}"}
        if members:
            client.force_login(members[n])
        client.get(link)
        ready.wait()
        try:
            return client.post(link, answers).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as threads:
        statuses = sorted(threads.map(press, range(number)))
    assert statuses == [302, 404, 404, 404]
    (owner,) = User.objects.filter(role=Role.OWNER)
    assert Site.objects.get().name == f"Blog {owner.username[-1]}"
    assert User.objects.count() == (number if members else 1)


def test_what_the_environment_sets_is_not_asked(link, client, settings):
    settings.SITE_VARIABLES = {
        "name": ("SITE_NAME", "Fixed"),
        "registration": ("REGISTRATION_OPEN", "closed"),
    }
    page = client.get(link).text
    assert 'name="blog_name"' not in page and 'name="writers"' not in page
    assert client.post(link, ANSWERS).status_code == 302
    assert Site.objects.get().name == "Blogsite"


def test_a_form_whose_token_is_outdated_is_there_again(tab):
    tab.browser.cookies.clear()
    response = tab.browser.post(tab.path, ANSWERS)
    assert response.status_code == 403
    assert 'value="Slow Trains"' in response.text and SECRET not in response.text


def test_no_log_contains_the_link(link, client, log):  # noqa: F811
    client.post(link, ANSWERS)
    client.get(link)
    assert "Not Found: /start/…/" in log.getvalue()
    assert link.split("/")[2] not in log.getvalue()


# Commands and the empty home page -----------------------------------------------------------------


def test_a_command_shows_the_link_until_there_is_an_owner(link, capsys, settings, client):
    call_command("start_link")
    assert capsys.readouterr().out == f"http://127.0.0.1:8000{link}\n"
    first_run.token_file().unlink()
    settings.SITE_URL = "https://blog.example"
    call_command("start_link")
    shown = capsys.readouterr().out.strip().removeprefix("https://blog.example")
    assert shown != link and client.get(shown).status_code == 200
    client.post(shown, ANSWERS)
    with pytest.raises(CommandError, match="has an owner"):
        call_command("start_link")


def test_createsuperuser_makes_an_owner_and_ends_it(link, client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", SECRET)
    call_command("createsuperuser", interactive=False, username="root", email="", verbosity=0)
    assert User.objects.get().is_owner
    assert client.get(link).status_code == 404


class Terminal:
    def isatty(self) -> bool:
        return True


@pytest.fixture
def answer(monkeypatch):
    """Return a function that answers questions in the terminal, and then presses Ctrl-C."""

    def give(*answers: str) -> list[str]:
        left = [*answers]
        questions = []

        def press(question: str) -> str:
            questions.append(question)
            if not left:
                raise KeyboardInterrupt
            return left.pop(0)

        monkeypatch.setattr("builtins.input", press)
        return questions

    return give


def test_createsuperuser_offers_to_promote_an_account(author, answer, capsys):
    questions = answer("AUTHOR", "y")
    call_command("createsuperuser", stdin=Terminal())
    assert questions == ["Username: ", "author is registered. Make this account an owner? [y/N] "]
    assert "author is an owner now." in capsys.readouterr().out
    author.refresh_from_db()
    assert author.is_owner and author.is_superuser


@pytest.mark.parametrize("username", ["Author", "no one", ""])
def test_createsuperuser_promotes_no_one_without_a_yes(author, answer, username):
    questions = answer(username, "")
    with pytest.raises(SystemExit):
        call_command("createsuperuser", stdin=Terminal())
    assert any("Make this" in question for question in questions) == (username == "Author")
    author.refresh_from_db()
    assert not author.is_owner


@pytest.mark.parametrize("visitor", ["anonymous", "reader"])
def test_an_empty_home_page_says_how_to_begin_until_there_is_an_owner(
    client_of, visitor, django_capture_on_commit_callbacks
):
    client = client_of(visitor)
    assert "Is this your blog?" in client.get("/").text
    with django_capture_on_commit_callbacks(execute=True):
        current.note_owner(timezone.now())
    assert "Is this your blog?" not in client.get("/").text
