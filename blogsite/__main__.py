"""The command `blogsite`: all that `manage.py` offers, also for an installed wheel."""

import os
import sys

from django.core.management import execute_from_command_line

from blogsite import unprepared


def main() -> None:
    """Run the management command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blogsite.settings")
    unprepared.note_command(sys.argv)
    unprepared.refuse_missing_tables()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
