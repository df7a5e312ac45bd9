"""Background jobs in the admin, for superusers: which ones wait, and which have failed."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.filters import EmptyFieldListFilter
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import GuardedAdmin
from jobs.models import Job, JobQuerySet


@admin.register(Job)
class JobAdmin(GuardedAdmin):
    list_display = ("__str__", "state", "due_at", "attempts", "last_line")
    list_filter = (("failed_at", EmptyFieldListFilter),)
    offered_lookups = ("failed_at__isempty",)
    ordering = ("-pk",)
    actions = ("retry",)
    readonly_fields = ("task", "arguments", "state", "enqueued_at", "due_at", "attempts", "error")
    fields = readonly_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("state"))
    def state(self, job: Job) -> str:
        if job.failed_at:
            return _("failed")
        return _("waiting") if job.due_at > timezone.now() else _("due")

    @admin.display(description=_("last error"))
    def last_line(self, job: Job) -> str:
        return job.error.strip().rpartition("\n")[2]

    @admin.action(description=_("Retry"), permissions=["change"])
    def retry(self, request: HttpRequest, jobs: JobQuerySet) -> None:
        number = jobs.retry(timezone.now())
        text = ngettext("%(n)d job runs again.", "%(n)d jobs run again.", number)
        messages.success(request, text % {"n": number})

    def save_model(self, request: HttpRequest, obj: Job, form: forms.ModelForm, change) -> None:
        """Run a failed job again: the only button of its page. Save none of its columns."""
        Job.objects.filter(pk=obj.pk).retry(timezone.now())
