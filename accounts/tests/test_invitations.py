"""Invitations: who may create and revoke them, and what their links do, once and only once."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.inviting import digest_of
from accounts.models import Invitation, User
from accounts.roles import Role
from accounts.tests.test_tabs import Tab
from blogsite.redaction import redact
from conftest import PASSWORD

LIST, REGISTER = "/auth/invitations/", "/auth/register/"
SECRET = "tulip-candle-42"
ACCOUNT = {"username": "alice", "password1": SECRET, "password2": SECRET}
GONE = "This invitation no longer works"
ROLES = list(Role)


def fields(**changes) -> dict[str, object]:
    return {"role": "author", "note": "", "days": 7, "use_limit": 1} | changes


def errors(response) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["form"].errors)


@pytest.mark.parametrize(
    ("visitor", "allowed"),
    [
        ("anonymous", ()),
        (Role.READER, ()),
        (Role.CONTRIBUTOR, ()),
        (Role.AUTHOR, ()),
        (Role.EDITOR, (Role.AUTHOR, Role.CONTRIBUTOR, Role.READER)),
        (Role.OWNER, ROLES),
    ],
)
def test_owners_invite_to_every_role_and_editors_to_lower_ones(as_, invite, visitor, allowed):
    client = as_(visitor)
    page = client.get(LIST)
    assert (page.status_code == 200) is bool(allowed)
    for role in ROLES:
        invitation_pk = Invitation.objects.get(digest=digest_of(invite(role)[13:-1])).pk
        revoked = client.post(f"{LIST}{invitation_pk}/revoke/")
        is_revoked = Invitation.objects.get(pk=invitation_pk).revoked_at is not None
        created = client.post(LIST, fields(role=role))
        if allowed:
            assert (created.status_code == 201) is (role in allowed), role
            assert (f'value="{role}"' in page.text) is (role in allowed), role
            assert revoked.status_code == (302 if role in allowed else 403), role
        else:
            status = 302 if visitor == "anonymous" else 403
            assert {page.status_code, created.status_code, revoked.status_code} == {status}
        assert is_revoked is (role in allowed), role
    # An invitation from the owner for each role, and those that the visitor created.
    assert Invitation.objects.count() == len(ROLES) + len(allowed)
    for response in (page, created, revoked) if visitor == "anonymous" else ():
        assert response["Location"] == f"/auth/login/?next={LIST}"


def test_a_new_link_is_shown_once_and_stored_as_a_digest(as_, people):
    tab = Tab(as_(Role.OWNER)).open(LIST)
    response = tab.browser.post(LIST, fields(note="For Åsa", use_limit=3))
    (link,) = re.findall(
        r'<input id="link" readonly value="http://testserver([^"]+)"', response.text
    )
    assert "no-store" in response["Cache-Control"]
    token = link.removeprefix("/auth/invite/").rstrip("/")
    invitation = Invitation.objects.get()
    assert invitation.digest == digest_of(token) and token not in invitation.digest
    assert (invitation.inviter, invitation.note, invitation.use_limit) == (
        people[Role.OWNER],
        "For Åsa",
        3,
    )
    page = tab.open(LIST).page
    assert token not in page and "For Åsa" in page
    assert token not in redact(link)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"role": "king"}, "role", "Select a valid choice."),
        ({"days": 10_000}, "days", "Select a valid choice."),
        ({"days": "x"}, "days", "Select a valid choice."),
        ({"use_limit": 0}, "use_limit", "greater than or equal to 1"),
        ({"use_limit": 101}, "use_limit", "less than or equal to 100"),
        ({"use_limit": 10**30}, "use_limit", "less than or equal to 100"),
        ({"use_limit": ""}, "use_limit", "This field is required."),
        ({"role": "owner", "use_limit": 2}, "use_limit", "Invite owners and editors one by one."),
        ({"role": "editor", "use_limit": 2}, "use_limit", "Invite owners and editors one by one."),
        ({"note": "x" * 201}, "note", "at most 200 characters"),
        ({"note": "a\0b"}, "note", "Null characters are not allowed."),
    ],
)
def test_a_wrong_value_is_reported_beside_its_field(as_, changes, field, message):
    client = as_(Role.OWNER)
    found = errors(client.post(LIST, fields(**{"note": "For Åsa"} | changes)))
    assert list(found) == [field]
    (text,) = found[field]
    assert message in text
    assert not Invitation.objects.exists()


def test_a_note_outlives_its_session(as_, people):
    tab = Tab(Client(enforce_csrf_checks=True))
    tab.browser.force_login(people[Role.OWNER])
    tab.open(LIST)
    hidden = dict(re.findall('<input type="hidden" name="([^"]+)" value="([^"]*)"', tab.page))
    tab.browser.logout()
    response = tab.browser.post(LIST, hidden | fields(note="For Åsa"), follow=True)
    assert "Your text is kept." in response.text
    tab.browser.force_login(people[Role.OWNER])
    assert 'value="For Åsa"' in tab.browser.get(LIST).text
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("role", ROLES)
def test_a_person_registers_with_the_role_and_is_logged_in(invite, people, settings, role):
    link = invite(role)
    tab = Tab(Client(enforce_csrf_checks=True)).open(link)
    assert "the-owner invites you to Blogsite." in tab.page
    response = tab.press(**ACCOUNT)
    user = User.objects.get(username="alice")
    assert (user.role, user.is_active) == (role, True)
    assert user.check_password(SECRET)
    assert response.wsgi_request.user == user
    # Other people's wrong passwords won't lock them out of this browser.
    assert settings.DEVICE_COOKIE_NAME in tab.browser.cookies
    assert response.wsgi_request.path == ("/" if role == Role.READER else "/create/")
    assert "Welcome, alice. You are registered and logged in." in response.text
    invitation = Invitation.objects.get()
    assert (invitation.use_count, list(invitation.people.all())) == (1, [user])
    # The account knows who invited it.
    assert user.accepted_invitations.get().inviter == people[Role.OWNER]
    page = Client()
    page.force_login(people[Role.OWNER])
    assert 'href="/authors/alice/">alice</a>' in page.get(LIST).text


def test_opening_a_link_uses_nothing(invite):
    link = invite()
    for _ in range(3):
        for response in (Client().get(link), Client().head(link)):
            assert response.status_code == 200
            assert "no-store" in response["Cache-Control"]
            assert response["Referrer-Policy"] == "strict-origin"
            assert not response.cookies.get("sessionid")
    assert Invitation.objects.get().use_count == 0


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("visitor", ROLES)
def test_a_logged_in_person_is_promoted_and_never_demoted(as_, invite, people, visitor, role):
    link = invite(role)
    client = as_(visitor)
    is_promotion = ROLES.index(role) < ROLES.index(visitor)
    page = client.get(link).text
    assert ("Accept the invitation" in page) is is_promotion
    assert ("You don&#x27;t need the invitation" in page.replace("'", "&#x27;")) is not is_promotion
    response = client.post(link)
    assert response.status_code == 302
    assert User.objects.get(pk=people[visitor].pk).role == (role if is_promotion else visitor)
    assert Invitation.objects.get().use_count == int(is_promotion)
    # Django's own flags follow the role.
    flags = User.objects.values_list("is_superuser", "is_staff").get(pk=people[visitor].pk)
    highest = min(ROLES.index(role), ROLES.index(visitor))
    assert flags == (highest == 0, highest <= 1)


def test_a_promotion_is_announced(as_, invite):
    response = as_(Role.READER).post(invite(Role.AUTHOR), follow=True)
    assert "Your role is now: Author." in response.text
    assert response.wsgi_request.path == "/create/"


def test_a_registered_person_logs_in_and_gets_back_to_the_invitation(invite, people):
    link = invite(Role.AUTHOR)
    client = Client()
    (login,) = re.findall(r'href="(/auth/login/\?next=[^"]+)"', client.get(link).text)
    assert client.get(login)["Referrer-Policy"] == "strict-origin"
    response = client.post(login, {"username": "the-reader", "password": PASSWORD})
    assert response["Location"] == link


def broken(invite, people) -> dict[str, str]:
    """Return links that don't work, by reason."""
    now = timezone.now()
    links = {
        "unknown": f"/auth/invite/inv-{0:032}/",
        "strange": "/auth/invite/%00ü%F0/",
        "used": invite(use_count=1),
        "expired": invite(expires_at=now),
        "revoked": invite(revoked_at=now),
        "inviter was demoted": invite(Role.EDITOR, by=Role.EDITOR),
        "inviter is no editor": invite(by=Role.AUTHOR),
    }
    closed = invite(Role.READER, by=Role.EDITOR)
    User.objects.filter(role=Role.EDITOR).update(is_active=False)
    deleted = invite(Role.READER, by=Role.CONTRIBUTOR)
    people[Role.CONTRIBUTOR].delete()
    return links | {"inviter was closed": closed, "inviter was deleted": deleted}


