"""Background jobs: each one runs, at least once, whatever happens to the process that runs it."""

import os
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_tasks import task

from jobs import nightly, runner
from jobs.models import Job

done: list = []


@task
def note(*what: object) -> None:
    """Note that it ran."""
    done.append(what)


@task
def break_down() -> None:
    raise ValueError("It broke.")


@task
def leave() -> None:
    raise SystemExit(1)


@pytest.fixture(autouse=True)
def nothing_done(db):
    done.clear()


def at(job: Job, **changes) -> datetime:
    """Change a job, and return the time at which it is due."""
    Job.objects.filter(pk=job.pk).update(**changes)
    job.refresh_from_db()
    return job.due_at


def run_all(now: datetime | None = None) -> int:
    """Run all jobs that are due, and return their number."""
    number = 0
    while runner.run_next(now or timezone.now()):
        number += 1
    return number


def test_a_job_runs_once_with_its_arguments_and_is_then_deleted():
    note.enqueue("Ada", 3)
    assert not done
    assert run_all() == 1
    assert done == [("Ada", 3)]
    assert not Job.objects.exists()


def test_a_failed_change_leaves_no_job():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        note.enqueue()
        raise ZeroDivisionError
    assert run_all() == 0


def test_jobs_run_in_the_order_in_which_they_are_due():
    now = timezone.now()
    for minutes in (3, 1, 2):
        note.using(run_after=now - timedelta(minutes=minutes)).enqueue(minutes)
    run_all()
    assert done == [(3,), (2,), (1,)]


def test_a_job_waits_until_it_is_due():
    tomorrow = timezone.now() + timedelta(days=1)
    note.using(run_after=tomorrow).enqueue()
    assert run_all() == 0
    assert run_all(tomorrow) == 1


def test_the_first_of_two_jobs_with_one_key_runs():
    note.with_key("key").enqueue(1)
    assert note.with_key("key").enqueue(2).id == "key"
    note.with_key("another").enqueue(3)
    run_all()
    assert done == [(1,), (3,)]
    note.with_key("key").enqueue(4)
    assert run_all() == 1


# Failures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", [break_down, leave])
def test_a_job_that_fails_runs_again_after_ever_longer_pauses_and_is_then_kept(broken):
    broken.enqueue()
    job = Job.objects.get()
    pauses = []
    while not job.failed_at:
        before = timezone.now()
        at(job, due_at=before)
        assert run_all(before) == 1
        job.refresh_from_db()
        pauses.append((job.due_at - before) // timedelta(seconds=30))
    assert pauses[:-1] == [1, 4, 16, 64, 256, 1024]
    assert run_all(timezone.now() + timedelta(days=9)) == 0
    assert broken.name in job.error or "It broke." in job.error


def test_a_job_that_failed_can_be_tried_again():
    note.enqueue()
    at(Job.objects.get(), failed_at=timezone.now(), attempts=7)
    assert run_all() == 0
    assert Job.objects.retry(timezone.now()) == 1
    assert run_all() == 1 and done


def test_a_job_whose_code_an_update_removed_fails_and_stops_no_other():
    Job.objects.create(
        task="jobs.tests.test_jobs.removed",
        arguments={"args": [], "kwargs": {}},
        enqueued_at=timezone.now(),
        due_at=timezone.now() - timedelta(hours=1),
    )
    note.enqueue()
    assert run_all() == 2
    assert done
    assert "removed" in Job.objects.get().error


# Processes that die -------------------------------------------------------------------------------


def test_a_job_whose_process_died_runs_again_after_its_lease():
    note.enqueue()
    now = timezone.now()
    assert runner.claim(now)
    assert run_all(now) == 0
    assert run_all(now + runner.LEASE) == 1


def test_a_job_that_another_process_claims_first_is_not_run():
    note.enqueue()
    is_first = True

    def claim_first(execute, *query):
        nonlocal is_first
        found = execute(*query)
        if is_first:
            is_first = False
            Job.objects.update(due_at=timezone.now() + runner.LEASE)
        return found

    with connection.execute_wrapper(claim_first):
        assert run_all() == 0
    assert not done


def test_a_process_that_lost_its_lease_changes_nothing(db):
    note.enqueue()
    now = timezone.now()
    first = runner.claim(now)
    second = runner.claim(now + runner.LEASE)
    runner.finish(first)
    runner.fail(first, ValueError())
    job = Job.objects.get()
    assert (job.attempts, job.error, job.due_at) == (2, "", second.due_at)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_job_that_takes_long_keeps_its_lease(monkeypatch):
    monkeypatch.setattr(runner, "LEASE", timedelta(milliseconds=30))
    note.enqueue()
    job = runner.claim(timezone.now())
    leases = {job.due_at}
    with runner.renewing(job):
        while len(leases) < 3:
            leases.add(Job.objects.get().due_at)


# Every night --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "now", "then"),
    [
        ("UTC", datetime(2026, 1, 1, 3, 59, tzinfo=UTC), datetime(2026, 1, 1, 4, tzinfo=UTC)),
        ("UTC", datetime(2026, 1, 1, 4, tzinfo=UTC), datetime(2026, 1, 2, 4, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 1, 1, 18, tzinfo=UTC), datetime(2026, 1, 1, 19, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 1, 1, 20, tzinfo=UTC), datetime(2026, 1, 2, 19, tzinfo=UTC)),
    ],
)
def test_the_night_is_at_four_in_the_time_zone_of_the_site(settings, zone, now, then):
    settings.TIME_ZONE = zone
    assert nightly.next_night(now) == then


