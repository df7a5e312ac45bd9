"""Gunicorn's configuration, found by its file name; the settings are in `blogsite/serving.py`."""

import gc

from blogsite.serving import *  # noqa: F403

# Modules are no garbage. Looking for some while they load would take an eighth of the time.
# `blogsite.preloading` turns this on again, and freezes the modules. On SIGHUP, gunicorn reads only
# this file again.
if not gc.get_freeze_count():
    gc.disable()