def test_links_that_do_not_work_all_get_the_same_page(invite, people, as_):
    pages = set()
    for reason, link in broken(invite, people).items():
        for client in (Client(), as_(Role.READER)):
            opened = client.get(link)
            sent = client.post(link, ACCOUNT)
            for response in (opened, sent):
                assert response.status_code == 404, reason
                assert GONE in response.text, reason
                assert "no-store" in response["Cache-Control"], reason
        assert 'value="alice"' in sent.text or ">\nalice</textarea>" in sent.text
        pages.add(Client().get(link).text)
    assert len(pages) == 1
    assert not User.objects.filter(username="alice").exists()
    assert User.objects.get(username="the-reader").role == Role.READER


def test_a_refused_form_uses_nothing_and_keeps_what_was_typed(invite, people):
    link = invite()
    for changes in ({"username": "the-owner"}, {"password2": "x"}, {"topic": "Casino"}):
        response = Client().post(link, ACCOUNT | {"email": "a@example.org"} | changes)
        assert response.status_code == 200
        assert 'value="a@example.org"' in response.text
    assert Invitation.objects.get().use_count == 0
    assert Client().post(link, ACCOUNT).status_code == 302


def test_a_form_from_another_tab_is_shown_again_and_then_works(invite):
    browser = Client(enforce_csrf_checks=True)
    link = invite()
    tab = Tab(browser).open(link)
    browser.cookies.clear()
    assert tab.send(**ACCOUNT).wsgi_request.user.username == "alice"
    # The last form of a link that is used up meanwhile gets the same page as any other.
    late = Tab(Client(enforce_csrf_checks=True))
    late.path = link
    late.page = '<input type="hidden" name="csrfmiddlewaretoken" value="x">'
    assert GONE in late.press(**ACCOUNT).text