def test_each_nightly_command_runs_every_night(settings):
    settings.NIGHTLY = ["version", "help check"]
    now = timezone.now()
    nightly.schedule(now)
    nightly.schedule(now)
    assert Job.objects.count() == 2
    for _ in range(2):
        assert run_all() == 0
        Job.objects.update(due_at=timezone.now())
        assert run_all() == 2
        assert {job.due_at for job in Job.objects.all()} == {nightly.next_night(timezone.now())}


def test_a_nightly_command_that_keeps_failing_tries_again_the_next_night(settings):
    settings.NIGHTLY = ["no_such_command"]
    nightly.schedule(timezone.now())
    job = Job.objects.get()
    for _ in range(runner.ATTEMPTS_MAX):
        run_all(at(job, due_at=timezone.now()))
    job.refresh_from_db()
    assert (job.failed_at, job.attempts) == (None, 0)
    assert job.due_at == nightly.next_night(timezone.now())
    assert "no_such_command" in job.error


def test_a_command_that_is_no_longer_nightly_is_forgotten(settings):
    settings.NIGHTLY = ["clearsessions"]
    nightly.schedule(timezone.now())
    note.with_key("another").enqueue()
    settings.NIGHTLY = []
    nightly.schedule(timezone.now())
    assert [job.key for job in Job.objects.all()] == ["another"]


def test_every_nightly_command_exists_and_takes_its_options(settings):
    for command in settings.NIGHTLY:
        call_command(*command.split())


# The loop -----------------------------------------------------------------------------------------


@task
def stop_the_loop() -> None:
    stop.set()


stop = threading.Event()


@pytest.fixture
def loop(settings, monkeypatch):
    """Return a function that runs jobs until `stop_the_loop` has run."""
    settings.NIGHTLY = []
    monkeypatch.setattr(runner, "POLL", 0.01)
    stop.clear()

    def run() -> None:
        stop_the_loop.using(run_after=timezone.now() + timedelta(milliseconds=50)).enqueue()
        runner.work(stop, rest=0)

    return run


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_loop_runs_jobs_until_it_is_stopped(loop):
    note.enqueue(1)
    note.enqueue(2)
    loop()
    assert done == [(1,), (2,)]


@task
def note_time_zone() -> None:
    done.append(timezone.get_current_timezone_name())


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_jobs_run_in_the_time_zone_of_the_site(loop, set_site):
    set_site(time_zone="Asia/Tokyo")
    note_time_zone.enqueue()
    loop()
    assert done == ["Asia/Tokyo"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("kind", [DatabaseError, KeyError])
def test_the_loop_survives_an_error_and_logs_it_once(loop, monkeypatch, caplog, kind):
    claim, failures = runner.claim, iter(range(3))

    def fail_first(now):
        if next(failures, None) is not None:
            raise kind("The server is away.")
        return claim(now)

    monkeypatch.setattr(runner, "claim", fail_first)
    note.enqueue()
    loop()
    assert done
    (record,) = caplog.records
    assert record.getMessage().startswith("Jobs have to wait: ")
    assert "The server is away." in record.getMessage()
    # An outage needs no traceback, but an error in the code does.
    assert bool(record.exc_info) == (kind is KeyError)


@task
def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_command_runs_jobs_until_it_is_terminated(settings, capsys):
    settings.NIGHTLY = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    note.enqueue()
    terminate.enqueue()
    call_command("work")
    for number, handler in handlers.items():
        signal.signal(number, handler)
    assert done and not Job.objects.exists()
    assert "Running jobs" in capsys.readouterr().out


def test_a_folder_that_can_not_be_written_is_logged(settings, tmp_path, caplog):
    settings.INSTANCE_DIR = tmp_path / "missing"
    runner.work_if_first()
    assert "No jobs run here" in caplog.text and "No such file" in caplog.text


@pytest.mark.parametrize(("where", "starts"), [("here", True), ("apart", False)])
def test_a_web_worker_runs_jobs_unless_they_run_apart(settings, monkeypatch, where, starts):
    settings.WORK = where
    started = threading.Event()
    monkeypatch.setattr(runner, "work", lambda stop, rest: started.set())
    runner.start()
    assert started.wait(5 if starts else 0.05) == starts
