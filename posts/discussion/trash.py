"""The trash for editors: their acts on other people's posts are logged."""

from django.utils import timezone

from posts.discussion import moderation
from posts.models import Post
from posts.writing import trash


class PostDelete(trash.PostDelete):
    def move_to_trash(self, post: Post) -> None:
        if post.author_id == self.request.user.pk:
            super().move_to_trash(post)
        else:
            moderation.trash_and_record(post, self.request.user, now=timezone.now())


class PostRestore(trash.PostRestore):
    def restore(self, post: Post) -> None:
        if post.author_id == self.request.user.pk:
            super().restore(post)
        else:
            moderation.restore_post(post, self.request.user, now=timezone.now())
