"""Fills an empty database with as many posts as are to be measured, in memory that stays flat.

A million posts bring 50,000 tags, 100,000 people and 5,000,000 comments. The texts are those of the
sample blog: a few hundred, rendered and taken apart into words once, and told apart by a number in
the title. Rows go in as plain values with ids of ours, because making a model's instance of each
takes four times as long as storing it.
"""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from math import ceil
from typing import Any, NamedTuple
from uuid import UUID

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.utils import timezone
from tqdm import tqdm

from accounts.models import User
from accounts.usernames import username_key
from content.markup import RENDERER_VERSION, render_comment, render_post
from posts import listing, page_cache
from posts.demo.writer import comment_texts, name_person, write_post
from posts.models import PATH_STEP, Comment, Post, SearchDocument, Tag, Tagging
from posts.publishing import RENDERED_FIELDS, set_rendered
from posts.search import sqlite
from posts.search.documents import BETWEEN_NAMES, words_of
from posts.search.tokens import tokenize

# Rows that go in are right: nobody looks again whether there is what each refers to. Others than
# superusers have to wait for that.
UNCHECKED = """
    SELECT set_config('session_replication_role', 'replica', false)
    FROM pg_roles WHERE rolname = current_user AND rolsuper"""
SEARCH_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = 'posts_searchdocument' AND indexdef LIKE '%USING gin%'"""
BATCH = 2_000
TEXTS = 300
COMMENTS = 5
# On the newest post besides: as many as a page of comments shows.
MANY_COMMENTS = 100
# The tag of every second post, and the one of ten posts.
HALF, TEN = "half", "ten"
# A word that stands in the titles of five posts alone.
RARE_WORD, RARE = "zirconium", 5
SPAN = timedelta(days=3650)

Row = dict[str, Any]


class Text(NamedTuple):
    """A text of many posts: the title without its number, the columns it fills, its words."""

    title: str
    columns: Row
    words: str


def fill(posts: int) -> None:
    """Fill the empty database; the first account wrote more than any other."""
    users, tags = max(20, posts // 10), max(20, posts // 20)
    with unsafe_writes(), late_search():
        insert(User, new_users(users), users)
        insert(Tag, new_tags(tags), tags)
        fill_posts(posts, users, tags)
        insert(Comment, new_comments(posts, users), posts * COMMENTS + MANY_COMMENTS)
        reset_sequences()
    tidy()
    listing.rebuild_all()
    page_cache.changed()


def is_filled(posts: int) -> bool:
    """Tell whether all of `posts` are there: what `fill` does last is count them."""
    return listing.all_posts().count(timezone.now()) >= posts


@contextmanager
def unsafe_writes() -> Iterator[None]:
    """Don't wait for the disk: a database that a power cut spoils is made anew."""
    pragmas = ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000"]
    settings = ["SET synchronous_commit = off", "SET maintenance_work_mem = '256MB'", UNCHECKED]
    statements = {"sqlite": pragmas, "postgresql": settings}
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
    yield
    # The next connection is as safe as any.
    connection.close()


@contextmanager
def late_search() -> Iterator[None]:
    """Index the words at the end, at once: row by row takes three times as long."""
    late = {"sqlite": late_sqlite_search, "postgresql": late_postgresql_search}
    with connection.cursor() as cursor, late[connection.vendor](cursor):
        yield


@contextmanager
def late_sqlite_search(cursor: CursorWrapper) -> Iterator[None]:
    cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'posts_search_added'")
    trigger = cursor.fetchone()[0]
    cursor.execute("DROP TRIGGER posts_search_added")
    yield
    cursor.execute(trigger)
    sqlite.rebuild()


@contextmanager
def late_postgresql_search(cursor: CursorWrapper) -> Iterator[None]:
    cursor.execute(SEARCH_INDEXES)
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        cursor.execute(definition)


def batches(rows: Iterable) -> Iterator[list]:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch


def insert(model: type[Model], rows: Iterable[Row], number: int) -> None:
    """Insert rows by batches, each a transaction."""
    name = model._meta.verbose_name_plural
    with tqdm(total=number, unit=f" {name}", disable=None) as progress:
        for batch in batches(rows):
            insert_batch(model, batch)
            progress.update(len(batch))


