"""Search finds listed posts only, and the same ones on both databases for any query."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from posts.models import Post, SearchDocument
from posts.models.tags import tag_key
from posts.search import find, find_for_moderators
from posts.search.query import parse
from posts.search.tokens import tokenize
from posts.writing import publishing
from posts.writing.edit import Edit

NOW = timezone.now()


@pytest.fixture
def write(make_post):
    """Return a function that writes a post, which is indexed like any other."""

    def write_post(title: str = "Title", body: str = "", **fields) -> Post:
        return make_post(title=title, body=body, **fields)

    return write_post


def found(text: str) -> list[str]:
    """Return the titles of the posts found, best match first."""
    ids = find(text, now=timezone.now()).ids
    titles = dict(Post.objects.values_list("pk", "title"))
    return [titles[post_id] for post_id in ids]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("bread", True),
        ("BREAD", True),
        ("brea", True),
        ("bre", True),
        ("br", False),
        ("bread butter", True),
        ("bread cheese", False),
        ('"bread and butter"', True),
        ('"butter and bread"', False),
        ('"bread and but"', False),
        ('"brea"', False),
        ("bread -butter", False),
        ("bread -butte", True),
        ("bread -cheese", True),
        ('bread -"butter and"', True),
        ('bread -"and butter"', False),
        ("bread-and-butter", True),
        ("bread-and-but", True),
        ("kitchen", True),
        ("tag:kitchen", True),
        ("tag:KITCHEN", True),
        ("tag:kitch", False),
        ('tag:"slow food"', True),
        ("tag:slow", False),
        ("tag:food", False),
        ("bread -tag:kitchen", False),
        ('bread -tag:"slow food"', False),
        ("bread -tag:slow", True),
        ("author:anna", True),
        ('author:"Anna Lindström"', True),
        ("author:lindstrom", True),
        ('author:"lindstrom anna"', False),
        ("author:ann", False),
        ("author:bread", False),
        ("bread -author:anna", False),
        ('bread -author:"anna lind"', True),
        ('bread -author:"anna lindstrom"', False),
        ("bread -author:bert", True),
        ("tag:kitchen author:anna -cheese bread", True),
        ("creme brulee", True),
        ("crème brûlée", True),
        ("Ελλαδα", True),
        ("жёлтый", True),
        ("желтый", True),
        ("日本", True),
        ("日本語", True),
        ("語", True),
        ("本日", False),
        ("한국", True),
        ("ทำงาน", True),
        ("हिन्दी", True),
        ("हिन्द", True),
        ("العربية", True),
        ("c++", True),
        ("c#", True),
        ('"c++ c#"', True),
        ("tag:c++", True),
        ("tag:c", False),
        ("tag:c#", False),
        ("tag:🎉 bread", True),
        ("tag:🎈 bread", False),
        ("bread -tag:🎉", False),
    ],
)
def test_a_query_finds_the_expected_posts(write, make_user, query, is_found):
    write(
        "Bread and butter",
        "Crème Brûlée. ελλάδα! Жёлтый. 日本語 한국어 ทำงาน हिन्दी العربية C++ C#",
        tags="Kitchen, Slow Food, C++, 🎉",
        author=make_user("anna", display_name="Anna Lindström"),
    )
    write("Another", "about nothing of it")
    assert found(query) == (["Bread and butter"] if is_found else [])


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("tag:🎉", ["Party", "Bread", "Salt"]),
        ('tag:"🎉"', ["Party", "Bread", "Salt"]),
        ("tag:🎉 -bread", ["Party", "Salt"]),
        ("tag:🎉 -salt -bread", ["Party"]),
        ("tag:🎉 -tag:🏳️‍🌈", ["Bread", "Salt"]),
        ("tag:🎉 -author:author", []),
        ("tag:🎉 tag:🏳️‍🌈", ["Party"]),
        ("tag:🎂", []),
    ],
)
def test_a_tag_of_only_symbols_is_found_on_its_own(write, query, titles):
    for title, tags in (("Salt", "🎉"), ("Bread", "🎉"), ("Party", "🎉, 🏳️‍🌈"), ("Tea", "")):
        write(title, tags=tags)
    assert found(query) == titles
    # The newest two contain no excluded post.
    ids = find(query, now=timezone.now(), limit=2).ids
    assert set(Post.objects.filter(pk__in=ids).values_list("title", flat=True)) <= set(titles)
    assert set(find_for_moderators(query)) == set(find(query, now=timezone.now()).ids)


@pytest.mark.parametrize(
    "query",
    ["", " ", "-bread", '-"bread and butter"', "-tag:kitchen", "+++", "🎉", "-tag:🎉", '""'],
)
def test_a_query_without_a_word_finds_nothing(write, query):
    write("Bread and butter", "🎉", tags="🎉")
    assert found(query) == []


HOSTILE = [
    '"',
    '""""',
    '"bread',
    'bread"',
    '-"',
    "-",
    "--bread",
    "tag:",
    "tag: bread",
    'tag:"',
    "author:",
    "-author:",
    "tag:tag:bread",
    "NEAR(bread butter, 2)",
    "NEAR(",
    "bread*",
    "*",
    "^bread",
    "title:bread",
    "{title body}: bread",
    "bread AND",
    "OR bread",
    "NOT",
    "bread NOT butter",
    "& | ! ( ) <-> <2>",
    "bread & !butter",
    "bread:*",
    "bread:A",
    "'bread'",
    "'; DROP TABLE posts_post; --",
    "\\",
    "bread\\'",
    "%",
    "_",
    "%s %(x)s {0}",
    "bread\0butter",
    "\0",
    "\ud800 bread",
    "🎉",
    "👩‍👩‍👧",
    "\u202ebread",
    "x" * 10_000,
    "bread " * 2_000,
    '"' * 10_000,
    "-x " * 4_000,
    "日" * 10_000,
    "\u0301" * 10_000,
    "ﷺ" * 3_000,
    '"' + "bread " * 2_000 + '"',
    "tag:" + "ﷺ" * 3_000,
    "1e999 0x10 -1.5 ½ ²",
]


