"""Fill an empty database with any number of posts, in constant memory.

A million posts have 50,000 tags, 100,000 people and 5,000,000 comments. The texts are a few hundred
of the sample blog's, rendered and tokenized once, with a number added to each title. Rows are
inserted as plain values with our own ids, because creating a model instance takes four times as
long as storing it.
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

from accounts.lookalikes import skeleton
from accounts.models import User
from accounts.usernames import username_key
from caching import pages
from content.markup import RENDERER_VERSION, render_comment, render_post
from posts import listing
from posts.demo.writer import comment_texts, demo_person, demo_post
from posts.models import PATH_STEP, Comment, Post, SearchDocument, Tag, Tagging
from posts.search import sqlite
from posts.search.documents import BETWEEN_NAMES, tokens_of
from posts.search.tokens import tokenize
from posts.writing.publishing import RENDERED_FIELDS, set_rendered

# Skip foreign key checks, because our rows are correct. Only superusers may do that.
UNCHECKED = """
    SELECT set_config('session_replication_role', 'replica', false)
    FROM pg_roles WHERE rolname = current_user AND rolsuper"""
SEARCH_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = 'posts_searchdocument' AND indexdef LIKE '%USING gin%'"""
BATCH = 2_000
TEXTS = 300
COMMENTS = 5
# The newest post gets more comments, to fill a page.
MANY_COMMENTS = 100
# A tag of every second post, and a tag of ten posts.
HALF, TEN = "half", "ten"
# A word that occurs only in the titles of five posts.
RARE_WORD, RARE = "zirconium", 5
SPAN = timedelta(days=3650)

Row = dict[str, Any]


class Text(NamedTuple):
    """A text of many posts: its title without a number, its columns and its tokens."""

    title: str
    columns: Row
    tokens: str


def fill(posts: int) -> None:
    """Fill the empty database; the first account has the most posts."""
    users, tags = max(20, posts // 10), max(20, posts // 20)
    with unsafe_writes(), late_search():
        insert(User, new_users(users), users)
        insert(Tag, new_tags(tags), tags)
        fill_posts(posts, users, tags)
        insert(Comment, new_comments(posts, users), posts * COMMENTS + MANY_COMMENTS)
        reset_sequences()
    tidy()
    listing.recount_all()
    pages.changed()


def is_filled(posts: int) -> bool:
    """Return whether `fill` finished for `posts` posts: its last step counts them."""
    return listing.all_posts().count(timezone.now()) >= posts


@contextmanager
def unsafe_writes() -> Iterator[None]:
    """Write without waiting for the disk. If the power fails, the database must be filled again."""
    pragmas = ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000"]
    settings = ["SET synchronous_commit = off", "SET maintenance_work_mem = '256MB'", UNCHECKED]
    statements = {"sqlite": pragmas, "postgresql": settings}
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
    yield
    # The next connection has the normal settings.
    connection.close()


@contextmanager
def late_search() -> Iterator[None]:
    """Build the search index at the end; row by row takes three times as long."""
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
    """Insert rows in batches, one transaction each."""
    name = model._meta.verbose_name_plural
    with tqdm(total=number, unit=f" {name}", disable=None) as progress:
        for batch in batches(rows):
            insert_batch(model, batch)
            progress.update(len(batch))


@transaction.atomic
def insert_batch(model: type[Model], rows: list[Row]) -> None:
    """Insert rows. Each has the same columns: those that differ from a new instance."""
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
    """Return the column values of an unsaved instance, without its id."""
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
        person = demo_person(place)
        yield {
            "id": place + 1,
            "username": person.username,
            "username_key": username_key(person.username),
            "username_skeleton": skeleton(person.username),
            "display_name_skeleton": skeleton(person.name),
            # Not a valid hash, so no one can log in.
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
    """Insert the posts, oldest first, with their tag assignments and search documents."""
    texts = [new_text(number) for number in range(min(TEXTS, posts))]
    now, gap = timezone.now(), SPAN / posts
    with tqdm(total=posts, unit=" posts", disable=None) as progress:
        for places in batches(range(posts)):
            rows, taggings, documents = [], [], []
            for place in places:
                text, at = texts[place % len(texts)], moment(now - gap * (posts - place))
                row = new_post(place, posts, text, users, at)
                tag_ids = tags_of(place, posts, tags)
                rows.append(row)
                taggings += new_taggings(row, tag_ids)
                documents.append(new_document(row, text, tag_ids))
            with transaction.atomic():
                insert_batch(Post, rows)
                insert_batch(Tagging, taggings)
                insert_batch(SearchDocument, documents)
            progress.update(len(places))


def new_text(number: int) -> Text:
    text = demo_post(number)
    post = Post(title=text.title, body=text.body)
    set_rendered(post, render_post(text.body))
    columns = {name: getattr(post, name) for name in ("body", *RENDERED_FIELDS)}
    return Text(text.title[:150], columns, tokens_of(post)["body"])


def new_post(place: int, posts: int, text: Text, users: int, at: Any) -> Row:
    chance = random.Random(place)
    rare = f" {RARE_WORD}" if is_one_of(place, RARE, posts) else ""
    identity = UUID(int=chance.getrandbits(128), version=4)
    return text.columns | {
        "id": place + 1,
        # Squared, so that a few people write a lot and many write little.
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
    """Return whether `place` is one of `wanted` places that are spread evenly over all."""
    return place % ceil(posts / wanted) == 0


def comments_on(place: int, posts: int) -> int:
    return COMMENTS + MANY_COMMENTS if place == posts - 1 else COMMENTS


def tags_of(place: int, posts: int, tags: int) -> list[int]:
    """Return the ids of two common tags, plus HALF and TEN if this post has them."""
    found = {3 + place * prime % (tags - 2) for prime in (7_919, 104_729)}
    found |= {1} if place % 2 == 0 else set()
    found |= {2} if is_one_of(place, 10, posts) else set()
    return sorted(found)


def new_taggings(post: Row, tag_ids: list[int]) -> Iterator[Row]:
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
        "body": text.tokens,
        "tags": join_names(map(tag_name, tag_ids)),
        "author": names_of(post["author_id"]),
    }


@lru_cache(maxsize=10_000)
def names_of(author: int) -> str:
    person = demo_person(author - 1)
    return join_names([person.username, person.name])


def join_names(names: Iterable[str]) -> str:
    return f" {BETWEEN_NAMES} ".join(" ".join(tokenize(name)) for name in names)


def new_comments(posts: int, users: int) -> Iterator[Row]:
    """Yield the comments in the order of their posts; every third replies to its predecessor."""
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
    """Set the sequences so that new rows get ids after ours."""
    statements = connection.ops.sequence_reset_sql(no_style(), [User, Tag, Post, Comment])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def tidy() -> None:
    """Vacuum and analyze PostgreSQL now, or write SQLite's log into its file."""
    sql = {"sqlite": "PRAGMA wal_checkpoint(TRUNCATE)", "postgresql": "VACUUM ANALYZE"}
    with connection.cursor() as cursor:
        cursor.execute(sql[connection.vendor])
