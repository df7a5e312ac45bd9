"""How gunicorn serves what our pages are compared with: as it serves the site."""

from blogsite.serving import *  # noqa: F403


def on_starting(server) -> None:
    """Run none of the site's checks: another application is served."""


def post_worker_init(worker) -> None:
    """Ask it for no pages of the site."""
