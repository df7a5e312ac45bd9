"""`manage.py seed_demo`: a believable sample blog with the same text on every machine."""

import random
import secrets
import time
from argparse import ArgumentTypeError
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import count, islice

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from tqdm import tqdm

from accounts.models import User
from accounts.roles import Role
from accounts.usernames import username_key
from content.images import make_image
from content.markup import render_comment, render_post
from content.storage import store_files
from posts import listing
from posts.demo.images import draw_image
from posts.demo.writer import DemoPerson, DemoText, comment_texts, demo_person, demo_post
from posts.discussion import commenting, liking
from posts.management import derived
from posts.management.own_posts import add_own_posts
from posts.models import Post
from posts.writing.bulk import add_posts
from posts.writing.languages import typographic_language
from posts.writing.publishing import render_body, set_rendered
from posts.writing.uploads import image_markdown, store_image

BATCH = 1_000
# About as many posts as a visitor looks at. The others get no comments, so that a large sample is
# made quickly.
LIVELY_POSTS = 40
COVERED_POSTS = 12
# A post about a garden, without a cover. The image in its text is green.
ILLUSTRATED_POST = 3
ITS_IMAGE = 9
FACES = 6
LONGEST_GAP = timedelta(days=2)
LONGEST_SPAN = timedelta(days=3650)


class Command(BaseCommand):
    help = "Fills an empty database with a sample blog."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--posts", type=parse_count, default=60, metavar="N")
        parser.add_argument("--users", type=parse_count, default=24, metavar="N")
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--append", action="store_true", help="add to the existing posts")
        choice.add_argument(
            "--if-empty", action="store_true", help="do nothing if there are already posts"
        )

    def handle(self, *, posts: int, users: int, append: bool, if_empty: bool, **options) -> None:
        if posts and not users:
            raise CommandError("Posts need authors, so --users must be at least 1.")
        existing = Post.objects.count()
        if existing and if_empty:
            self.stdout.write("The blog already has posts, so no sample posts were added.")
            return
        if existing and not append:
            raise CommandError(f"The database has {existing} posts; --append adds to them.")
        # Write all or nothing, because half a sample would look like a real blog.
        with transaction.atomic():
            # This version writes the sample, so `prepare` has nothing to update.
            derived.mark_current_if_empty()
            self.fill(posts, users, existing)

    def fill(self, posts: int, users: int, existing: int) -> None:
        started = time.monotonic()
        last_before = Post.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        people = create_people(users)
        create_posts(posts, people, offset=existing, now=timezone.now())
        listing.recount_all()
        # Posts that existed before get no comments.
        made = Post.objects.listed(timezone.now()).filter(pk__gt=last_before).newest_first()
        for number, post in enumerate(list(made[:LIVELY_POSTS])):
            add_likes_and_comments(post, number, list(people.values()))
        show_faces(list(people.values()))
        if posts and not existing:
            add_own_posts(User.objects.get_by_natural_key(next(iter(people))), now=timezone.now())
        seconds = time.monotonic() - started
        self.stdout.write(f"Wrote {posts:,} posts by {users:,} people in {seconds:.1f} s")
        if people and not existing:
            self.allow_login(next(iter(people)))

    def allow_login(self, username: str) -> None:
        """Allow `username` to log in, also to the admin, and print the password only once."""
        password = secrets.token_urlsafe(12)
        user = User.objects.get_by_natural_key(username)
        user.set_password(password)
        user.role = Role.OWNER
        user.save()
        self.stdout.write(f"Log in as {username} with the password {password}")
        self.stdout.write("The password is shown only once. You can also use it at /admin/.")


