"""People in the admin, with what only this app knows of them."""

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import UserAdmin
from accounts.models import User
from posts import discussion
from posts.models import Post

admin.site.unregister(User)


@admin.register(User)
class AuthorAdmin(UserAdmin):
    """Users as `accounts` shows them, with what only this app knows."""

    list_display = ("username", "post_count", *UserAdmin.list_display[1:])

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        posts = Post.objects.filter(author=OuterRef("pk")).order_by().values("author")
        count = Subquery(posts.annotate(count=Count("pk")).values("count"))
        return super().get_queryset(request).annotate(post_count=Coalesce(count, 0))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        discussion.take_back_likes(obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for user in queryset:
            discussion.take_back_likes(user)
        super().delete_queryset(request, queryset)

    @admin.display(description=_("posts"), ordering="post_count")
    def post_count(self, user: User) -> int:
        return user.post_count