@transaction.atomic
def insert_batch(model: type[Model], rows: list[Row]) -> None:
    """Insert rows, each the columns in which it differs from a new instance, all the same ones."""
    defaults = new_row(model)
    columns = defaults | rows[0]
    names = ", ".join(map(connection.ops.quote_name, columns))
    table = f"{model._meta.db_table} ({names})"
    values = [list((defaults | row).values()) for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", values)


@lru_cache
def new_row(model: type[Model]) -> Row:
    """Return the columns of an unsaved instance as the database takes them, without its id."""
    instance = model()
    return {
        field.column: field.get_db_prep_save(field.pre_save(instance, add=True), connection)
        for field in model._meta.concrete_fields
        if not field.primary_key
    }


def moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def new_users(number: int) -> Iterator[Row]:
    for place in range(number):
        person = name_person(place)
        yield {
            "id": place + 1,
            "username": person.username,
            "username_key": username_key(person.username),
            # A hash of nothing, with which nobody logs in.
            "password": "!",
            "display_name": person.name,
            "biography": person.bio,
            "biography_html": f"<p>{person.bio}</p>",
        }


def new_tags(number: int) -> Iterator[Row]:
    for place in range(number):
        name = tag_name(place + 1)
        yield {"id": place + 1, "name": name, "key": name, "slug": name.replace(" ", "-")}


def tag_name(pk: int) -> str:
    return {1: HALF, 2: TEN}.get(pk) or f"topic {pk}"


def fill_posts(posts: int, users: int, tags: int) -> None:
    """Insert the posts, the oldest first, with their ties to tags and what search looks in."""
    texts = [new_text(number) for number in range(min(TEXTS, posts))]
    now, gap = timezone.now(), SPAN / posts
    with tqdm(total=posts, unit=" posts", disable=None) as progress:
        for places in batches(range(posts)):
            rows, ties, documents = [], [], []
            for place in places:
                text, at = texts[place % len(texts)], moment(now - gap * (posts - place))
                row = new_post(place, posts, text, users, at)
                tag_ids = tags_of(place, posts, tags)
                rows.append(row)
                ties += new_ties(row, tag_ids)
                documents.append(new_document(row, text, tag_ids))
            with transaction.atomic():
                insert_batch(Post, rows)
                insert_batch(Tagging, ties)
                insert_batch(SearchDocument, documents)
            progress.update(len(places))


def new_text(number: int) -> Text:
    text = write_post(number)
    post = Post(title=text.title, body=text.body)
    set_rendered(post, render_post(text.body))
    columns = {name: getattr(post, name) for name in ("body", *RENDERED_FIELDS)}
    return Text(text.title[:150], columns, words_of(post)["body"])


def new_post(place: int, posts: int, text: Text, users: int, at: Any) -> Row:
    chance = random.Random(place)
    rare = f" {RARE_WORD}" if is_one_of(place, RARE, posts) else ""
    identity = UUID(int=chance.getrandbits(128), version=4)
    return text.columns | {
        "id": place + 1,
        # Squared, so that a few write much and many write little.
        "author_id": int(users * chance.random() ** 2) + 1,
        "title": f"{text.title}{rare} {place}",
        "slug": f"post-{place}",
        "uuid": identity.hex if connection.vendor == "sqlite" else identity,
        "status": Post.Status.PUBLISHED.value,
        "publish_at": at,
        "created_at": at,
        "updated_at": at,
        "comment_count": comments_on(place, posts),
    }


def is_one_of(place: int, wanted: int, posts: int) -> bool:
    """Tell whether `place` is one of `wanted` places, spread evenly over all of them."""
    return place % ceil(posts / wanted) == 0


def comments_on(place: int, posts: int) -> int:
    return COMMENTS + MANY_COMMENTS if place == posts - 1 else COMMENTS


def tags_of(place: int, posts: int, tags: int) -> list[int]:
    """Return the ids of two tags of many, and of HALF and TEN where they are due."""
    found = {3 + place * prime % (tags - 2) for prime in (7_919, 104_729)}
    found |= {1} if place % 2 == 0 else set()
    found |= {2} if is_one_of(place, 10, posts) else set()
    return sorted(found)


def new_ties(post: Row, tag_ids: list[int]) -> Iterator[Row]:
    for position, tag_id in enumerate(tag_ids):
        yield {
            "post_id": post["id"],
            "tag_id": tag_id,
            "position": position,
            "status": post["status"],
            "publish_at": post["publish_at"],
        }


def new_document(post: Row, text: Text, tag_ids: list[int]) -> Row:
    return {
        "post_id": post["id"],
        "title": " ".join(tokenize(post["title"])),
        "body": text.words,
        "tags": join_names(map(tag_name, tag_ids)),
        "author": names_of(post["author_id"]),
    }


@lru_cache(maxsize=10_000)
def names_of(author: int) -> str:
    person = name_person(author - 1)
    return join_names([person.username, person.name])


def join_names(names: Iterable[str]) -> str:
    return f" {BETWEEN_NAMES} ".join(" ".join(tokenize(name)) for name in names)


def new_comments(posts: int, users: int) -> Iterator[Row]:
    """Yield the comments in the order of their posts; every third answers the one before."""
    texts = [
        {"body": text, "body_html": render_comment(text), "rendered_by": RENDERER_VERSION}
        for text in comment_texts()[0]
    ]
    now, pk, path = moment(timezone.now()), 0, ""
    for place in range(posts):
        for number in range(comments_on(place, posts)):
            pk += 1
            is_answer = number % 3 == 2
            path = (path if is_answer else "") + f"{pk:0{PATH_STEP}}"
            yield texts[pk % len(texts)] | {
                "id": pk,
                "post_id": place + 1,
                "author_id": pk * 7_919 % users + 1,
                "parent_id": pk - 1 if is_answer else None,
                "path": path,
                "created_at": now,
            }


def reset_sequences() -> None:
    """Let new rows go on after the ids that were given here."""
    statements = connection.ops.sequence_reset_sql(no_style(), [User, Tag, Post, Comment])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def tidy() -> None:
    """Do at once what PostgreSQL does by and by, and empty SQLite's log into its file."""
    sql = {"sqlite": "PRAGMA wal_checkpoint(TRUNCATE)", "postgresql": "VACUUM ANALYZE"}
    with connection.cursor() as cursor:
        cursor.execute(sql[connection.vendor])
