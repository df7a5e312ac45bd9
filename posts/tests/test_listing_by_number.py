"""Pages opened by number: the counters stay right under any change to posts."""

import random
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts import listing
from posts.models import ListCount, Post, Tag, Tagging
from posts.tests.listings import (
    all_listings,
    by_number,
    counters,
    expect_right_numbers,
    plain_slices,
)
from posts.tests.test_listing import KINDS, MINUTE, NOW, PATHS, links, publish, titles
from posts.writing import publishing
from posts.writing.edit import Edit


@pytest.mark.parametrize("seed", range(4))
def test_pages_by_number_equal_a_plain_slice_after_any_changes(make_user, seed):
    chance = random.Random(seed)
    people = [make_user("one"), make_user("two")]
    for number in range(110):
        act(chance, people, number)
    now, later = NOW, NOW + timedelta(days=400)
    for each in all_listings():
        for at in (now, later):
            assert plain_slices(each, at) == by_number(each, at)
    expect_right_numbers()


def act(chance: random.Random, people: list, number: int) -> None:
    """Make one random change to the blog."""
    posts = list(Post.objects.order_by("pk"))
    verb = chance.choices(list(VERBS), list(VERBS.values()))[0] if len(posts) > 10 else "write"
    tags = chance.sample(["tea", "Coffee", "mate", "c++"], chance.randint(0, 3))
    moment = NOW - timedelta(minutes=chance.randrange(60))
    soon = NOW + timedelta(minutes=chance.randrange(1, 9))
    new = Post(author=chance.choice(people), title=f"Title {number}")
    new.status, new.publish_at = Post.Status.PUBLISHED, moment
    post = new if verb == "write" else chance.choice(posts)
    changes = {
        "edit": {"title": f"Other {number}"},
        "move": {"publish_at": moment},
        "schedule": {"publish_at": soon},
        "give": {"author": chance.choice(people)},
        "withdraw": {"status": Post.Status.DRAFT},
    }
    acts = {
        "publish": lambda: publishing.publish(post, Edit(NOW, tags=chance.choice([None, tags]))),
        "delete": lambda: publishing.delete_post(post),
        "hide": lambda: publishing.change_status(post, post.Status.PUBLISHED, to="hidden"),
        "restore": lambda: publishing.change_status(post, post.Status.HIDDEN, to="published"),
    }
    for name, value in changes.get(verb, {}).items():
        setattr(post, name, value)
    is_tagged = verb in ("write", "retag")
    save = acts.get(
        verb,
        lambda: publishing.save_post(post, Edit(NOW, tags=tags if is_tagged else None)),
    )
    save()


# Each change and its weight.
VERBS = {
    "write": 5,
    "edit": 1,
    "move": 2,
    "schedule": 1,
    "give": 1,
    "withdraw": 1,
    "publish": 2,
    "delete": 2,
    "hide": 1,
    "restore": 2,
    "retag": 2,
}


def test_a_scheduled_post_that_comes_due_makes_no_page_wrong(many, author):
    many(20)
    for hours in (3, 1, 2):
        publish(author, f"Later {hours}", NOW + timedelta(hours=hours))
    for each in all_listings():
        for hours in range(5):
            now = NOW + timedelta(hours=hours)
            assert by_number(each, now) == plain_slices(each, now)
    expect_right_numbers()


# Cost


def offsets(queries: CaptureQueriesContext) -> list[int]:
    found = [re.search(r"\bOFFSET (\d+)", query["sql"]) for query in queries]
    return [int(match[1]) for match in found if match]


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_by_number_is_counted_from_the_nearer_end(author, many, kind):
    many(103)
    each = KINDS[kind](author, Tag.objects.get())
    with CaptureQueriesContext(connection) as queries:
        pages = by_number(each, NOW)
    assert list(map(len, pages)) == [5] * 20 + [3]
    assert max(offsets(queries)) == 48
    with CaptureQueriesContext(connection) as queries:
        each.page({"page": "21"}, size=5, now=NOW)
    assert offsets(queries) == []


@pytest.mark.parametrize("path", PATHS.values())
def test_pages_too_far_from_both_ends_are_found_only_by_key(client, many, monkeypatch, path):
    monkeypatch.setattr(listing, "SKIPPED_MAX", 10)
    many(40)
    answers = [client.get(f"{path}?page={number}").status_code for number in range(1, 9)]
    assert answers == [200, 200, 200, 404, 404, 200, 200, 200]
    third = client.get(f"{path}?page=3").text
    assert titles(client.get(path + links(third)["Older"]).text)[0] == "Post 15"


@pytest.mark.parametrize("path", [*PATHS.values(), "/?page=2", "/tags/", "/?page=2&after={key}"])
@pytest.mark.parametrize(("visitor", "limit"), [("anonymous", 6), ("reader", 8)])
def test_a_page_costs_the_same_few_queries_at_any_length(client_of, many, path, visitor, limit):
    posts, client, costs = many(10), client_of(visitor), []
    path = path.format(key=listing.position_key(posts[4].position))
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        costs.append(len(queries))
        Post.objects.all().delete()
        Tag.objects.all().delete()
        posts = many(200)
        path = re.sub("after=.*", f"after={listing.position_key(posts[4].position)}", path)
    assert costs[0] == costs[1] <= limit


# Stale copies of a post that has since changed


def test_deleting_a_post_twice_counts_it_out_once(make_post):
    make_post()
    post = make_post(tags="tea")
    copy = Post.objects.get(pk=post.pk)
    publishing.delete_post(post)
    publishing.delete_post(copy)
    assert counters() == {"all": 1, f"author:{post.author_id}": 1, f"tag:{Tag.objects.get().pk}": 0}


def test_deleting_a_post_that_was_hidden_meanwhile_counts_it_out_once(make_post):
    make_post()
    post = make_post()
    copy = Post.objects.get(pk=post.pk)
    publishing.change_status(post, Post.Status.PUBLISHED, to=Post.Status.HIDDEN)
    publishing.delete_post(copy)
    assert counters() == {"all": 1, f"author:{post.author_id}": 1}


def test_restoring_an_old_copy_lists_the_post_at_its_current_position(make_post):
    posts = [make_post(tags="tea", publish_at=NOW - n * MINUTE) for n in range(15)]
    copy = Post.objects.get(pk=posts[0].pk)
    publishing.change_status(posts[0], Post.Status.PUBLISHED, to=Post.Status.HIDDEN)
    posts[0].publish_at = NOW - timedelta(days=2)
    publishing.save_post(posts[0], Edit(NOW))
    assert publishing.change_status(copy, Post.Status.HIDDEN, to=Post.Status.PUBLISHED)
    assert Tagging.objects.get(post=copy).publish_at == posts[0].publish_at
    expect_right_numbers()


def test_names_in_the_admin_and_in_logs(db):
    assert str(ListCount(scope="all")) == "all"
