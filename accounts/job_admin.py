"""Background jobs in the admin, for superusers: which ones wait, and which have failed."""

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import GuardedAdmin
from jobs.models import Job, JobQuerySet


class FailedFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> tuple:
        return (("failed", _("Failed")),)

    def queryset(self, request: HttpRequest, queryset: JobQuerySet) -> JobQuerySet:
        return queryset.failed() if self.value() == "failed" else queryset


@admin.register(Job)
class JobAdmin(GuardedAdmin):
    list_display = ("__str__", "state", "due_at", "attempts", "last_line")
    list_filter = (FailedFilter,)
    offered_lookups = ("state",)
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
        text = ngettext("%(n)d job will run again.", "%(n)d jobs will run again.", number)
        messages.success(request, text % {"n": number})

    def save_model(self, request: HttpRequest, obj: Job, form: forms.ModelForm, change) -> None:
        """Run a failed job again, as the only button says. Save none of its columns."""
        self.retry(request, Job.objects.filter(pk=obj.pk))

    def response_change(self, request: HttpRequest, obj: Job) -> HttpResponse:
        """Leave out Django's message, which says that the job was changed."""
        return self.response_post_save_change(request, obj)
