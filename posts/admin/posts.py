"""Posts in the admin."""

from datetime import datetime

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin import GuardedAdmin
from accounts.models import User
from accounts.roles import Role, is_at_least
from accounts.usernames import username_key
from content.fields import BodyField
from posts import search
from posts.admin.discussion import ReasonActionForm, act_on
from posts.discussion import moderation
from posts.models import BODY_MAX_LENGTH, LONG_COLUMNS, Post, may_publish
from posts.writing import publishing
from posts.writing.buttons import scheduled_text
from posts.writing.edit import Edit
from posts.writing.times import check_year

# States that only actions set: hiding asks for a reason, and the trash remembers the old status.
BY_ACTION = (Post.Status.HIDDEN, Post.Status.TRASH)
BY_TIME = ("publish_at__gte", "publish_at__lt", "publish_at__isnull")
CHANGED_MEANWHILE = _(
    "Someone changed this post after you opened it. Open the post in another tab, copy your "
    "changes into it and save there."
)


class AuthorFilter(admin.SimpleListFilter):
    """A filter with a text field for the username, because a list of all authors could be huge."""

    title = _("author")
    parameter_name = "author"
    template = "admin/author_filter.html"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> tuple:
        return ()

    def has_output(self) -> bool:
        return True

    def choices(self, changelist) -> list[dict]:
        """Return the other active filters, which the filter's form submits as well."""
        others = changelist.get_filters_params()
        others.pop(self.parameter_name, None)
        return [{"name": name, "value": value[-1]} for name, value in others.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        name = (self.value() or "").strip()
        return queryset.filter(author__username_key=username_key(name)) if name else queryset


class PostAdminForm(forms.ModelForm):
    # HTML forbids `required` on a select without an empty choice, such as the author's.
    use_required_attribute = False
    # Django's field strips the text and keeps CR LF.
    body = BodyField(label=_("Body"), max_length=BODY_MAX_LENGTH, required=False)
    # The person who uses the form, set by `PostAdmin`.
    by: User
    # The name differs from the column's, because the admin would treat that as editable.
    opened_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["opened_version"] = self.instance.version
        if self.instance.author_id is None:
            self.instance.author = self.by
            self.initial.setdefault("author", self.by.pk)

    def clean_publish_at(self) -> datetime | None:
        return check_year(self.cleaned_data["publish_at"])

    def clean(self) -> dict:
        """Refuse to overwrite a save by someone else. The typed text stays in the form."""
        # The admin opened a transaction, so no one else can save between this check and the save.
        before = publishing.lock(self.instance) if self.instance.pk else None
        if self.instance.pk and before is None:
            raise ValidationError(
                _("Someone deleted this post. Copy your text before you leave."), code="gone"
            )
        version = self.cleaned_data.get("opened_version")
        if before and version is not None and version != before.version:
            raise ValidationError(CHANGED_MEANWHILE, code="conflict")
        if before and before.is_in_trash:
            raise ValidationError(_("This post is in the trash. Restore it first."), code="trash")
        is_published = self.cleaned_data.get("status") == Post.Status.PUBLISHED
        is_new = is_published and not (before and before.is_published)
        if is_new and not may_publish(self.by, before or self.instance):
            self.add_error("status", _("Only an editor can publish this post."))
        return super().clean()


@admin.register(Post)
class PostAdmin(GuardedAdmin):
    form = PostAdminForm
    offered_lookups = ("author", "status__exact", *BY_TIME)
    list_display = ("title", "author", "status", "publish_at")
    list_filter = ("status", AuthorFilter, "publish_at")
    list_select_related = ("author",)
    # Shows the search box. `get_search_results` does the search.
    search_fields = ("title",)
    search_help_text = _("Search works as it does for readers: words, “phrases”, tag: and author:")
    autocomplete_fields = ("author",)
    readonly_fields = ("slug", "comments_open", "created_at", "updated_at")
    ordering = ("-pk",)
    actions = ("hide", "restore")
    action_form = ReasonActionForm

    def view_on_site(self, obj: Post) -> str:
        # This avoids Django's redirect, which would reveal titles of drafts to staff without
        # permission.
        return obj.get_absolute_url()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # Otherwise, each page of the list would read a hundred posts with their full text.
        return super().get_queryset(request).defer(*LONG_COLUMNS)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # This order follows the index of the filter, because otherwise the database would sort all
        # matches.
        is_by_time = not request.GET.keys().isdisjoint(BY_TIME)
        return ("-publish_at", "-pk") if is_by_time else self.ordering

    def get_search_results(self, request: HttpRequest, queryset, search_term: str) -> tuple:
        """Search like readers, but in all posts, and return the newest matches."""
        if search_term.strip():
            queryset = queryset.filter(pk__in=search.find_for_moderators(search_term))
        return queryset, False

    def formfield_for_choice_field(self, db_field, request: HttpRequest, **kwargs):
        """Leave hiding and the trash to the actions, which ask for a reason and record it."""
        # The status is the only field with choices.
        kwargs["choices"] = [choice for choice in Post.Status.choices if choice[0] not in BY_ACTION]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Post | None = None) -> list[str]:
        # Leave this hidden field out, because the admin would label it. change_form.html contains
        # it.
        names = super().get_fields(request, obj)
        return [name for name in names if name != "opened_version"]

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> tuple:
        names = [*self.readonly_fields]
        if obj is not None and obj.status in BY_ACTION:
            names.append("status")
        # Others can't write in someone else's name.
        if not is_at_least(request.user, Role.OWNER):
            names.append("author")
        return tuple(names)

    def get_form(self, request: HttpRequest, obj: Post | None = None, **kwargs) -> type:
        form = super().get_form(request, obj, **kwargs)
        form.by = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Post, form, change: bool) -> None:
        now = timezone.now()
        publishing.save_post(obj, Edit(now, by=request.user))
        if obj.is_scheduled(now):
            messages.info(request, scheduled_text(obj))

    def get_deleted_objects(self, objs, request: HttpRequest) -> tuple:
        """List only the posts. Everything that belongs to them stays with them in the trash."""
        named = [_("%(post)s (moved to the trash)") % {"post": post} for post in objs]
        return named, {_("posts"): len(named)}, set(), []

    def deletable(self, queryset: QuerySet) -> QuerySet:
        return queryset.not_in_trash()

    def delete_model(self, request: HttpRequest, obj: Post) -> bool:
        """Move the post to the trash. Return False if it is already there."""
        reason = request.POST.get("reason", "").strip()
        return moderation.trash_and_record(obj, request.user, reason=reason, now=timezone.now())

    @admin.action(description=_("Hide"), permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet) -> None:
        act_on(moderation.hide_post, request, queryset.filter(status=Post.Status.PUBLISHED))

    @admin.action(description=_("Restore hidden or trashed posts"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet) -> None:
        act_on(moderation.restore_post, request, queryset.filter(status__in=BY_ACTION))
