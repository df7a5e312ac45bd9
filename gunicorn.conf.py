"""Gunicorn reads this file by its name; what it holds is in `blogsite/serving.py`."""

from blogsite.serving import *  # noqa: F403
