"""The page of an author and their posts."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from content.addresses import moved
from posts.listing import PostListing, find_author, posts_by
from posts.reading.lists import PostList


class AuthorDetail(PostList):
    template_name = "posts/author_detail.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        username = kwargs["username"]
        self.author = find_author(username, timezone.now())
        if self.author.username != username:
            return moved(request, reverse("posts:author_detail", args=[self.author.username]))
        return super().get(request, *args, **kwargs)

    def get_listing(self) -> PostListing:
        return posts_by(self.author.pk)

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(author=self.author, **kwargs)