def test_a_name_that_goes_meanwhile_uses_nothing(invite, settings):
    rival = "accounts.tests.test_register.RivalWhoRegistersMeanwhile"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": rival}]
    response = Client().post(invite(), ACCOUNT)
    assert errors(response) == {"username": ["This username is already registered."]}
    assert Invitation.objects.get().use_count == 0


@pytest.mark.parametrize("field", ["people who register", "people with an account"])
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_who_use_the_last_place_at_once_one_wins(invite, make_user, field):
    link = invite(use_count=1, use_limit=2)
    together = Barrier(4)
    readers = [make_user(f"reader{number}", role=Role.READER) for number in range(4)]

    def send(number: int):
        client = Client()
        if field == "people with an account":
            client.force_login(readers[number])
        typed = ACCOUNT | {"username": f"alice{number}", "email": "a@example.org"}
        together.wait(timeout=30)
        try:
            return client.post(link, typed)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(send, range(4)))
    assert sorted(response.status_code for response in responses) == [302, 404, 404, 404]
    for number, response in enumerate(responses):
        assert response.status_code == 302 or (
            GONE in response.text and f"\nalice{number}</textarea>" in response.text
        )
    invitation = Invitation.objects.get()
    assert (invitation.use_count, invitation.people.count()) == (2, 1)
    created = User.objects.filter(username__startswith="alice").count()
    promoted = User.objects.filter(username__startswith="reader", role=Role.AUTHOR).count()
    assert (created, promoted) == ((1, 0) if field == "people who register" else (0, 1))


