"""Cookie headers that make a visitor's pages personal: Django finds one of our names in them."""

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from blogsite.requests import refuse_abnormal_requests
from caching.cookies import has_personal_cookie

NAMES = ("sessionid_0a1b2c3d", "sessionid", "messages")
OTHERS = [
    "",
    ";",
    " ; ;",
    "_ga=GA1.2.3; _gid=GA1.2.4",
    "_ga=1; csrftoken=abc",
    'CookieConsent={stamp:%27x%27%2Cnecessary:true}; euconsent="{\\"a\\": [1, 2]}"',
    "theme=dark; other.sessionid=1; Sessionid=1; SESSIONID=1; sessionid2=1; xmessages=1",
    "a=sessionid; b=messages",
    "a=sessionid=1",
    "sessionid",
    "=sessionid",
    "a=b, sessionid=1",
    "=;=;==; a; \x00\xff",
    "x=" + "y" * 8_000,
    "; ".join(f"n{number}={number}" for number in range(900)),
]
OURS = [
    "sessionid=abc",
    "sessionid=",
    "messages=abc",
    "sessionid_0a1b2c3d=abc",
    "_ga=1; sessionid=abc",
    "_ga=1;sessionid=abc",
    "_ga=1; sessionid = abc ; theme=dark",
    "sessionid=; sessionid=abc",
    'a="x; sessionid=abc"',
    "=; ;; sessionid=abc",
    "\tsessionid=abc",
    # A space outside ASCII, as WSGI passes it on.
    "_ga=1;\xc2\xa0sessionid=abc",
    "_ga=1;\xe3\x80\x80sessionid\xe2\x80\x83=abc",
    "_ga=1; sess\\ionid=abc",
    "x=" + "y" * 8_000 + "; messages=abc",
]


def django_finds(header: str) -> bool:
    """Return whether Django finds one of the names after the middleware changed the header."""
    request = WSGIRequest(RequestFactory().get("/", HTTP_COOKIE=header).environ)
    refuse_abnormal_requests(lambda request: None)(request)
    return not request.COOKIES.keys().isdisjoint(NAMES)


@pytest.mark.parametrize(
    ("header", "is_personal"), [(o, False) for o in OTHERS] + [(o, True) for o in OURS]
)
def test_a_page_is_personal_if_django_finds_one_of_our_cookies(settings, header, is_personal):
    settings.PERSONAL_COOKIES = NAMES
    assert has_personal_cookie(header) == is_personal == django_finds(header)
