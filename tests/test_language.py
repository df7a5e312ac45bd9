"""LANGUAGE_CODE: dates and numbers in the blog's language, in an interface that stays English."""

import re

import pytest
from django.conf.global_settings import LANGUAGES
from django.core.checks import run_checks
from django.utils import formats, timezone
from django.utils.formats import get_format
from django.utils.translation import gettext, override

from identity.language import date_format
from identity.models import Site

CODES = [code for code, _ in LANGUAGES]
NOW = timezone.datetime(2024, 12, 3, 14, 5, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def written_in(set_site):
    """Return a function that sets the blog's language."""
    return lambda code: set_site(language=code)


@pytest.mark.parametrize("code", CODES)
def test_the_interface_is_in_one_language_that_is_complete(code):
    expected = code if code.startswith("en") else "en"
    assert Site(language=code).interface_language == expected


@pytest.mark.parametrize("code", ["de", "pt-br", "zh-hans", "ar"])
def test_a_language_that_is_not_complete_is_named_at_start(settings, code):
    def told() -> list[str]:
        return [m.msg for m in run_checks() if m.id == "blogsite.W010"]

    assert told() == []
    settings.SITE_VARIABLES = {"language": ("LANGUAGE_CODE", code)}
    (message,) = told()
    assert f"LANGUAGE_CODE={code}" in message


@pytest.mark.parametrize("code", [code for code in CODES if not code.startswith("en")])
def test_numbers_and_dates_are_formatted_for_the_language(written_in, code):
    with override(code):
        separator = get_format("DECIMAL_SEPARATOR")
        own = formats.date_format(NOW, "SHORT_DATE_FORMAT")
        inputs = get_format("DATE_INPUT_FORMATS")
        first_day = get_format("FIRST_DAY_OF_WEEK")
    written_in(code)
    assert gettext("January") == "January"
    assert formats.number_format(1.5, 1) == f"1{separator}5"
    if not re.search("[^\\W\\d_]", own):
        assert formats.localize(NOW.date()) == own
    assert get_format("DATE_INPUT_FORMATS") == inputs
    assert get_format("FIRST_DAY_OF_WEEK") == first_day
    assert get_format("H:i") == "H:i"


@pytest.fixture
def rendered(client_of, make_post, make_comment, make_user, written_in):
    """Return a function that returns a blog's pages in a language, as a user with all rights."""

    def pages(code: str) -> dict[str, str]:
        written_in(code)
        post = make_post(title="Ein Titel", tags="Brot", publish_at=NOW, updated_at=NOW)
        make_comment(post=post)
        make_user("owner", is_staff=True, is_superuser=True)
        client = client_of("author")
        client.force_login(type(post.author).objects.get(username="owner"))
        paths = ["/", post.get_absolute_url(), "/auth/account/", f"/{post.pk}/history/", "/mine/"]
        paths += ["/create/", "/auth/password/change/", "/admin/", "/admin/posts/post/"]
        paths += [f"/admin/posts/post/{post.pk}/change/", "/admin/accounts/user/", "/nope/"]
        found = {path: client.get(path).text for path in paths}
        found["refused"] = client.post("/create/", {"title": "", "body": ""}).text
        found["refused in admin"] = client.post(
            f"/admin/posts/post/{post.pk}/change/", {"title": ""}
        ).text
        client.logout()
        found["log in"] = client.post("/auth/login/", {"username": "", "password": "x"}).text
        return found

    return pages


# Words of Django's translations that used to appear in English pages.
GERMAN = "Passwort|Bitte|Ändern|hinzufügen|Abmelden|Startseite|erforderlich|Benutzername"


def test_no_page_is_half_german(rendered):
    pages = rendered("de")
    for name, page in pages.items():
        assert re.findall(GERMAN, page) == [], name
        assert '<html lang="en"' in page, name
    assert "3. Dezember 2024" in pages["/"]
    assert date_format(NOW, "DATETIME_FORMAT") == "3. Dezember 2024 14:05"
    assert "03.12.2024 14:05" in pages["/admin/posts/post/"]
    assert "December" not in pages["/"]
    assert '<article class="card" lang="de">' in pages["/"]


def test_an_english_interface_runs_from_left_to_right(rendered):
    for name, page in rendered("ar").items():
        assert 'dir="rtl"' not in page, name
        assert "rtl.css" not in page, name


@pytest.mark.parametrize("code", ["de", "pt-br", "zh-hans", "ar", "fa"])
def test_every_page_is_made_in_every_kind_of_language(rendered, code):
    assert all("<title>" in page for page in rendered(code).values())


@pytest.mark.parametrize(
    ("path", "mark"), [("/feed/", "<language>de</language>"), ("/feed/json/", '"language": "de"')]
)
def test_feeds_name_the_language_of_the_blog(client, make_post, written_in, path, mark):
    written_in("de")
    make_post()
    assert mark in client.get(path).text


def test_a_blog_in_english_marks_no_language(client, make_post):
    make_post()
    assert client.get("/").text.count(" lang=") == 1
