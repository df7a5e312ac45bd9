"""Gunicorn settings for `--uncached`: as deployed, but without cached fragments."""

from django.conf import settings

from blogsite import serving
from blogsite.serving import *  # noqa: F403


def post_worker_init(worker) -> None:
    serving.post_worker_init(worker)
    settings.KEEP_FRAGMENTS = False
