"""The owner's settings page."""

import re
from unicodedata import is_normalized

import pytest
from django.test import Client

from accounts.roles import Role
from accounts.tests.test_tabs import Tab
from conftest import PASSWORD
from identity import current
from identity.models import Site

SETTINGS = "/settings/"
CHANGED = {
    "name": "  Slow \t Trains ",
    "language": "de",
    "time_zone": "Europe/Berlin",
    "registration": "closed",
    "new_role": "reader",
    "approves_accounts": "on",
    "comment_approval": "first",
}
LINK = f'href="{SETTINGS}"'


@pytest.fixture
def owner(make_user):
    return make_user("owner", role=Role.OWNER)


@pytest.fixture
def page(client, owner):
    client.force_login(owner)
    return client


def values(**changes) -> dict[str, str]:
    """Return a form with the defaults of a new blog and these changes."""
    site = Site()
    fields = {name: getattr(site, name) for name in CHANGED} | {
        "comments_enabled": "on",
        "typography": "on",
    }
    del fields["approves_accounts"]
    return fields | changes


@pytest.mark.parametrize("role", [None, *Role.values])
def test_only_owners_get_in_and_see_the_link(client, make_user, role):
    if role:
        client.force_login(make_user("somebody", role=role))
    expected = {None: 302, Role.OWNER: 200}.get(role, 403)
    assert client.get(SETTINGS).status_code == expected
    assert (LINK in client.get("/").text) == (role == Role.OWNER)
    client.post(SETTINGS, values(name="Mine"))
    assert Site.objects.filter(name="Mine").exists() == (role == Role.OWNER)


def test_all_settings_are_saved_and_shown(page, set_site):
    response = page.post(SETTINGS, CHANGED, follow=True)
    assert "The settings are saved." in response.text
    site = Site.objects.get()
    expected = CHANGED | {"name": "Slow Trains", "approves_accounts": True}
    assert {name: getattr(site, name) for name in CHANGED} == expected
    assert not site.comments_enabled
    shown = page.get(SETTINGS).text
    assert 'value="Slow Trains"' in shown
    assert '<option value="de" selected>German (Deutsch)</option>' in shown
    assert re.search('value="reader"[^>]* checked', shown)
    # A letter and its accents are one character.
    assert "Tiếng Việt" in shown and is_normalized("NFC", shown)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"name": ""}, "Name is required."),
        ({"name": "\u2800\u200b"}, "Name is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "\0"}, "Null characters"),
        ({"language": "klingon"}, "Select a valid choice"),
        ({"time_zone": "Europe/Atlantis"}, "Select a valid choice"),
        ({"registration": "maybe"}, "Select a valid choice"),
        ({"new_role": "owner"}, "Select a valid choice"),
        ({"comment_approval": ""}, "This field is required."),
    ],
)
def test_bad_values_are_refused_beside_their_fields(page, typed, message):
    response = page.post(SETTINGS, values(comment_approval="all") | typed)
    (name,) = typed
    assert response.status_code == 200
    assert message in response.text.partition(f'id="id_{name}_error"')[2][:200]
    assert Site.objects.get().version == 1
    # The values of the other fields are not lost.
    assert name == "comment_approval" or re.search('value="all"[^>]* checked', response.text)


def test_what_the_environment_sets_is_read_only(page, settings):
    current.change(name="In the row")
    settings.SITE_VARIABLES = {
        "name": ("SITE_NAME", "In the environment"),
        "comments_enabled": ("COMMENTS_ENABLED", False),
        "comment_approval": ("COMMENT_APPROVAL", "all"),
        "language": ("LANGUAGE_CODE", None),
    }
    shown = page.get(SETTINGS).text
    assert re.search(r'name="name" value="In the environment"[^>]* disabled', shown)
    for variable in ("SITE_NAME", "COMMENTS_ENABLED", "COMMENT_APPROVAL"):
        assert f"Set by the environment variable {variable}." in shown
    assert "LANGUAGE_CODE" not in shown
    page.post(SETTINGS, values(name="By hand", time_zone="Asia/Tokyo", version="2"))
    site = Site.objects.get()
    # Without the variable, the older value applies again.
    assert (site.name, site.time_zone, site.comments_enabled) == ("In the row", "Asia/Tokyo", True)


def test_a_second_tab_overwrites_nothing_unseen(page):
    older = re.search('name="version" value="([0-9]+)"', page.get(SETTINGS).text)[1]
    current.change(name="From another tab", time_zone="Asia/Tokyo")
    response = page.post(SETTINGS, values(name="Mine", version=older))
    assert response.status_code == 409
    assert "They differ in: Name, Time zone." in response.text
    assert 'value="Mine"' in response.text
    assert Site.objects.get().name == "From another tab"
    newer = re.search('name="version" value="([0-9]+)"', response.text)[1]
    assert page.post(SETTINGS, values(name="Mine", version=newer)).status_code == 302
    assert Site.objects.get().name == "Mine"


def test_a_form_whose_session_ended_is_restored(db, owner):
    tab = Tab(Client(enforce_csrf_checks=True)).open("/auth/login/")
    tab.press(username="owner", password=PASSWORD)
    tab.open(SETTINGS)
    writer = re.search('name="writer" value="([^"]+)"', tab.page)[1]
    tab.browser.session.flush()
    tab.press(**values(name="Half typed", comment_approval="all"), version="1", writer=writer)
    assert tab.path == "/auth/login/"
    tab.press(username="owner", password=PASSWORD)
    assert 'value="Half typed"' in tab.page
    assert re.search('value="all"[^>]* checked', tab.page)
    assert Site.objects.get().version == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_saving_changes_every_page_at_once(page, anonymous):
    assert "Blogsite</a>" in anonymous.get("/tags/").text
    page.post(SETTINGS, values(name="Slow Trains"))
    for path in ("/tags/", "/auth/login/"):
        assert "Slow Trains</a>" in anonymous.get(path).text
    assert "<title>Slow Trains</title>" in anonymous.get("/feed/").text
