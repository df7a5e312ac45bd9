"""The indexed text of posts: one row per post, with tokens from the tokenizer."""

from django.db import models

from posts.models.posts import Post


class SearchDocument(models.Model):
    post = models.OneToOneField(
        Post, on_delete=models.CASCADE, primary_key=True, related_name="search_document"
    )
    title = models.TextField()
    body = models.TextField()
    tags = models.TextField()
    author = models.TextField()

    def __str__(self) -> str:
        return f"words of {self.post_id}"
