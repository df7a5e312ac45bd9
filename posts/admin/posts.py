"""Posts in the admin."""

from datetime import datetime

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin import GuardedAdmin
from accounts.usernames import username_key
from content.fields import BodyField
from posts import moderation, publishing
from posts.admin.discussion import ReasonActionForm, act_on
from posts.models import BODY_MAX_LENGTH, Post

FIRST_YEAR, LAST_YEAR = 1900, 9000


class AuthorFilter(admin.SimpleListFilter):
    """Asks for a username; a list of all authors would be as long as the table of users."""

    title = _("author")
    parameter_name = "author"
    template = "admin/author_filter.html"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> tuple:
        return ()

    def has_output(self) -> bool:
        return True

    def choices(self, changelist) -> list[dict]:
        """Return the other filters in force, which the filter's form carries along."""
        others = changelist.get_filters_params()
        others.pop(self.parameter_name, None)
        return [{"name": name, "value": value[-1]} for name, value in others.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        name = (self.value() or "").strip()
        return queryset.filter(author__username_key=username_key(name)) if name else queryset


class PostAdminForm(forms.ModelForm):
    # Django's own strips the text and keeps CR LF.
    body = BodyField(label=_("Body"), max_length=BODY_MAX_LENGTH, required=False)

    def clean_publish_at(self) -> datetime | None:
        """Refuse a time that some time zone could not write."""
        at = self.cleaned_data["publish_at"]
        if at and not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise ValidationError(_("Choose a year from 1900 to 9000."), code="year")
        return at


@admin.register(Post)
class PostAdmin(GuardedAdmin):
    form = PostAdminForm
    offered_lookups = ("author", "status__exact", "publish_at__gte", "publish_at__lt")
    list_display = ("title", "author", "status", "publish_at")
    list_filter = ("status", AuthorFilter, "publish_at")
    list_select_related = ("author",)
    search_fields = ("title", "author__username")
    search_help_text = _("Title or username")
    show_full_result_count = False
    autocomplete_fields = ("author",)
    readonly_fields = ("slug", "comments_open", "created_at", "updated_at")
    ordering = ("-pk",)
    actions = ("hide", "restore")
    action_form = ReasonActionForm

    def view_on_site(self, obj: Post) -> str:
        # Not by Django's redirect, which gives titles of drafts to staff without permission.
        return obj.get_absolute_url()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # A page of the list would otherwise read a hundred whole posts.
        return super().get_queryset(request).defer("body")

    def formfield_for_choice_field(self, db_field, request: HttpRequest, **kwargs):
        """Leave hiding to the action, which asks for a reason and puts it on record."""
        # The status is the one field with choices.
        hidden = Post.Status.HIDDEN
        kwargs["choices"] = [choice for choice in Post.Status.choices if choice[0] != hidden]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> tuple:
        is_hidden = obj is not None and obj.is_hidden
        return (*self.readonly_fields, *(["status"] if is_hidden else []))

    def save_model(self, request: HttpRequest, obj: Post, form, change: bool) -> None:
        publishing.save_post(obj, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Post) -> None:
        moderation.delete_post(obj, request.user, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        now, reason = timezone.now(), request.POST.get("reason", "")
        for post in queryset:
            moderation.delete_post(post, request.user, reason=reason, now=now)

    @admin.action(description=_("Hide"), permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet) -> None:
        act_on(moderation.hide_post, request, queryset)

    @admin.action(description=_("Restore"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet) -> None:
        act_on(moderation.restore_post, request, queryset)
