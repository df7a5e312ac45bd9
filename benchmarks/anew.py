"""How gunicorn serves the site with `--anew`: as always, but no piece is kept for the next page."""

from django.conf import settings

from blogsite import serving
from blogsite.serving import *  # noqa: F403


def post_worker_init(worker) -> None:
    serving.post_worker_init(worker)
    settings.KEEP_FRAGMENTS = False
