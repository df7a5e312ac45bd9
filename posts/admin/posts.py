"""Moderation: posts, and people with the number of posts they wrote."""

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin import UserAdmin
from accounts.models import User
from accounts.usernames import username_key
from posts import publishing
from posts.models import Post


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


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ("title", "author", "status", "publish_at")
    list_filter = ("status", AuthorFilter, "publish_at")
    list_select_related = ("author",)
    search_fields = ("title", "author__username")
    search_help_text = _("Title or username")
    show_full_result_count = False
    autocomplete_fields = ("author",)
    readonly_fields = ("slug", "created_at", "updated_at")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # A page of the list would otherwise read a hundred whole posts.
        return super().get_queryset(request).defer("body")

    def save_model(self, request: HttpRequest, obj: Post, form, change: bool) -> None:
        publishing.save_post(obj, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Post) -> None:
        publishing.delete_post(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for post in queryset:
            publishing.delete_post(post)


admin.site.unregister(User)


@admin.register(User)
class AuthorAdmin(UserAdmin):
    """Users as `accounts` shows them, with what only this app knows."""

    list_display = ("username", "post_count", *UserAdmin.list_display[1:])

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        posts = Post.objects.filter(author=OuterRef("pk")).order_by().values("author")
        count = Subquery(posts.annotate(count=Count("pk")).values("count"))
        return super().get_queryset(request).annotate(post_count=Coalesce(count, 0))

    @admin.display(description=_("posts"), ordering="post_count")
    def post_count(self, user: User) -> int:
        return user.post_count
