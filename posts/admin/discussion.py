"""The comment queue, the reports and the moderation log in the admin."""

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import GuardedAdmin
from accounts.admin_actions import until_time_runs_out
from accounts.models import User
from posts.discussion import commenting, moderation
from posts.models import REASON_MAX_LENGTH, Comment, CommentReport, ModerationEntry

# Search reads the newest rows one by one, because their text has no index.
SEARCHED_MAX = 2_000


class ReasonActionForm(ActionForm):
    """An action form with a reason, which is saved in the log entry."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=REASON_MAX_LENGTH)


def act_on(verb: Callable, request: HttpRequest, queryset: QuerySet) -> None:
    """Apply `verb` to each row, and report how many it changed.

    `queryset` must exclude rows that are done. Otherwise, an action that is run again would spend
    its time on them and never finish.
    """
    reason = request.POST.get("reason", "").strip()
    now = timezone.now()
    rows = until_time_runs_out(request, queryset)
    done = sum(verb(row, request.user, reason=reason, now=now) for row in rows)
    message = ngettext("%(count)d row was changed.", "%(count)d rows were changed.", done)
    messages.info(request, message % {"count": done})


def is_to_approve() -> Q:
    """Match comments that wait for approval, and approved comments with an unanswered report."""
    reported = Comment.objects.approved().reported().values("pk")
    return Q(status=Comment.Status.WAITING) | Q(pk__in=reported)


class ReadOnlyAdmin(GuardedAdmin):
    """An admin that is read-only, even for superusers, and searches only the newest rows."""

    def get_search_results(self, request: HttpRequest, queryset, search_term: str) -> tuple:
        if search_term.strip():
            newest = self.model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            queryset = queryset.filter(pk__gt=newest - SEARCHED_MAX)
        return super().get_search_results(request, queryset, search_term)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


class ReportedFilter(admin.SimpleListFilter):
    title = _("reports")
    parameter_name = "reported"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> tuple:
        return (("yes", _("Unanswered")),)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.reported() if self.value() == "yes" else queryset


class ReportInline(admin.TabularInline):
    model = CommentReport
    fields = readonly_fields = ("reported_by", "reason", "created_at")
    can_delete = False
    max_num = 0

    @admin.display(description=_("reported by"))
    def reported_by(self, report: CommentReport) -> User:
        return report.reporter

    def has_view_permission(self, request: HttpRequest, obj=None) -> bool:
        return request.user.has_perm("posts.view_commentreport")


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    """Comments with moderation actions. Moderators can't edit the text."""

    offered_lookups = ("status__exact", "reported", "created_at__gte", "created_at__lt")
    list_display = ("opening", "status", "why", "reports", "writer", "on_post", "created_at")
    list_filter = ("status", ReportedFilter, "created_at")
    list_select_related = ("author", "post")
    search_fields = ("body", "author__username", "post__title")
    search_help_text = _("Text, username or title. Only the newest 2,000 are searched.")
    ordering = ("-pk",)
    actions = ("approve", "hide", "restore")
    action_form = ReasonActionForm
    fields = ("on_post", "writer", "status", "why", "body", "created_at", "edited_at")
    inlines = (ReportInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        reports = CommentReport.objects.unanswered().filter(comment=OuterRef("pk")).order_by()
        count = reports.values("comment").annotate(count=Count("pk")).values("count")
        comments = super().get_queryset(request).defer("body_html", "post__body", "post__body_html")
        return comments.annotate(report_count=Coalesce(Subquery(count), 0))

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("posts.change_comment")

    @admin.display(description=_("comment"))
    def opening(self, comment: Comment) -> str:
        return Truncator(comment.body).chars(80) or "—"

    @admin.display(description=_("post"))
    def on_post(self, comment: Comment) -> str:
        return format_html('<a href="{}">{}</a>', comment.get_absolute_url(), comment.post)

    @admin.display(description=_("author"), ordering="author")
    def writer(self, comment: Comment) -> User:
        return comment.author

    @admin.display(description=_("waiting because"))
    def why(self, comment: Comment) -> str:
        return comment.waiting_reason

    @admin.display(description=_("reports"), ordering="report_count")
    def reports(self, comment: Comment) -> int:
        return comment.report_count

    @admin.action(description=_("Approve"), permissions=["moderate"])
    def approve(self, request: HttpRequest, queryset: QuerySet) -> None:
        act_on(moderation.approve, request, queryset.filter(is_to_approve()))

    @admin.action(description=_("Hide"), permissions=["moderate"])
    def hide(self, request: HttpRequest, queryset: QuerySet) -> None:
        act_on(moderation.hide, request, queryset.filter(status__in=commenting.OPEN))

    @admin.action(description=_("Restore"), permissions=["moderate"])
    def restore(self, request: HttpRequest, queryset: QuerySet) -> None:
        act_on(moderation.restore, request, queryset.filter(status=Comment.Status.HIDDEN))


@admin.register(CommentReport)
class CommentReportAdmin(ReadOnlyAdmin):
    list_display = ("comment_opening", "reported_by", "reason", "created_at")
    fields = ("on_comment", "reported_by", "reason", "created_at")
    list_select_related = ("comment", "reporter")
    search_fields = ("reason", "reporter__username")
    search_help_text = _("Text or username. Only the newest 2,000 are searched.")
    ordering = ("-pk",)

    @admin.display(description=_("reported by"), ordering="reporter")
    def reported_by(self, report: CommentReport) -> User:
        return report.reporter

    @admin.display(description=_("comment"))
    def on_comment(self, report: CommentReport) -> Comment:
        return report.comment

    @admin.display(description=_("comment"))
    def comment_opening(self, report: CommentReport) -> str:
        return Truncator(report.comment.body).chars(80) or "—"


@admin.register(ModerationEntry)
class ModerationEntryAdmin(ReadOnlyAdmin):
    offered_lookups = ("action__exact", "created_at__gte", "created_at__lt")
    list_display = ("created_at", "moderator", "action", "target", "reason")
    fields = ("moderator", "action", "target", "reason", "created_at")
    list_filter = ("action", "created_at")
    list_select_related = ("actor",)
    search_fields = ("actor__username", "target", "reason")
    search_help_text = _("Text or username. Only the newest 2,000 are searched.")
    ordering = ("-pk",)

    @admin.display(description=_("moderator"), ordering="actor")
    def moderator(self, entry: ModerationEntry) -> User | None:
        return entry.actor
