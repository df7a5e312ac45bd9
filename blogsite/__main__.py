"""The `blogsite` command of an installed wheel, which runs the same commands as `manage.py`."""

import gc
import os
import sys

from django.core.management import execute_from_command_line

from blogsite import __version__, unprepared


def main() -> None:
    """Run the management command named on the command line, or print the version."""
    # Django would print its own version.
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"blogsite {__version__}\n")
        return
    # Modules are no garbage. Looking for some while they load would take an eighth of the time.
    gc.set_threshold(100_000)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blogsite.settings")
    unprepared.note_command(sys.argv)
    unprepared.refuse_missing_tables()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