@pytest.mark.parametrize("query", HOSTILE)
def test_no_input_makes_it_fail(client, write, query):
    write("Bread and butter")
    assert find(query, now=NOW).ids in ([], [Post.objects.get().pk])
    if "\ud800" not in query:
        assert client.get("/", {"q": query}).status_code == 200


def test_punctuation_around_a_word_changes_nothing(write):
    write("Bread and butter")
    for query in (
        "bread*",
        "^bread",
        "'bread'",
        "bread:*",
        "(bread)",
        "“bread”",
        "bread!",
        "\0bread",
    ):
        assert found(query) == ["Bread and butter"], query


def test_matches_in_titles_come_first_and_then_newer_posts(write):
    for title, body, days in (
        ("Old title with salt", "", 9),
        ("Newer body", "salt", 1),
        ("New title with salt", "", 3),
        ("Older body", "salt", 5),
        ("Salt and pepper", "", 20),
        ("Peppers", "salt", 30),
    ):
        write(title, body, publish_at=NOW - timedelta(days=days))
    with_salt = ["New title with salt", "Old title with salt", "Salt and pepper"]
    bodies = ["Newer body", "Older body", "Peppers"]
    assert found("salt") == with_salt + bodies
    # Two matches in a title rank above one.
    assert found("salt pepper") == ["Salt and pepper", "Peppers"]
    assert found('"salt and"') == ["Salt and pepper"]


def test_posts_of_one_moment_are_ranked_by_id(write):
    for number in range(4):
        write(f"Salt {number}", publish_at=NOW - timedelta(days=1))
    assert found("salt") == ["Salt 3", "Salt 2", "Salt 1", "Salt 0"]


@pytest.mark.parametrize(("limit", "is_more"), [(2, True), (3, False), (4, False)])
def test_only_the_newest_matches_are_ranked(write, limit, is_more):
    write("Salt in an old title", publish_at=NOW - timedelta(days=9))
    for number in range(2):
        write(f"New {number}", "salt", publish_at=NOW - timedelta(days=1))
    results = find("salt", now=NOW, limit=limit)
    assert (len(results.ids), results.is_more) == (min(limit, 3), is_more)


@pytest.mark.parametrize(
    ("fields", "is_found"),
    [
        ({}, True),
        ({"status": Post.Status.DRAFT, "publish_at": None}, False),
        ({"status": Post.Status.DRAFT}, False),
        ({"status": Post.Status.HIDDEN}, False),
        ({"publish_at": NOW + timedelta(days=1)}, False),
    ],
)
@pytest.mark.parametrize("query", ["bread", "tag:kitchen", "author:author", '"bread and"'])
def test_only_listed_posts_are_found(write, query, fields, is_found):
    write("Bread and butter", tags="Kitchen", **fields)
    assert bool(find(query, now=NOW).ids) == is_found


def test_a_scheduled_post_is_found_from_its_moment(write):
    post = write("Bread", publish_at=NOW + timedelta(days=1))
    assert find("bread", now=post.publish_at - timedelta(microseconds=1)).ids == []
    assert find("bread", now=post.publish_at).ids == [post.pk]


