"""The page of a person who writes, and the one on which they say who they are."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.forms import AccountForm
from accounts.views import Account
from caching import takedown
from content.addresses import moved
from posts import search
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


class AuthorAccount(Account):
    """The account page; readers and the search know its owner by what they say there."""

    @transaction.atomic
    def form_valid(self, form: AccountForm) -> HttpResponse:
        response = super().form_valid(form)
        if "display_name" in form.changed_data:
            search.index_author(self.object)
        takedown.announce()
        return response
