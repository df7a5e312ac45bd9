"""Several people liking, commenting, moderating and saving at the same moment."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts import tagging
from posts.discussion import commenting, liking, moderation
from posts.models import Comment, Like, Post, SearchDocument, Tag
from posts.search import find
from posts.tests.meanwhile import together
from posts.writing import publishing
from posts.writing.edit import Edit

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
ROUNDS = 12
NOW = timezone.now()


@pytest.fixture
def post(people) -> Post:
    new = Post(author=people[0], title="t", status=Post.Status.PUBLISHED, publish_at=NOW)
    return publishing.save_post(new, Edit(NOW, tags=["old"]))


def numbers_of(post: Post) -> tuple[int, int]:
    post.refresh_from_db()
    return post.like_count, post.comment_count


def test_a_comment_that_one_hides_while_another_approves_it_is_hidden(people, post):
    for number in range(ROUNDS):
        comment = Comment.objects.create(
            post=post,
            author=people[1],
            body=str(number),
            status=Comment.Status.WAITING,
            created_at=NOW,
        )
        acts = [moderation.approve, moderation.hide]
        done = together(
            [
                lambda a=act, pk=comment.pk: a(Comment.objects.get(pk=pk), people[0], now=NOW)
                for act in acts
            ]
        )
        assert done[1]
        comment.refresh_from_db()
        assert comment.is_hidden
    assert numbers_of(post) == (0, 0)


def test_likes_are_counted_right_while_a_liking_account_is_deleted(people, post):
    others = [publishing.save_post(Post(author=people[0], title="t"), Edit(NOW)) for _ in range(3)]
    Post.objects.update(status=Post.Status.PUBLISHED, publish_at=NOW)

    def delete(user: User) -> None:
        with transaction.atomic():
            liking.remove_likes(user)
            user.delete()

    def like(user: User) -> None:
        for one in [post, *others]:
            liking.like(one, user)
            liking.unlike(one, user)
            liking.like(one, user)

    for number in range(ROUNDS):
        user = User.objects.create_user(f"gone{number}")
        liking.like(post, user)
        together([lambda u=user: like(u), lambda u=user: delete(User.objects.get(pk=u.pk))])
        assert Like.objects.count() == sum(Post.objects.values_list("like_count", flat=True)) == 0


def test_no_comment_comes_below_a_post_after_its_comments_are_closed(people, post):
    def comment(person: User, body: str = "words") -> bool:
        try:
            commenting.add_comment(post, person, body, now=timezone.now())
        except commenting.CommentsClosed:
            return False
        return True

    jobs = [lambda p=person: comment(p) for person in people]
    added = together([*jobs, lambda: moderation.close_comments(post, people[0], now=NOW)])[:-1]
    assert numbers_of(post) == (0, post.comments.count()) == (0, sum(added))
    assert not comment(people[0], "others")


def test_a_post_saved_while_its_tag_is_renamed_is_found_by_both_names(people, post):
    tag = Tag.objects.get()
    others = [
        publishing.save_post(
            Post(author=people[0], title="t", status=Post.Status.PUBLISHED, publish_at=NOW),
            Edit(NOW, tags=["old"]),
        )
        for _ in range(9)
    ]
    for number in range(ROUNDS):

        def save(posts: list[Post], word: str = f"word{number}") -> None:
            for one in posts:
                one = Post.objects.get(pk=one.pk)
                one.body = word
                publishing.update(one, Edit(NOW + timedelta(seconds=1)))

        def rename(name: str = f"name{number}") -> None:
            tagging.rename_tag(Tag.objects.get(pk=tag.pk), name)

        together([lambda: save(others[:5]), lambda: save([*others[5:], post]), rename])
        found = find(f"word{number} tag:name{number}", now=timezone.now()).ids
        by_words = find(f"word{number} name{number}", now=timezone.now()).ids
        assert len(found) == len(by_words) == 10


def test_tags_of_one_post_that_get_other_names_at_once_are_both_found(people):
    for names in (["one", "two"], ["two", "one"]):
        publishing.save_post(Post(author=people[0], title="t"), Edit(NOW, tags=names))
    pks = {name: Tag.objects.get(key=name).pk for name in ("one", "two")}

    def rename(pk: int, name: str) -> None:
        tagging.rename_tag(Tag.objects.get(pk=pk), name)

    def reindex() -> None:
        call_command("reindex_posts", stdout=StringIO())

    for number in range(ROUNDS):
        # Make every document out of date, so that the command writes them while tags are renamed.
        SearchDocument.objects.update(title="old")
        names = {pk: f"{name}{number}" for name, pk in pks.items()}
        renames = [lambda pk=pk, name=name: rename(pk, name) for pk, name in names.items()]
        together([*renames, reindex, reindex])
        said = SearchDocument.objects.values_list("tags", flat=True)
        assert {frozenset(text.split(" · ")) for text in said} == {frozenset(names.values())}
