"""The backend of `django_tasks` that stores jobs in the database.

`task.enqueue(…)` inserts a row in the current transaction. So a job exists only if the change that
it belongs to was committed. `jobs.runner` runs it.
"""

import threading
from dataclasses import dataclass, replace
from typing import Self

from django.db import transaction
from django.utils import timezone
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskResult, TaskResultStatus
from django_tasks.utils import normalize_json

from jobs.models import Job

# Set when this process creates a job, so that its runner starts the job immediately.
created = threading.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedTask(Task):
    """A task that can have a key. While a job with this key exists, no other one is created."""

    key: str | None = None

    def with_key(self, key: str) -> Self:
        return replace(self, key=key)


class DatabaseBackend(BaseTaskBackend):
    task_class = KeyedTask
    supports_defer = True

    def enqueue(self, task: KeyedTask, args: tuple, kwargs: dict) -> TaskResult:
        """Create a job, unless one with the task's key exists."""
        self.validate_task(task)
        now = timezone.now()
        job = Job(
            task=task.module_path,
            arguments=normalize_json({"args": args, "kwargs": kwargs}),
            key=task.key,
            enqueued_at=now,
            due_at=task.run_after or now,
        )
        Job.objects.bulk_create([job], ignore_conflicts=task.key is not None)
        transaction.on_commit(created.set)
        return result_of(task, job, self.alias)


def result_of(task: KeyedTask, job: Job, backend: str) -> TaskResult:
    return TaskResult(
        task=task,
        id=task.key or str(job.pk),
        status=TaskResultStatus.READY,
        enqueued_at=job.enqueued_at,
        started_at=None,
        finished_at=None,
        last_attempted_at=None,
        args=job.arguments["args"],
        kwargs=job.arguments["kwargs"],
        backend=backend,
        errors=[],
        worker_ids=[],
    )
