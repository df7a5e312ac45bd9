"""Gunicorn's configuration, found by its file name; the settings are in `blogsite/serving.py`."""

from blogsite.serving import *  # noqa: F403