def test_the_index_follows_edits_and_deletes(write):
    post = write("Bread", "butter")
    post.title, post.body = "Soup", "salt"
    publishing.save_post(post, Edit(NOW))
    assert (found("bread"), found("butter")) == ([], [])
    assert found("soup salt") == ["Soup"]
    publishing.delete_post(post)
    assert find("soup", now=NOW).ids == []
    assert not SearchDocument.objects.exists()


def test_it_takes_one_query_and_one_for_tags(write, django_assert_num_queries):
    write("Bread and butter", tags="Kitchen")
    with django_assert_num_queries(1):
        find('bread "and butter" author:author', now=NOW)
    with django_assert_num_queries(2):
        find('bread "and butter" tag:kitchen author:author', now=NOW)
    # If the search excludes something, one more query finds how far back to check for that.
    with django_assert_num_queries(3):
        find('bread "and butter" -soup tag:kitchen author:author -tag:soup', now=NOW)
    with django_assert_num_queries(0):
        find("-bread", now=NOW)


# Compare either database with this plain implementation, so that both find the same posts.

WORDS = (
    "sea seal season search bread breadth butter c don't l'amour été ETE Łódź straße ελλάδα "
    "жёлтый йод 日本語 日本 日 本日 今日は 한국어 한국 ทำงาน हिन्दी हिन्द العربية x1 2024 2024年 "
    "foo-bar foo_bar C++ C# .NET Notepad++ Ünïcödé أحمد کتاب مدرسة ٢٠٢٤"
)
VOCABULARY = WORDS.split()
TAGS = ("sea", "sea salt", "C++", "C", "日本", "été", "🎉")
AUTHORS = {"anna": "Anna Sea", "bert.sea": "", "日本": "C"}


@pytest.fixture
def library(write, make_user):
    """Return, by id, the tokens of sixty random posts, for the plain implementation."""
    chance = random.Random(6)
    users = [make_user(name, display_name=display) for name, display in AUTHORS.items()]
    indexed = {}
    for _ in range(60):
        user = chance.choice(users)
        title = " ".join(chance.choices(VOCABULARY, k=chance.randint(1, 3)))
        body = ", ".join(chance.choices(VOCABULARY, k=chance.randint(0, 8)))
        tags = chance.sample(TAGS, chance.randint(0, 3))
        post = write(title, body, tags=", ".join(tags), author=user)
        names = [user.username, user.display_name]
        fields = {"title": [title], "body": [body], "tag": tags, "author": names}
        tokens = {field: [tokenize(text) for text in texts] for field, texts in fields.items()}
        indexed[post.pk] = tokens | {"keys": {tag_key(tag) for tag in tags}}
    return indexed


def is_there(term, document: dict) -> bool:
    if term.field == "tag":
        return tag_key(term.typed) in document["keys"]
    fields = [term.field] if term.field else ["title", "body", "tag", "author"]
    return any(stands_in(term, tokens) for field in fields for tokens in document[field])


def stands_in(term, tokens: list[str]) -> bool:
    size = len(term.tokens)
    windows = [tokens[start : start + size] for start in range(len(tokens) - size + 1)]
    return any(
        window[:-1] == list(term.tokens[:-1])
        and (
            window[-1] == term.tokens[-1]
            or (term.is_prefix and window[-1].startswith(term.tokens[-1]))
        )
        for window in windows
    )


def random_query(chance: random.Random) -> str:
    parts = []
    for _ in range(chance.randint(1, 4)):
        words = chance.choices(VOCABULARY, k=chance.randint(1, 2))
        kind = chance.random()
        if kind < 0.15:
            part = f'tag:"{chance.choice(TAGS)}"'
        elif kind < 0.25:
            part = f'author:"{chance.choice([*AUTHORS, *AUTHORS.values()])}"'
        elif kind < 0.45:
            part = f'"{" ".join(words)}"'
        else:
            part = words[0][: chance.randint(1, 6)]
        parts.append("-" * (chance.random() < 0.2) + part)
    return " ".join(parts)


def test_three_hundred_queries_find_the_same_as_the_plain_implementation(library):
    chance, hits = random.Random(60), 0
    for _ in range(300):
        text = random_query(chance)
        query = parse(text)
        expected = {
            post_id
            for post_id, document in library.items()
            if query.has_words
            and all(is_there(term, document) for term in query.wanted)
            and not any(is_there(term, document) for term in query.unwanted)
        }
        assert set(find(text, now=NOW).ids) == expected, text
        hits += bool(expected)
    assert hits > 100
