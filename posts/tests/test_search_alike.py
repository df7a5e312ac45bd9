"""Search distinguishes C++, C# and C, and finds words that readers type in another form."""

import pytest
from django.utils import timezone

from posts.models import Post
from posts.search import find
from posts.search.query import parse
from posts.search.snippets import mark_words, snippet

NOW = timezone.now()
SIGNED = (
    *("C++ tips", "C# tips", "Plan c", "Modern C++17", "F# news", ".NET news", "net income"),
    *("Notepad++", "A notepad", "The A* search", ".gitignore", "i = a + b"),
    "An apple",
)


def titles(query: str) -> set[str]:
    return set(Post.objects.filter(pk__in=find(query, now=NOW).ids).values_list("title", flat=True))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("C++", {"C++ tips", "Modern C++17"}),
        ("c++17", {"Modern C++17"}),
        ("ｃ＋＋", {"C++ tips", "Modern C++17"}),
        ("C#", {"C# tips"}),
        ("c♯", {"C# tips"}),
        ("c", {"Plan c"}),
        ('"C++ tips"', {"C++ tips"}),
        ("tips -C#", {"C++ tips"}),
        ("F#", {"F# news"}),
        (".NET", {".NET news"}),
        ("net", {".NET news", "net income"}),
        ("notepad", {"Notepad++", "A notepad"}),
        ("notepad++", {"Notepad++"}),
        ("A*", {"The A* search"}),
        # A wildcard, as elsewhere.
        ("notep*", {"Notepad++", "A notepad"}),
        ("app*", {"An apple"}),
        (".gitig", {".gitignore"}),
        ("gitignore", {".gitignore"}),
    ],
)
def test_signs_distinguish_words(make_post, query, found):
    for title in SIGNED:
        make_post(title=title, body="")
    assert titles(query) == found


ALIKE = [
    ("أحمد", "احمد"),
    ("إسلام", "اسلام"),
    ("القرآن", "القران"),
    ("ٱلكتاب", "الكتاب"),
    ("كِتَاب", "كتاب"),
    ("کتاب", "كتاب"),
    ("كتـــاب", "كتاب"),
    ("علی", "على"),
    ("یک", "يك"),
    ("مدرسة", "مدرسه"),
    ("سؤال", "سوال"),
    ("می\u200cخواهم", "میخواهم"),
    ("שָׁלוֹם", "שלום"),
    ("ёлка", "елка"),
    ("Ёж", "ЕЖ"),
    ("٢٠٢٤", "2024"),
    ("۲۰۲۴", "٢٠٢٤"),
]


@pytest.mark.parametrize(("one", "other"), [*ALIKE, *((b, a) for a, b in ALIKE)])
def test_words_that_readers_type_in_another_form_are_found_and_marked(make_post, one, other):
    post = make_post(title=f"x {one} y", body=f"{'z ' * 200} ({one}), z")
    make_post(title="Other", body="other")
    assert find(other, now=NOW).ids == [post.pk]
    query = parse(other)
    assert mark_words(post.title, query) == f"x <mark>{one}</mark> y"
    assert f"(<mark>{one}</mark>), z" in snippet(f"{'z ' * 200} ({one}), z", query)


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("C++", "Learn C++, not C.", "Learn <mark>C++</mark>, not C."),
        ("cpp", "Learn C++.", "Learn <mark>C++</mark>."),
        ("c", "C++, C# and C", "C++, C# and <mark>C</mark>"),
        ("notepad", "Notepad++ and notepad", "<mark>Notepad++</mark> and <mark>notepad</mark>"),
        (".NET", "(.NET) é", "(<mark>.NET</mark>) é"),
        ("C#", "no sign", "no sign"),
    ],
)
def test_marks_include_the_signs_of_a_word(query, text, marked):
    assert mark_words(text, parse(query)) == marked


@pytest.mark.parametrize("description", ["About sourdough", ""])
def test_a_post_is_found_by_its_description(make_post, description):
    post = make_post(title="Bread", body="Flour", description=description)
    assert find("sourdough", now=NOW).ids == ([post.pk] if description else [])
    # No phrase extends from the description into the text.
    assert not find('"sourdough flour"', now=NOW).ids
