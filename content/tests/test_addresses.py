"""Absolute addresses, for emails, feeds and canonical links."""

import pytest

from content.addresses import absolute_url


@pytest.mark.parametrize(
    ("site_url", "secure", "url"),
    [
        ("", False, "http://testserver/1-caf%C3%A9/?page=2"),
        ("", True, "https://testserver/1-caf%C3%A9/?page=2"),
        ("https://blog.example.org", False, "https://blog.example.org/1-caf%C3%A9/?page=2"),
        ("http://[::1]:8000", True, "http://[::1]:8000/1-caf%C3%A9/?page=2"),
    ],
)
def test_a_path_starts_with_site_url_or_else_with_the_host(settings, rf, site_url, secure, url):
    settings.SITE_URL = site_url
    request = rf.get("/elsewhere/", secure=secure)
    assert absolute_url(request, "/1-caf%C3%A9/?page=2") == url


def test_with_site_url_the_clients_host_is_ignored(settings, rf):
    settings.SITE_URL = "https://blog.example.org"
    request = rf.get("/", headers={"host": "evil.example"})
    assert absolute_url(request, "/") == "https://blog.example.org/"
