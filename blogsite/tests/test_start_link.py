"""The last line of a start: how to become the owner of a new blog."""

import os
from types import SimpleNamespace

import pytest

from blogsite import serving

LISTENERS = ["http://127.0.0.1:8000", "http://[::1]:8000"]


def some_link() -> str:
    return "/start/token/"


@pytest.mark.parametrize(
    ("site_url", "is_in_journal", "shown"),
    [
        ("", False, "http://127.0.0.1:8000/start/token/"),
        ("https://blog.example", False, "https://blog.example/start/token/"),
        # Many people may read the journal.
        ("https://blog.example", True, "deploy/manage start_link"),
    ],
)
def test_then_it_says_how_to_become_the_owner(
    settings, environ, capsys, site_url, is_in_journal, shown
):
    settings.LINK_AT_START = f"{__name__}.some_link"
    settings.SITE_URL = site_url
    output = os.fstat(1)
    # Programs that someone starts in a desktop session inherit the variable too.
    journal = f"{output.st_dev}:{output.st_ino}" if is_in_journal else "8:1"
    environ(JOURNAL_STREAM=journal)
    serving.when_ready(SimpleNamespace(LISTENERS=LISTENERS))
    address, how, *more = capsys.readouterr().out.splitlines()
    assert address.startswith("Serving at") and how.endswith(shown) and not more
    assert ("/start/" in how) == (not is_in_journal)
