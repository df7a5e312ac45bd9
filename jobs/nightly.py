"""Commands that run every night. Each has a job that always exists."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from datetime import time as time_of_day

from django.conf import settings
from django.core.management import CommandError
from django.utils import timezone
from django_tasks import task

from jobs.models import Job

PREFIX = "nightly "
NIGHT = time_of_day(4)
# Lower than that of web workers (0); 19 is the lowest.
NICE = 10


@task
def run_command(*arguments: str) -> None:
    """Run a command of `manage.py`, given as its name and options.

    It runs in its own process, so that it slows down no page and its memory is returned.
    """
    own = {"INSTANCE_DIR": str(settings.INSTANCE_DIR)}
    with subprocess.Popen(  # noqa: S603  the arguments are from the settings
        [sys.executable, "-m", "blogsite", *arguments],
        cwd=settings.PACKAGE_DIR.parent,
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        output = process.communicate()[0]
    if process.returncode:
        raise CommandError(output)


def is_nightly(job: Job) -> bool:
    return (job.key or "").startswith(PREFIX)


def next_night(now: datetime) -> datetime:
    """Return the next 4:00 in the time zone of the site."""
    zone = timezone.get_current_timezone()
    day = now.astimezone(zone).date()
    tonight = datetime.combine(day, NIGHT, tzinfo=zone)
    return tonight if tonight > now else datetime.combine(day + timedelta(1), NIGHT, tzinfo=zone)


def schedule(now: datetime) -> None:
    """Create the jobs of new commands, and delete those of commands that no longer exist."""
    wanted = [job_of(command, now) for command in settings.NIGHTLY]
    # Several machines may do this at once.
    Job.objects.bulk_create(wanted, ignore_conflicts=True)
    known = Job.objects.filter(key__startswith=PREFIX)
    known.exclude(key__in=[job.key for job in wanted]).delete()


def job_of(command: str, now: datetime) -> Job:
    return Job(
        task=run_command.module_path,
        arguments={"args": command.split(), "kwargs": {}},
        key=f"{PREFIX}{command}",
        enqueued_at=now,
        due_at=next_night(now),
    )
