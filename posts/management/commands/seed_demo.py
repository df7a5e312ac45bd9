"""`manage.py seed_demo`: a believable sample blog, with the same words on every machine."""

import random
import secrets
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, islice

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts.models import User
from accounts.usernames import username_key
from content.slugs import slugify
from posts.demo.writer import name_person, write_post
from posts.models import Post

BATCH = 1_000
LONGEST_GAP = timedelta(days=2)
LONGEST_SPAN = timedelta(days=3650)


class Command(BaseCommand):
    help = "Fills an empty database with a sample blog."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--posts", type=whole_number, default=60, metavar="N")
        parser.add_argument("--users", type=whole_number, default=24, metavar="N")
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--append", action="store_true", help="add to the posts there are")
        choice.add_argument(
            "--if-empty", action="store_true", help="do nothing where there are posts"
        )

    def handle(self, *, posts: int, users: int, append: bool, if_empty: bool, **options) -> None:
        if posts and not users:
            raise CommandError("Posts need authors: --users takes at least 1.")
        existing = Post.objects.count()
        if existing and if_empty:
            self.stdout.write("The blog has posts already; the sample is left out.")
            return
        if existing and not append:
            raise CommandError(f"The database holds {existing} posts; --append adds to them.")
        started = time.monotonic()
        people = create_people(users)
        create_posts(posts, list(people.values()), people, offset=existing, now=timezone.now())
        seconds = time.monotonic() - started
        self.stdout.write(f"Wrote {posts:,} posts by {users:,} people in {seconds:.1f} s")
        if people and not existing:
            self.open_door(next(iter(people)))

    def open_door(self, username: str) -> None:
        """Let `username` log in, also to the admin, and print the password: only here, only now."""
        password = secrets.token_urlsafe(12)
        user = User.objects.get_by_natural_key(username)
        user.set_password(password)
        user.is_staff = user.is_superuser = True
        user.save()
        self.stdout.write(f"Log in as {username} with the password {password}")
        self.stdout.write("It is shown this once. The admin at /admin/ takes it too.")


def whole_number(text: str) -> int:
    """Parse an argument; raise ArgumentTypeError for what is no whole number or below 0."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def create_people(wanted: int) -> dict[str, int]:
    """Create `wanted` users who can't log in; return their ids by username, in order.

    A name that somebody has already is passed over: nobody is made to have said what they did not.
    """
    numbers, ids = count(), {}
    with tqdm(total=wanted, unit=" people", disable=None) as progress:
        while len(ids) < wanted:
            people = [name_person(n) for n in islice(numbers, min(BATCH, wanted - len(ids)))]
            users = User.objects.bulk_create(new_users([person.username for person in people]))
            ids |= {user.username: user.pk for user in users}
            progress.update(len(users))
    return ids


def new_users(usernames: list[str]) -> list[User]:
    keys = {username: username_key(username) for username in usernames}
    taken = set(
        User.objects.filter(username_key__in=keys.values()).values_list("username_key", flat=True)
    )
    return [
        User(username=username, username_key=key, password=make_password(None))
        for username, key in keys.items()
        if key not in taken
    ]


def create_posts(
    wanted: int, authors: list[int], by_name: dict[str, int], *, offset: int, now: datetime
) -> None:
    """Create `wanted` published posts in batches, the oldest first, so that ids grow with time."""
    newest_last = new_posts(wanted, authors, by_name, offset=offset, now=now)
    with tqdm(total=wanted, unit=" posts", disable=None) as progress:
        while batch := list(islice(newest_last, BATCH)):
            Post.objects.bulk_create(batch)
            progress.update(len(batch))


def new_posts(
    wanted: int, authors: list[int], by_name: dict[str, int], *, offset: int, now: datetime
) -> Iterator[Post]:
    """Yield unsaved posts, evenly spread over the time up to `now`; memory does not grow."""
    gap = min(LONGEST_GAP, LONGEST_SPAN / max(wanted, 1))
    for age in reversed(range(wanted)):
        text = write_post(age + offset)
        chance = random.Random(age + offset)  # noqa: S311  the same on every machine
        at = now - gap * (age + chance.random())
        # Squared, so that a few write much and many write little.
        author = by_name.get(text.author) or authors[int(len(authors) * chance.random() ** 2)]
        yield Post(
            author_id=author,
            title=text.title,
            slug=slugify(text.title),
            body=text.body,
            status=Post.Status.PUBLISHED,
            publish_at=at,
            created_at=at,
            updated_at=at,
        )
