"""Fixtures for tests of the site's settings."""

from caching.tests.conftest import worker

__all__ = ["worker"]
