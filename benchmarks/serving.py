"""Gunicorn settings for the references: the same as for the site."""

from blogsite.serving import *  # noqa: F403


def on_starting(server) -> None:
    """Skip the site's checks, because this serves another application."""


def post_worker_init(worker) -> None:
    """Skip the site's warm-up requests."""


def when_ready(server) -> None:
    """Print no link for a first owner, because this serves another application."""
