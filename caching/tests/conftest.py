"""Fixtures for tests of the page cache and of fragments."""

import pytest

from caching import fragments, pages


@pytest.fixture
def clock(monkeypatch):
    """Return a function that sets the page cache's clock, in seconds from now."""
    start = int(pages.time.time())

    def set_to(seconds: float) -> None:
        monkeypatch.setattr(pages.time, "time", lambda: start + seconds)

    set_to(0)
    return set_to


@pytest.fixture
def worker(settings, tmp_path):
    """A worker with empty caches and its own counter."""
    settings.INSTANCE_DIR = tmp_path
    fragments.changing = fragments.Store()
    fragments.unchanging = fragments.Store()
