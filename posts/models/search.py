"""What search looks in: one row a post, of words that the tokenizer made."""

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
