"""Jobs that wait, run or have failed. A job that succeeds is deleted."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class JobQuerySet(models.QuerySet):
    def due(self, now: datetime) -> "JobQuerySet":
        """The jobs that may run at `now`, the longest due first."""
        return self.filter(failed_at=None, due_at__lte=now).order_by("due_at", "pk")

    def failed(self) -> "JobQuerySet":
        return self.exclude(failed_at=None)

    def retry(self, now: datetime) -> int:
        """Let failed jobs run again, and return their number."""
        return self.failed().update(failed_at=None, due_at=now, attempts=0)


class Job(models.Model):
    task = models.CharField(_("task"), max_length=200)
    arguments = models.JSONField(_("arguments"))
    # A job is not created if one with this key exists.
    key = models.CharField(_("key"), max_length=200, null=True, unique=True)  # noqa: DJ001  unique
    enqueued_at = models.DateTimeField(_("created"))
    # While a job runs, this is the end of its lease. If its process dies, another one runs the job
    # again after this time.
    due_at = models.DateTimeField(_("due"))
    # Each process that claims the job increases this number, so it also identifies the process.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("last error"), blank=True)
    failed_at = models.DateTimeField(_("failed"), null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(failed_at__isnull=True), name="jobs_job_due"
            ),
        ]

    def __str__(self) -> str:
        return self.key or self.task.rpartition(".")[2].replace("_", " ")
