"""System checks that stop an unsafe site from being served beyond this machine."""

import pytest
from django.core.checks import ERROR, WARNING, run_checks

NO_MAIL = {"EMAIL_BACKEND": "accounts.mail.FileBackend"}
MAIL = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend"}
SITE = {"SITE_URL": "https://blog.example.org"}
LIMITS = {"LIMITS": {"search": (1, 1)}}
LOGIN = {"EMAIL_HOST_USER": "me", "EMAIL_HOST": "mail.example.org"}
LOCAL = {"ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"]}
PUBLIC = {"ALLOWED_HOSTS": ["blog.example.org"]}
HTTPS = {"IS_HTTPS": True}
PROXY = {"BEHIND_PROXY": True}
DEBUG = {"DEBUG": True}
ANY_HOST = {"ALLOWED_HOSTS": ["*"]}


def site_of(changes: dict) -> str:
    """Return a SITE_URL whose host is allowed."""
    names = (LOCAL | changes)["ALLOWED_HOSTS"]
    return f"https://{names[0].replace('*', 'blog.example.org')}"


@pytest.fixture
def found(settings, environ):
    """Return a function that returns the ids and levels of our messages for given settings."""

    def check(changes: dict, bind: str = "") -> dict[str, int]:
        environ(BIND=bind)
        unsafe = {"IS_HTTPS": False, "BEHIND_PROXY": False, "DEBUG": False, "SITE_URL": ""}
        unsafe |= {"LIMITS": {}}
        if changes.get("EMAIL_BACKEND") is None:
            # Mail is set up correctly unless the case is about mail.
            changes = MAIL | {"SITE_URL": site_of(changes)} | changes
        for name, value in (unsafe | LOCAL | changes).items():
            setattr(settings, name, value)
        messages = [message for message in run_checks() if message.id.startswith("blogsite.")]
        assert all(message.hint for message in messages)
        return {message.id: message.level for message in messages}

    return check


@pytest.mark.parametrize(
    ("changes", "bind", "ids"),
    [
        # On this machine only, anything goes.
        (LOCAL, "", set()),
        (LOCAL, "localhost", set()),
        (LOCAL, "[::1]", set()),
        (LOCAL, "unix:/run/blog.sock", set()),
        (DEBUG, "", set()),
        # A name or an address that strangers can reach needs HTTPS.
        (PUBLIC, "", {"blogsite.W001"}),
        (PUBLIC, "unix:/run/blog.sock", {"blogsite.W001"}),
        (LOCAL, "0.0.0.0", {"blogsite.W001"}),
        (LOCAL, "[::]", {"blogsite.W001"}),
        (LOCAL, "192.168.1.1", {"blogsite.W001"}),
        (PUBLIC | HTTPS | PROXY, "0.0.0.0", set()),
        # HTTPS needs a trusted proxy.
        (LOCAL | HTTPS, "", {"blogsite.W002"}),
        (PUBLIC | HTTPS, "", {"blogsite.W002"}),
        (PUBLIC | HTTPS | PROXY, "", set()),
        (PROXY, "", set()),
        # Limits per address need the addresses of visitors.
        (LIMITS, "", set()),
        (LIMITS, "0.0.0.0", {"blogsite.W001", "blogsite.W007"}),
        (LIMITS | PUBLIC, "", {"blogsite.W001", "blogsite.W007"}),
        (LIMITS | PUBLIC | HTTPS | PROXY, "", set()),
        # Allowing any host is always an error.
        (ANY_HOST | HTTPS | PROXY, "", {"blogsite.E001"}),
        ({"ALLOWED_HOSTS": ["blog.example.org", "*"]} | HTTPS | PROXY, "", {"blogsite.E001"}),
        (ANY_HOST, "", {"blogsite.E001", "blogsite.W001"}),
        # DEBUG is allowed only on this machine.
        (DEBUG | PUBLIC | HTTPS | PROXY, "", {"blogsite.E002"}),
        (DEBUG, "0.0.0.0", {"blogsite.E002", "blogsite.W001"}),
        # Visitors must be able to reach the address in links.
        (LOCAL | HTTPS | PROXY | SITE, "", {"blogsite.W003"}),
        (ANY_HOST | HTTPS | PROXY | SITE, "", {"blogsite.E001"}),
        (PUBLIC | HTTPS | PROXY | SITE, "", set()),
        ({"ALLOWED_HOSTS": [".example.org"]} | HTTPS | PROXY | SITE, "", set()),
        (PUBLIC | {"SITE_URL": "http://[::1]:8000"} | HTTPS | PROXY, "", {"blogsite.W003"}),
        (LOCAL | {"SITE_URL": "http://[::1]:8000"}, "", set()),
        (LOCAL | {"SITE_URL": "http://127.0.0.1:8000"}, "", set()),
        # A public site needs a way to send mail, with links to the site.
        (NO_MAIL, "", set()),
        (NO_MAIL, "unix:/run/blog.sock", set()),
        (NO_MAIL | PUBLIC | HTTPS | PROXY, "", {"blogsite.W004"}),
        (NO_MAIL, "0.0.0.0", {"blogsite.W001", "blogsite.W004"}),
        (MAIL, "", {"blogsite.W005"}),
        (MAIL | PUBLIC | HTTPS | PROXY | SITE, "", set()),
        (LOGIN, "", {"blogsite.W006"}),
        (LOGIN | {"EMAIL_USE_TLS": True}, "", set()),
        (LOGIN | {"EMAIL_USE_SSL": True}, "", set()),
        (LOGIN | {"EMAIL_HOST": "localhost"}, "", set()),
    ],
)
def test_each_unsafe_setting_gives_its_id_and_safe_ones_give_none(found, changes, bind, ids):
    assert set(found(changes, bind)) == ids


@pytest.mark.parametrize(
    ("changes", "id_", "level"),
    [
        (PUBLIC, "blogsite.W001", WARNING),
        (HTTPS, "blogsite.W002", WARNING),
        (ANY_HOST, "blogsite.E001", ERROR),
        (DEBUG | PUBLIC, "blogsite.E002", ERROR),
    ],
)
def test_a_w_warns_and_an_e_stops(found, changes, id_, level):
    assert found(changes)[id_] == level


def test_the_owner_learns_where_emails_are_if_the_site_can_send_none(settings):
    for name, value in (NO_MAIL | PUBLIC).items():
        setattr(settings, name, value)
    (warning,) = [message for message in run_checks() if message.id == "blogsite.W004"]
    assert f"emails are in {settings.INSTANCE_DIR / 'mail'}." in warning.hint