def parse_count(text: str) -> int:
    """Parse an argument. Raise ArgumentTypeError unless it is a whole number of at least 0."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def create_people(wanted: int) -> dict[str, int]:
    """Create `wanted` users who can't log in, and return their ids by username, in order.

    It skips names that are already taken, so that no existing person appears to write sample text.
    """
    numbers = count()
    ids = {}
    with tqdm(total=wanted, unit=" people", disable=None) as progress:
        while len(ids) < wanted:
            people = [demo_person(n) for n in islice(numbers, min(BATCH, wanted - len(ids)))]
            users = User.objects.bulk_create(new_users(people))
            ids |= {user.username: user.pk for user in users}
            progress.update(len(users))
    return ids


def new_users(people: list[DemoPerson]) -> list[User]:
    people = {username_key(person.username): person for person in people}
    same = User.objects.filter(username_key__in=people)
    taken = set(same.values_list("username_key", flat=True))
    users = [
        User(
            username=person.username,
            password=make_password(None),
            display_name=person.name,
            biography=person.bio,
            biography_html=render_comment(person.bio),
            website=f"https://{key}.example",
        )
        for key, person in people.items()
        if key not in taken
    ]
    for user in users:
        # `bulk_create` doesn't call `save`.
        user.derive_names()
    return users


def create_posts(wanted: int, people: dict[str, int], *, offset: int, now: datetime) -> None:
    """Create `wanted` published posts in batches, oldest first, so that ids increase with time."""
    numbers = iter(reversed(range(offset, offset + wanted)))
    gap = min(LONGEST_GAP, LONGEST_SPAN / max(wanted, 1))
    authors = list(people.values())
    with tqdm(total=wanted, unit=" posts", disable=None) as progress:
        while batch := list(islice(numbers, BATCH)):
            texts = [demo_post(number) for number in batch]
            posts = []
            for number, text in zip(batch, texts, strict=True):
                chance = random.Random(number)  # noqa: S311  the same on every machine
                at = now - gap * (number - offset) - gap * chance.random()
                # Squared, so that a few people write a lot and many write little.
                likely = authors[int(len(authors) * chance.random() ** 2)]
                post = new_post(text, people.get(text.author, likely), at)
                add_images(post, number - offset)
                posts.append(post)
            add_posts(posts, [text.tags for text in texts])
            progress.update(len(batch))


def new_post(text: DemoText, author: int, at: datetime) -> Post:
    """Return an unsaved post that was published at `at`."""
    post = Post(author_id=author, title=text.title, body=text.body, language=text.language)
    post.status = Post.Status.PUBLISHED
    post.publish_at = post.created_at = post.updated_at = at
    language = typographic_language(post)
    set_rendered(post, "".join(render_passage(passage, language) for passage in text.passages))
    return post


def add_images(post: Post, age: int) -> None:
    """Give some new posts a cover, and one an image in its text. The newest has `age` 0."""
    if age < COVERED_POSTS and age % 2 == 0:
        post.cover = store_image(make_image(draw_image(age)), post.author)
        post.cover_alt = image_words()
    if age == ILLUSTRATED_POST:
        name = store_image(make_image(draw_image(ITS_IMAGE)), post.author)
        post.body += f"\n\n{image_markdown(name, image_words())}"
        render_body(post)


@lru_cache(maxsize=20_000)
def render_passage(passage: str, language: str) -> str:
    """Render one passage of a composed post, with a cache because passages repeat."""
    return render_post(passage, language)


def add_likes_and_comments(post: Post, number: int, people: list[int]) -> None:
    """Give a post likes and a thread of comments."""
    chance = random.Random(number)  # noqa: S311  the same on every machine
    readers = chance.sample(people, min(len(people), chance.randrange(1, 20)))
    for reader in User.objects.filter(pk__in=readers):
        liking.like(post, reader)
    add_thread(post, chance, readers)


def image_words() -> str:
    return gettext("Hills behind hills, and a pale sun")


def show_faces(people: list[int]) -> None:
    """Give the first people a profile image."""
    for number, user in enumerate(User.objects.filter(pk__in=people[:FACES]).order_by("pk")):
        user.avatar = store_files(make_image(draw_image(COVERED_POSTS + number)))
        user.save(update_fields=["avatar"])


def add_thread(post: Post, chance: random.Random, readers: list[int]) -> None:
    comments, replies = comment_texts()
    at = post.publish_at
    above = None
    for text in chance.sample(comments, chance.randrange(0, 6)):
        at = min(at + timedelta(hours=chance.uniform(1, 9)), timezone.now())
        reader = User.objects.get(pk=chance.choice(readers))
        above = commenting.add_comment(post, reader, text, now=at)
        if chance.random() < 0.6:
            reply = chance.choice(replies)
            commenting.add_comment(post, post.author, reply, parent_pk=above.pk, now=at)