def test_a_revoked_link_stops_working(as_, invite):
    link = invite()
    owner = as_(Role.OWNER)
    revoke = f"{LIST}{Invitation.objects.get().pk}/revoke/"
    assert f'action="{revoke}"' in owner.get(LIST).text
    page = owner.post(revoke, follow=True).text
    assert "The invitation was revoked. Its link no longer works." in page
    assert "Revoked" in page and f'action="{revoke}"' not in page
    first = Invitation.objects.get().revoked_at
    owner.post(revoke)
    assert Invitation.objects.get().revoked_at == first
    assert owner.post(f"{LIST}999999/revoke/").status_code == 404
    assert Client().post(link, ACCOUNT).status_code == 404


def test_the_list_has_pages(as_, invite, django_assert_num_queries):
    for number in range(23):
        invite(note=f"Note {number:02}", use_limit=2)
    client = as_(Role.OWNER)
    # The session, unsaved texts, the invitations with their inviters, and the people.
    with django_assert_num_queries(4):
        first = client.get(LIST).text
    (older,) = re.findall(r'href="(\?before=[0-9]+)"', first)
    second = client.get(f"{LIST}{older}").text
    shown = [re.findall(">Author: (Note [0-9]+)", page) for page in (first, second)]
    assert shown[0] + shown[1] == [f"Note {number:02}" for number in reversed(range(23))]
    for nonsense in ("x", "-1", "9" * 30, "²"):
        assert client.get(LIST, {"before": nonsense}).status_code == 200


def test_guesses_and_new_invitations_have_a_limit(as_, invite, settings):
    settings.LIMITS = dict.fromkeys(settings.LIMITS, (2, 3_600))
    link = invite()
    stranger = {"REMOTE_ADDR": "203.0.113.5"}
    wrong = f"/auth/invite/inv-{0:032}/"
    # A link that works is not counted.
    paths = [link, wrong, link, wrong, wrong, link]
    answers = [Client().get(path, **stranger).status_code for path in paths]
    assert answers == [200, 404, 200, 404, 429, 429]
    owner = as_(Role.OWNER)
    created = [owner.post(LIST, fields(note="My text")) for _ in range(3)]
    assert [response.status_code for response in created] == [201, 201, 429]


def test_people_who_register_with_a_link_count_as_registrations(invite, settings):
    settings.LIMITS = dict.fromkeys(settings.LIMITS, (2, 3_600))
    link = invite(use_limit=5)
    sent = [
        Client().post(link, ACCOUNT | {"username": f"alice{n}"}, REMOTE_ADDR="203.0.113.5")
        for n in range(3)
    ]
    assert [response.status_code for response in sent] == [302, 302, 429]
    assert "alice2" in sent[-1].text


def test_people_with_an_invitation_do_not_wait_for_approval(invite, set_site):
    set_site(registration="invitation", approves_accounts=True, new_role="reader")
    assert Client().post(invite(Role.AUTHOR), ACCOUNT).status_code == 302
    user = User.objects.get(username="alice")
    assert (user.is_active, user.role) == (True, Role.AUTHOR)


def test_no_link_works_while_registration_is_closed(as_, invite, set_site):
    set_site(registration="closed")
    owner = as_(Role.OWNER)
    assert "no invitation works" in owner.get(LIST).text
    (message,) = errors(owner.post(LIST, fields(note="For Åsa")))["__all__"]
    assert message == "Registration is closed. Before you invite people, change the settings."
    pages = set()
    for link in (invite(), "/auth/invite/x/"):
        assert as_(Role.READER).post(link).status_code == 403
        response = Client().post(link, ACCOUNT)
        assert response.status_code == 403
        assert "Registration is closed" in response.text and "\nalice</textarea>" in response.text
        pages.add(Client().get(link).text)
    assert len(pages) == 1
    assert not User.objects.filter(username="alice").exists()
    assert not Invitation.objects.exclude(use_count=0).exists()
    set_site(registration="invitation")
    assert owner.post(LIST, fields()).status_code == 201
