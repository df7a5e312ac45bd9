"""People in the admin, with their number of posts."""

from django.contrib import admin
from django.db.models import CharField, Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import UserAdmin
from accounts.models import User
from posts.discussion import liking
from posts.models import NOT_PUBLISHED, ListCount, Post

admin.site.unregister(User)


@admin.register(User)
class AuthorAdmin(UserAdmin):
    """The user admin of `accounts`, with the number of posts of each user."""

    list_display = ("username", "post_count", *UserAdmin.list_display[1:])

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return people with a count of their posts. That of published ones is stored."""
        others = Post.objects.filter(author=OuterRef("pk"), status__in=NOT_PUBLISHED)
        number = others.order_by().values("author").annotate(number=Count("pk")).values("number")
        scope = Concat(Value("author:"), Cast(OuterRef("pk"), CharField()))
        published = ListCount.objects.filter(scope=scope).values("published_count")
        count = Coalesce(Subquery(published), 0) + Coalesce(Subquery(number), 0)
        return super().get_queryset(request).annotate(post_count=count)

    def delete_account(self, request: HttpRequest, obj: User) -> None:
        liking.remove_likes(obj)
        super().delete_account(request, obj)

    @admin.display(description=_("posts"))
    def post_count(self, user: User) -> int:
        return user.post_count
