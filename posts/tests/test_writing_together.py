"""Several people writing at the same moment."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts import listing, tagging
from posts.models import Post, Tag, Tagging
from posts.tests.listings import counters, expect_right_numbers
from posts.tests.meanwhile import together
from posts.writing import publishing
from posts.writing.edit import Edit

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NOW = timezone.now()


def write(person: User, tags: list[str], at=NOW) -> Post:
    post = Post(author=person, title="t", status=Post.Status.PUBLISHED, publish_at=at)
    return publishing.save_post(post, Edit(NOW, tags=tags))


def test_one_new_tag_typed_by_all_is_one_tag(people):
    spellings = ["Tea", "tea", "TEA", "Téa"]
    together([lambda p=p, s=s: write(p, [s]) for p, s in zip(people, spellings, strict=True)])
    tag = Tag.objects.get()
    assert tag.name in spellings and tag.key == "tea"
    assert Tagging.objects.count() == tag.published_count == 4


def test_new_tags_whose_addresses_meet_get_one_each(people):
    names = ["C", "C?", "C!", "(C)"]
    together([lambda p=p, n=n: write(p, [n]) for p, n in zip(people, names, strict=True)])
    assert sorted(Tag.objects.values_list("slug", flat=True)) == ["c", "c-2", "c-3", "c-4"]


def test_new_tags_in_another_order_cause_no_deadlock(people):
    names = [f"t{number}" for number in range(10)]
    mixed = [random.Random(seed).sample(names, 10) for seed in range(4)]
    posts = together([lambda p=p, n=n: write(p, n) for p, n in zip(people, mixed, strict=True)])
    assert [[tag.name for tag in post.tag_list] for post in posts] == mixed
    assert set(Tag.objects.values_list("published_count", flat=True)) == {4}


def test_numbers_are_right_after_many_wrote_deleted_and_moved_at_once(people):
    def work(person: User, seed: int) -> None:
        chance = random.Random(seed)
        for number in range(12):
            at = NOW - timedelta(seconds=chance.randrange(1000))
            tags = [*chance.sample(["a", "b", "c"], 2), f"new{number}"]
            post = write(people[0] if chance.random() < 0.5 else person, tags, at)
            if chance.random() < 0.3:
                publishing.delete_post(post)
            elif chance.random() < 0.3:
                post.publish_at = NOW - timedelta(seconds=chance.randrange(1000))
                publishing.save_post(post, Edit(NOW, tags=tags[::-1]))

    together([lambda p=p, s=s: work(p, s) for s, p in enumerate(people)])
    expect_right_numbers()


def test_simultaneous_deletions_of_a_post_subtract_it_once(people):
    kept, post = write(people[0], ["a"]), write(people[0], ["a"])
    copies = [Post.objects.get(pk=post.pk) for _ in people]
    together([lambda copy=copy: publishing.delete_post(copy) for copy in copies])
    assert Post.objects.get() == kept
    tag = Tag.objects.get()
    assert counters() == {"all": 1, f"author:{people[0].pk}": 1, f"tag:{tag.pk}": 1}


def test_hiding_and_restoring_at_once_leaves_right_numbers(people):
    post = write(people[0], ["a"])

    def toggle() -> None:
        copy = Post.objects.get(pk=post.pk)
        for _ in range(5):
            publishing.change_status(copy, Post.Status.PUBLISHED, to=Post.Status.HIDDEN)
            publishing.change_status(copy, Post.Status.HIDDEN, to=Post.Status.PUBLISHED)

    together([toggle for _ in people])
    expect_right_numbers()


def test_counting_again_while_others_write_loses_nothing(people):
    def write_some(person: User) -> None:
        for number in range(8):
            write(person, ["a", f"b{number}"], NOW - timedelta(seconds=number))

    def recount_often() -> None:
        for _ in range(8):
            listing.recount_all()

    together([*[lambda p=p: write_some(p) for p in people[:3]], recount_often])
    expect_right_numbers()


def test_tags_are_merged_while_others_add_them_to_posts(people):
    writers = {person.pk for person in people[:3]}

    def write_some(person: User) -> None:
        try:
            for number in range(15):
                post = write(person, ["one", "two"], NOW - timedelta(seconds=number))
                others = ["two", "three"] if number % 2 else ["one"]
                publishing.save_post(post, Edit(NOW, tags=others))
        finally:
            writers.remove(person.pk)

    def merge_often() -> None:
        while writers:
            tags = list(Tag.objects.filter(key__in=["one", "two"]).order_by("?"))
            if len(tags) == 2:
                tagging.merge_tags(tags[0], into=tags[1])

    together([*[lambda p=p: write_some(p) for p in people[:3]], merge_often])
    assert Post.objects.count() == 45
    expect_right_numbers()


def test_a_tag_that_was_merged_meanwhile_is_not_locked(people):
    post = write(people[0], ["one"])
    write(people[0], ["two"])
    gone, kept = Tag.objects.order_by("pk")
    stale = Tag(pk=gone.pk, name="one")
    tagging.merge_tags(gone, into=kept)
    for names, had in ((["one"], []), ([], [stale])):
        with pytest.raises(tagging.TagsMoved), transaction.atomic():
            tagging.lock_tags(names, had)
    with transaction.atomic():
        assert tagging.lock_tags([], post.tag_list) == []
        assert tagging.find_and_lock_tags(["One"], post) == [Tag.objects.get(key="one")]


def test_tags_renamed_and_merged_by_many_cause_no_errors(people):
    def move_often(person: User) -> None:
        for number in range(20):
            write(person, [f"tag {number % 5}", f"word {number % 3}"], NOW)
            # By now, all tags may have been merged into a single tag.
            with suppress(tagging.TagsMoved, ValueError):
                one, other = Tag.objects.order_by("?")[:2]
                if number % 2:
                    tagging.merge_tags(one, into=other)
                else:
                    tagging.rename_tag(one, f"other {number % 3}")

    together([lambda p=p: move_often(p) for p in people])
    expect_right_numbers()


def test_a_tag_that_was_renamed_meanwhile_is_not_locked(people):
    write(people[0], ["one"])
    stale = Tag.objects.get()
    tagging.rename_tag(Tag.objects.get(), "two")
    for names, had in ((["one"], []), ([], [stale])):
        with pytest.raises(tagging.TagsMoved), transaction.atomic():
            tagging.lock_tags(names, had)


def test_a_tag_is_not_renamed_from_an_outdated_name(people):
    write(people[0], ["one"])
    stale = Tag.objects.get()
    tagging.rename_tag(Tag.objects.get(), "two")
    with pytest.raises(tagging.TagsMoved):
        tagging.rename_tag(stale, "three")
    assert Tag.objects.get().name == "two"


def test_a_deleted_tag_is_neither_merged_nor_renamed(people):
    write(people[0], ["one", "two", "three"])
    gone, two, three = Tag.objects.order_by("pk")
    tagging.merge_tags(gone, into=two)
    gone.pk = 1_000_000
    for move in (
        lambda: tagging.merge_tags(gone, into=three),
        lambda: tagging.merge_tags(three, into=gone),
        lambda: tagging.rename_tag(gone, "four"),
    ):
        with pytest.raises(tagging.TagsMoved):
            move()
    assert set(Tag.objects.all()) == {two, three}
