"""The query parser accepts any input."""

import random

import pytest

from posts.search.query import QUERY_MAX_LENGTH, TERMS_MAX, Query, Term, parse


def word(text: str, **fields) -> Term:
    return Term(text, (text,), is_prefix=len(text) > 2, **fields)


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("", [], []),
        ("bread", [word("bread")], []),
        ("of", [Term("of", ("of",))], []),
        ("Bread bread BREAD", [Term("Bread", ("bread",), is_prefix=True), word("bread")], []),
        ('"bread  and"', [Term("bread and", ("bread", "and"))], []),
        ("“bread”", [Term("bread", ("bread",))], []),
        ('"bread', [Term("bread", ("bread",))], []),
        ('x"bread"y', [Term("x", ("x",)), Term("bread", ("bread",)), Term("y", ("y",))], []),
        ("foo-bar", [Term("foo-bar", ("foo", "bar"), is_prefix=True)], []),
        ("-bread", [], [Term("bread", ("bread",))]),
        ("--bread", [], [Term("-bread", ("bread",))]),
        ('-"bread and"', [], [Term("bread and", ("bread", "and"))]),
        ("tag:C++", [Term("C++", ("cpp",), field="tag")], []),
        ("tag:🎉", [Term("🎉", (), field="tag")], []),
        ('TAG:"slow food"', [Term("slow food", ("slow", "food"), field="tag")], []),
        ("-tag:x", [], [Term("x", ("x",), field="tag")]),
        ("author:anna", [Term("anna", ("anna",), field="author")], []),
        ("author:+", [], []),
        ("tag:", [Term("tag:", ("tag",), is_prefix=True)], []),
        ("title:x", [Term("title:x", ("title", "x"))], []),
        ("日本語", [Term("日本語", ("日本", "本語"))], []),
        ("日", [Term("日", ("日",), is_prefix=True)], []),
        ('"日"', [Term("日", ("日",), is_prefix=True)], []),
        ("-日", [], [Term("日", ("日",), is_prefix=True)]),
        ("今日 東京", [Term("今日", ("今日",)), Term("東京", ("東京",))], []),
        ('"今日 東京"', [Term("今日 東京", ("今日", "日", "東京"))], []),
        ("- + * \" ' : ()", [], []),
    ],
)
def test_the_parser_returns_the_expected_terms(text, wanted, unwanted):
    if text.startswith("Bread bread"):
        wanted = [*wanted, Term("BREAD", ("bread",), is_prefix=True)]
    assert parse(text) == Query(tuple(wanted), tuple(unwanted))


@pytest.mark.parametrize(
    ("text", "is_cut"),
    [
        ("x" * QUERY_MAX_LENGTH, False),
        ("x" * (QUERY_MAX_LENGTH + 1), True),
        (" ".join(f"w{n}" for n in range(TERMS_MAX)), False),
        (" ".join(f"w{n}" for n in range(TERMS_MAX + 1)), True),
        ("-x" * 5_000, True),
    ],
)
def test_a_long_query_is_cut_and_the_page_says_so(text, is_cut):
    query = parse(text)
    assert query.is_cut == is_cut
    assert len(query.wanted) + len(query.unwanted) <= TERMS_MAX


@pytest.mark.parametrize(
    ("text", "has_words"),
    [("", False), ("-bread", False), ("tag:🎉", False), ("tag:x", True), ("x -y", True)],
)
def test_only_text_with_a_letter_or_digit_is_a_word(text, has_words):
    assert parse(text).has_words == has_words


@pytest.mark.parametrize(
    ("text", "is_question"),
    [
        ("", False),
        ("🎉", False),
        ("-bread", False),
        ("-tag:🎉", False),
        ("tag:🎉", True),
        ("x", True),
    ],
)
def test_exclusions_alone_are_not_a_query(text, is_question):
    assert parse(text).is_question == is_question


def test_filters_are_listed_as_parsed():
    query = parse('bread tag:"Slow Food" -author:anna -x author:bert')
    assert [(is_wanted, term.field, term.typed) for is_wanted, term in query.filters] == [
        (True, "tag", "Slow Food"),
        (True, "author", "bert"),
        (False, "author", "anna"),
    ]


def test_it_parses_any_mixture_of_characters():
    chance = random.Random(4)
    signs = ['"', "-", ":", "tag:", "author:", "*", " ", "\0", "\ud800", "日", "é", "x", "“", "\n"]
    for _ in range(2_000):
        text = "".join(chance.choices(signs, k=30))
        for term in (*parse(text).wanted, *parse(text).unwanted):
            assert term.tokens or term.field == "tag"
            assert "\0" not in term.typed and term.typed.encode()
