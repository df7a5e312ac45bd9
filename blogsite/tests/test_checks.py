"""The system checks that keep an unsafe site from being served beyond this machine."""

import pytest
from django.core.checks import ERROR, WARNING, run_checks

LOCAL = {"ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"]}
PUBLIC = {"ALLOWED_HOSTS": ["blog.example.org"]}
HTTPS = {"IS_HTTPS": True}
PROXY = {"BEHIND_PROXY": True}
DEBUG = {"DEBUG": True}
ANY_HOST = {"ALLOWED_HOSTS": ["*"]}


@pytest.fixture
def found(settings, environ):
    """Return a function that gives our messages' ids and levels for these settings."""

    def check(changes: dict, bind: str = "") -> dict[str, int]:
        environ(BIND=bind)
        unsafe = {"IS_HTTPS": False, "BEHIND_PROXY": False, "DEBUG": False}
        for name, value in (unsafe | LOCAL | changes).items():
            setattr(settings, name, value)
        messages = [message for message in run_checks() if message.id.startswith("blogsite.")]
        assert all(message.hint for message in messages)
        return {message.id: message.level for message in messages}

    return check


@pytest.mark.parametrize(
    ("changes", "bind", "ids"),
    [
        # On this machine alone, anything goes.
        (LOCAL, "", set()),
        (LOCAL, "localhost", set()),
        (LOCAL, "[::1]", set()),
        (LOCAL, "unix:/run/blog.sock", set()),
        (DEBUG, "", set()),
        # A name or an address that strangers reach needs HTTPS.
        (PUBLIC, "", {"blogsite.W001"}),
        (PUBLIC, "unix:/run/blog.sock", {"blogsite.W001"}),
        (LOCAL, "0.0.0.0", {"blogsite.W001"}),
        (LOCAL, "[::]", {"blogsite.W001"}),
        (LOCAL, "192.168.1.1", {"blogsite.W001"}),
        (PUBLIC | HTTPS | PROXY, "0.0.0.0", set()),
        # HTTPS needs a proxy that is believed.
        (LOCAL | HTTPS, "", {"blogsite.W002"}),
        (PUBLIC | HTTPS, "", {"blogsite.W002"}),
        (PUBLIC | HTTPS | PROXY, "", set()),
        (PROXY, "", set()),
        # Any host is an error everywhere.
        (ANY_HOST | HTTPS | PROXY, "", {"blogsite.E001"}),
        ({"ALLOWED_HOSTS": ["blog.example.org", "*"]} | HTTPS | PROXY, "", {"blogsite.E001"}),
        (ANY_HOST, "", {"blogsite.E001", "blogsite.W001"}),
        # Debugging is for this machine alone.
        (DEBUG | PUBLIC | HTTPS | PROXY, "", {"blogsite.E002"}),
        (DEBUG, "0.0.0.0", {"blogsite.E002", "blogsite.W001"}),
    ],
)
def test_each_unsafe_setting_is_named_by_its_id_and_safe_ones_by_none(found, changes, bind, ids):
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
