"""Limits over HTTP: how often one account and one address may do something."""

import io

import pytest
from django.core import mail
from django.test import Client
from PIL import Image

from accounts.limits import client_address
from accounts.tests.test_password import NEW as NEW_PASSWORD
from accounts.tests.test_password import new_password, open_link
from conftest import PASSWORD
from content.bulkhead import expensive
from content.tests.slots import all_slots_taken, slots_taken_until_someone_waits

LOGIN = "/auth/login/"
NEW = {"password1": PASSWORD, "password2": PASSWORD}
STRANGER = "203.0.113.5"


@pytest.fixture(autouse=True)
def two_an_hour(settings):
    settings.LIMITS = dict.fromkeys(settings.LIMITS, (2, 3_600))


def image() -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "png")
    file.seek(0)
    file.name = "image.png"
    return file


def text_of(number: int) -> dict[str, str]:
    return {"title": f"Title {number}", "body": f"My text {number}"}


ACTS = {
    "comment": lambda post, n: (f"/{post.pk}/comments/", {"body": f"My text {n}"}),
    "like": lambda post, n: (f"/{post.pk}/like/", {"action": ["like", "unlike"][n % 2]}),
    "upload": lambda post, n: ("/images/", {"image": image()}),
    "preview": lambda post, n: ("/preview/", text_of(n)),
    "difference": lambda post, n: ("/difference/", {"old_body": "a", "new_body": f"{n}"}),
    "autosave": lambda post, n: (f"/{post.pk}/autosave/", text_of(n)),
    "post": lambda post, n: ("/create/", text_of(n)),
    "update": lambda post, n: (f"/{post.pk}/update/", text_of(n) | {"version": post.version + n}),
    "search": lambda post, n: (f"/?q=word{n}", None),
}


def ask(client, address: str, form: dict | None, **more):
    return client.get(address, **more) if form is None else client.post(address, form, **more)


@pytest.mark.parametrize("act", ACTS)
def test_after_the_limit_an_act_is_refused(client_of, make_post, act):
    client = client_of("author")
    post = make_post()
    responses = [ask(client, *ACTS[act](post, number)) for number in range(3)]
    assert [response.status_code == 429 for response in responses] == [False, False, True]
    last = responses[-1]
    assert 1_700 < int(last["Retry-After"]) <= 1_800
    assert "30 minutes" in last.text


def test_a_report_is_refused_after_the_limit(client_of, make_comment, author):
    client = client_of("moderator")
    comments = [make_comment(f"Comment {number}", author=author) for number in range(3)]
    sent = [
        client.post(f"/{comment.post_id}/comments/{comment.pk}/report/", {"reason": "My reason"})
        for comment in comments
    ]
    assert [response.status_code for response in sent] == [302, 302, 429]
    assert "My reason" in sent[-1].text


def test_a_short_wait_is_given_in_seconds(client_of, post, settings):
    settings.LIMITS = dict.fromkeys(settings.LIMITS, (2, 60))
    client = client_of("author")
    for number in range(3):
        refused = client.post(*ACTS["comment"](post, number))
    assert "in 30 seconds." in refused.text and refused["Retry-After"] == "30"


@pytest.mark.parametrize("act", ["comment", "post", "update"])
def test_the_page_of_a_refusal_contains_the_typed_text(client_of, post, act):
    client = client_of("author")
    for number in range(3):
        refused = client.post(*ACTS[act](post, number))
    assert "My text 2" in refused.text and "Reload this page later" in refused.text


def test_each_account_has_its_own_limit(client, author, reader, post):
    for person, statuses in ((author, [302, 302, 429]), (reader, [302, 302, 429])):
        client.force_login(person)
        sent = [client.post(*ACTS["comment"](post, number)) for number in range(3)]
        assert [response.status_code for response in sent] == statuses


def test_accounts_of_one_address_share_its_limit(author, reader, make_user, post):
    statuses = []
    for person in (author, reader, make_user("third")):
        client = Client(REMOTE_ADDR=STRANGER)
        client.force_login(person)
        statuses.append(client.post(*ACTS["comment"](post, 1)).status_code)
    assert statuses == [302, 302, 429]


