"""Runs jobs in processes that are killed: `python -m tests.killing JOBS KILLS` needs a database.

Each job notes its number in a file. At the end, each number must be there.
"""

import os
import random
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import django
from django.db import connections, transaction
from django_tasks import task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blogsite.settings")
django.setup()

from jobs import runner  # noqa: E402  needs the apps
from jobs.models import Job  # noqa: E402

NOTES = Path(os.environ["INSTANCE_DIR"]) / "notes"


@task
def note(number: int) -> None:
    with NOTES.open("a") as file:
        file.write(f"{number}\n")


def run_until_killed(seconds: float) -> None:
    """Run jobs in a new process and kill it after some seconds."""
    process = os.fork()
    if process == 0:
        work()
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def work() -> None:
    runner.LEASE = timedelta(milliseconds=300)
    runner.POLL = 0.02
    runner.work(threading.Event(), rest=0)


def main(jobs: int, kills: int) -> None:
    with transaction.atomic():
        for number in range(jobs):
            note.enqueue(number)
    random.seed(1)
    killed = 0
    while killed < kills or Job.objects.exclude(key__startswith="nightly").exists():
        connections.close_all()
        run_until_killed(random.uniform(0.01, 0.2) if killed < kills else 1)
        killed += 1
    notes = [int(line) for line in NOTES.read_text().split()]
    sys.stdout.write(f"{killed} kills, {len(set(notes))} jobs of {jobs} ran, {len(notes)} times\n")
    sys.exit(set(notes) != set(range(jobs)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
