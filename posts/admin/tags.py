"""Tags in the admin. Renaming or merging a tag adds a redirect."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import GuardedAdmin
from accounts.admin_actions import until_time_runs_out
from posts import tagging
from posts.models import Tag
from posts.models.tags import tag_key

MOVED = _("Someone merged or renamed a tag in the meantime. Check the tags, then try again.")


class TagForm(forms.ModelForm):
    class Meta:
        model = Tag
        fields = ("name",)
        help_texts = {
            "name": _(
                "If another tag has this name, the two are merged. Old addresses redirect to the "
                "new one."
            )
        }

    def clean_name(self) -> str:
        names = tagging.split_tags(self.cleaned_data["name"])
        if len(names) != 1:
            raise ValidationError(_("A tag is a single name without commas."))
        tagging.refuse_long_tag(names[0])
        return names[0]


@admin.register(Tag)
class TagAdmin(GuardedAdmin):
    form = TagForm
    list_display = ("name", "slug", "published")
    search_fields = ("key__begins",)
    search_help_text = _("The start of a name")
    readonly_fields = ("slug", "published")
    ordering = ("key",)
    actions = ("merge_tags",)

    @admin.display(description=_("published posts"), ordering="published_count")
    def published(self, tag: Tag) -> int:
        return tag.published_count

    def get_search_results(self, request: HttpRequest, queryset, search_term: str) -> tuple:
        key = tag_key(search_term)
        return (queryset.filter(key__begins=key) if key else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Tags can't be added here. A tag is created with the first post that has it.
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        # The search index would still contain the tag. Rename or merge it instead.
        return False

    def changeform_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except tagging.TagsMoved:
            messages.error(request, MOVED)
            return redirect("admin:posts_tag_changelist")

    def save_model(self, request: HttpRequest, obj: Tag, form: TagForm, change: bool) -> None:
        name = obj.name
        try:
            obj.refresh_from_db()
        except Tag.DoesNotExist as error:
            raise tagging.TagsMoved from error
        kept = tagging.rename_tag(obj, name)
        obj.pk = kept.pk
        obj.name = kept.name

    @admin.action(
        description=_("Merge the selected tags into the most used one"), permissions=["change"]
    )
    def merge_tags(self, request: HttpRequest, queryset: QuerySet) -> None:
        most_used, *others = queryset.order_by("-published_count", "pk") or [None]
        done = 0
        try:
            for tag in until_time_runs_out(request, others):
                tagging.merge_tags(tag, into=most_used)
                done += 1
        except tagging.TagsMoved:
            messages.error(request, MOVED)
        text = ngettext(
            "%(count)d tag was merged into “%(name)s”.",
            "%(count)d tags were merged into “%(name)s”.",
            done,
        )
        if most_used:
            messages.success(request, text % {"count": done, "name": most_used.name})
