"""Run jobs, in a thread of one web worker or in `manage.py work`.

A process claims a job by moving its `due_at` into the future. This is its lease, which the process
renews while the job runs. If it dies, the lease ends, and another process runs the job again. So a
job runs at least once, and may run twice if its process dies at the wrong moment.
"""

import fcntl
import logging
import os
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    close_old_connections,
    connection,
    transaction,
)
from django.utils import timezone
from django.utils.module_loading import import_string

from jobs import nightly
from jobs.backend import created
from jobs.models import Job

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
# An idle process looks for new jobs this often, in seconds. A job that its own process creates
# starts at once.
POLL = 1
# A job may fail this often. The pauses grow from 30 seconds to 8 hours, so a mail server may be
# down for half a day.
ATTEMPTS_MAX = 7
FIRST_PAUSE = timedelta(seconds=30)
# Jobs in a web worker share its processor time with readers. After each job, the thread rests this
# many times as long as the job has computed.
REST = 4
REST_MAX = 5  # seconds
ERROR_MAX = 10_000  # characters
AWAY = (DatabaseError, InterfaceError)


def run_next(now: datetime) -> bool:
    """Run the job that has been due for the longest time. Return False if none is due."""
    job = claim(now)
    if job is None:
        return False
    try:
        with renewing(job):
            call(job)
    # A command may also exit.
    except (Exception, SystemExit) as error:
        fail(job, error)
    else:
        finish(job)
    return True


def claim(now: datetime) -> Job | None:
    """Lease the next due job, which no other process can then claim."""
    due = Job.objects.due(now)
    # Without this query, an idle process would start a write transaction every second.
    if not due.exists():
        return None
    skip_locked = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        job = due.select_for_update(skip_locked=skip_locked).first()
        if job:
            job.due_at = now + LEASE
            job.attempts += 1
            job.save(update_fields=["due_at", "attempts"])
    return job


def call(job: Job) -> None:
    task = import_string(job.task)
    task.call(*job.arguments["args"], **job.arguments["kwargs"])


@contextmanager
def renewing(job: Job) -> Iterator[None]:
    """Renew the lease of `job` in another thread until the block ends."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(LEASE.total_seconds() / 3):
            with suppress(*AWAY):
                leased_by_us(job).update(due_at=timezone.now() + LEASE)
            connection.close()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def leased_by_us(job: Job):
    """Return the row of `job`, unless another process has claimed it since."""
    return Job.objects.filter(pk=job.pk, attempts=job.attempts)


def finish(job: Job) -> None:
    """Delete a job that has succeeded. A nightly one waits for the next night."""
    if nightly.is_nightly(job):
        due_at = nightly.next_night(timezone.now())
        leased_by_us(job).update(due_at=due_at, attempts=0, error="")
    else:
        leased_by_us(job).delete()


def fail(job: Job, error: BaseException) -> None:
    """Let the job run again after a pause. After the last attempt, mark it as failed."""
    log.error("Job %s failed (attempt %d)", job.task, job.attempts, exc_info=error)
    now = timezone.now()
    changes = {"error": "".join(traceback.format_exception(error))[-ERROR_MAX:]}
    if job.attempts < ATTEMPTS_MAX:
        changes["due_at"] = now + FIRST_PAUSE * 4 ** (job.attempts - 1)
    elif nightly.is_nightly(job):
        changes |= {"due_at": nightly.next_night(now), "attempts": 0}
    else:
        changes["failed_at"] = now
    leased_by_us(job).update(**changes)


# The loop ---------------------------------------------------------------------------------------


def work(stop: threading.Event, *, rest: int) -> None:
    """Run jobs until `stop` is set, and rest after each one for `rest` times its processor time."""
    is_scheduled = False
    is_working = True
    while not stop.is_set():
        created.clear()
        begun_at = time.thread_time()
        try:
            with import_string(settings.JOB_CONTEXT)():
                if not is_scheduled:
                    nightly.schedule(timezone.now())
                is_scheduled = True
                is_idle = not run_next(timezone.now())
            is_working = True
        # This thread has the lock, so no other process would run jobs if it ended.
        except Exception as error:
            if is_working:
                text = " ".join(str(error).split())
                log.error("Jobs have to wait: %s", text, exc_info=not isinstance(error, AWAY))
            is_working = False
            is_idle = True
        close_old_connections()
        if is_idle:
            created.wait(POLL)
        else:
            stop.wait(min(REST_MAX, rest * (time.thread_time() - begun_at)))


def start() -> None:
    """Start the thread that runs this machine's jobs, if no other process has it.

    Each web worker calls this. The thread waits until it gets a lock on a file, which the system
    releases when a process dies. Then another worker takes over.
    """
    if settings.WORK == "here":
        threading.Thread(target=work_if_first, name="jobs", daemon=True).start()


def work_if_first() -> None:
    path = settings.INSTANCE_DIR / "jobs.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        log.error("No jobs run here, because %s can't be created: %s", path, error.strerror)
        return
    # Waits without using the processor.
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    work(threading.Event(), rest=REST)
