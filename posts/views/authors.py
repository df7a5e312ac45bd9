"""The page of a person who writes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.models import User
from accounts.usernames import username_key
from content.addresses import moved
from posts.listing import PostListing, posts_by
from posts.views.posts import PostList


class AuthorDetail(PostList):
    template_name = "posts/author_detail.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        username = kwargs["username"]
        people = User.objects.filter(is_active=True)
        self.author = get_object_or_404(people, username_key=username_key(username))
        if self.author.username != username:
            return moved(request, reverse("posts:author_detail", args=[self.author.username]))
        return super().get(request, *args, **kwargs)

    def get_listing(self) -> PostListing:
        return posts_by(self.author)

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(author=self.author, **kwargs)