def test_searches_of_anonymous_visitors_are_limited_by_address(client, db):
    searches = [client.get(f"/?q=word{n}", REMOTE_ADDR=STRANGER) for n in range(3)]
    assert [response.status_code for response in searches] == [200, 200, 429]
    assert client.get("/?q=word", REMOTE_ADDR="203.0.113.6").status_code == 200
    assert client.get("/", REMOTE_ADDR=STRANGER).status_code == 200


def test_limits_can_be_turned_off(client_of, post, settings):
    settings.LIMITS = {}
    client = client_of("author")
    assert {client.post(*ACTS["comment"](post, n)).status_code for n in range(9)} == {302}
    assert {log_in(Client(), "reader") for _ in range(9)} == {200}
    assert log_in(Client(), "reader", PASSWORD) == 302


@pytest.mark.parametrize(
    ("peer", "forwarded", "behind_proxy", "counted"),
    [
        ("203.0.113.5", None, False, "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", False, "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", None, False, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", None, False, "203.0.113.5"),
        ("127.0.0.1", None, False, ""),
        ("::1", None, False, ""),
        ("", None, False, ""),
        ("10.0.0.7", None, False, ""),
        ("172.17.0.1", "198.51.100.1", False, ""),
        ("fd00::1", None, False, ""),
        ("10.0.0.7", "10.0.0.7", True, "10.0.0.7"),
        ("127.0.0.1", "127.0.0.1", True, ""),
        ("172.17.0.1", None, True, ""),
        ("172.17.0.1", "", True, "unreadable"),
        ("172.17.0.1", "unknown", True, "unreadable"),
        ("127.0.0.1", "unix:", True, "unreadable"),
        ("203.0.113.5", "fe80::1%eth0", True, "unreadable"),
        ("", "_hidden", True, "unreadable"),
    ],
)
def test_only_real_addresses_of_visitors_are_counted(
    rf, settings, peer, forwarded, behind_proxy, counted
):
    settings.BEHIND_PROXY = behind_proxy
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(rf.get("/", REMOTE_ADDR=peer, **headers)) == counted


def test_visitors_with_an_unreadable_forwarded_address_share_one_limit(db, settings):
    settings.BEHIND_PROXY = True
    settings.MIDDLEWARE = ["blogsite.requests.trust_proxy_headers", *settings.MIDDLEWARE]
    headers = [f"203.0.113.5, garbage {n}" for n in range(3)]
    sent = [register(Client(), f"person{n}", HTTP_X_FORWARDED_FOR=h) for n, h in enumerate(headers)]
    assert [response.status_code for response in sent] == [302, 302, 429]
    readable = register(Client(), "person3", HTTP_X_FORWARDED_FOR=f"garbage, {STRANGER}")
    assert readable.status_code == 302


# Accounts -----------------------------------------------------------------------------------------


def register(client, username: str, **more):
    return client.post("/auth/register/", {"username": username} | NEW, **more)


def test_registrations_are_limited_by_address(client, db):
    sent = [register(client, f"person{n}", REMOTE_ADDR=STRANGER) for n in range(3)]
    assert [response.status_code for response in sent] == [302, 302, 429]
    assert "person2" in sent[-1].text and PASSWORD not in sent[-1].text


def test_a_rejected_registration_does_not_count(client, db):
    for _ in range(3):
        assert register(client, "no spaces", REMOTE_ADDR=STRANGER).status_code == 200
    assert register(client, "person", REMOTE_ADDR=STRANGER).status_code == 302


def test_a_registration_that_the_busy_site_refuses_does_not_count(client, db, settings):
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2"]
    with all_slots_taken():
        refused = [register(client, "person", REMOTE_ADDR=STRANGER) for _ in range(3)]
    assert {response.status_code for response in refused} == {503}
    assert register(client, "person", REMOTE_ADDR=STRANGER).status_code == 302


def test_a_hundred_people_can_register_from_this_machine(client, db):
    assert {register(client, f"person{n}").status_code for n in range(100)} == {302}


@pytest.mark.parametrize("known", [True, False])
def test_resets_are_limited_by_email_address_whether_it_is_known_or_not(
    client, make_user, run_jobs, known
):
    make_user("reader", email="me@example.org" if known else "")
    addresses = ["me@example.org", "ME@example.org", "me@example.org"]
    sent = [client.post("/auth/password/reset/", {"email": email}) for email in addresses]
    assert [response.status_code for response in sent] == [302, 302, 429]
    run_jobs()
    assert len(mail.outbox) == 2 * known


# Guessing passwords -------------------------------------------------------------------------------


def log_in(client, username: str = "reader", password: str = "wrong", **more):
    return client.post(LOGIN, {"username": username, "password": password}, **more).status_code


@pytest.mark.parametrize("username", ["reader", "nobody-here"])
def test_wrong_passwords_are_limited_by_username_from_all_addresses(client, reader, username):
    addresses = ["203.0.113.1", "203.0.113.2", "203.0.113.3"]
    statuses = [log_in(client, username, REMOTE_ADDR=address) for address in addresses]
    assert statuses == [200, 200, 429]
    assert log_in(client, username.upper(), PASSWORD) == 429
    assert log_in(client, "another") == 200


def test_wrong_passwords_are_limited_by_address_for_all_usernames(client, reader):
    names = ["one", "other", "reader"]
    assert [log_in(client, name, REMOTE_ADDR=STRANGER) for name in names] == [200, 200, 429]


def test_correct_passwords_do_not_count(reader):
    statuses = {log_in(Client(), "reader", PASSWORD, REMOTE_ADDR=STRANGER) for _ in range(9)}
    assert statuses == {302}


def test_the_login_page_of_the_admin_has_the_same_limit(client, moderator):
    form = {"username": "moderator", "password": "wrong"}
    statuses = [client.post("/admin/login/", form).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def lock_out(username: str) -> None:
    assert [log_in(Client(), username) for _ in range(3)][-1] == 429


@pytest.mark.parametrize("page", [LOGIN, "/admin/login/?next=/admin/"])
def test_a_browser_that_a_person_has_used_can_log_in_while_others_guess(client, moderator, page):
    form = {"username": "moderator", "password": PASSWORD}
    assert client.post(page, form).status_code == 302
    client.post("/auth/logout/")
    lock_out("moderator")
    assert log_in(Client(), "moderator", PASSWORD) == 429
    assert client.post(page, form).status_code == 302


@pytest.mark.parametrize(("is_known", "status"), [(True, 302), (False, 503)])
def test_a_known_browser_waits_while_others_compute_hashes(client, reader, is_known, status):
    if is_known:
        log_in(client, "reader", PASSWORD)
        client.post("/auth/logout/")
    taken = slots_taken_until_someone_waits if is_known else all_slots_taken
    with taken(expensive):
        assert log_in(client, "reader", PASSWORD) == status


def test_a_known_browser_has_its_own_limit(client, reader):
    log_in(client, "reader", PASSWORD)
    client.post("/auth/logout/")
    assert [log_in(client) for _ in range(3)] == [200, 200, 429]
    assert log_in(Client(), "reader", PASSWORD) == 302


def test_a_browser_is_known_only_for_its_own_account(client, reader, author):
    log_in(client, "reader", PASSWORD)
    client.post("/auth/logout/")
    lock_out("author")
    assert log_in(client, "author", PASSWORD) == 429


def test_a_new_password_makes_the_browser_known(client, make_user, run_jobs, reader):
    make_user("victim", email="victim@example.org")
    lock_out("victim")
    client.post("/auth/password/reset/", {"email": "victim@example.org"})
    run_jobs()
    link = next(w for w in mail.outbox[0].body.split() if "/auth/password/reset/" in w)
    client.post(open_link(client, link), new_password())
    assert log_in(client, "victim", NEW_PASSWORD) == 302
