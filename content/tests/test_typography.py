"""Quotation marks, dashes and ellipses in the language of a text."""

import pytest
from django.conf.global_settings import LANGUAGES

from content import typography
from content.markup import plain_text, render_post

QUOTED = "\"'In' out\""


def shown(text: str, language: str = "en") -> str:
    return plain_text(render_post(text, language))


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "“‘In’ out”"),
        ("en-gb", "“‘In’ out”"),
        ("de", "„‚In‘ out“"),
        ("es", "«“In” out»"),
        ("es-mx", "“‘In’ out”"),
        ("it", "«“In” out»"),
        ("ja", "「『In』 out」"),
        ("ko", "“‘In’ out”"),
        ("pl", "„«In» out”"),
        ("pt-br", "“‘In’ out”"),
        ("ru", "«„In“ out»"),
        ("sv", "”’In’ out”"),
        ("zh-hant", "「『In』 out」"),
        ("", QUOTED),
    ],
)
def test_quotation_marks_are_those_of_the_language(language, expected):
    assert shown(QUOTED, language) == expected


def test_french_has_narrow_spaces_that_do_not_break():
    html = render_post('Il dit : "Oui !" et « non » ; :ok: 10:30 (quoi ?)', "fr")
    expected = "Il dit&nbsp;: «_Oui_!_» et «_non_»_; :ok: 10:30 (quoi_?)".replace("_", "\u202f")
    assert html == f"<p>{expected}</p>\n"
    assert shown("Ja ! « x »", "de") == "Ja ! « x »"


@pytest.mark.parametrize(("language", "_name"), LANGUAGES)
def test_each_language_shows_the_text_between_its_marks(language, _name):
    inside = shown('She said "yes" -- it\'s true...', language)
    assert '"' not in inside and "'" not in inside
    assert [c for c in inside if c.isalnum()] == list("Shesaidyesitstrue")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("it's John's dogs' rock'n'roll", "it’s John’s dogs’ rock’n’roll"),
        ("the '90s, 'tis", "the ’90s, ’tis"),
        ("6' tall, 5'10\" or 19\"", "6' tall, 5'10\" or 19\""),
        ("a -- b, a--b, a --- b", "a – b, a–b, a — b"),
        ("--help and -- as typed ----", "--help and – as typed ----"),
        ("Well... no.... 1..2", "Well… no.... 1..2"),
        ('("a") ["b"] "**c**" *"d"*', "(“a”) [“b”] “c” “d”"),
        ('"a **b" c**', '"a b" c'),
        ("*'a* b", "’a b"),
        ('an "open one', 'an "open one'),
        ('"it\'s" and "\'a b"', "“it’s” and “’a b”"),
        ('"x ' + "'a " * 30 + 'y"', '"x ' + "’a " * 30 + 'y"'),
        ('他说"你好"。', "他说“你好”。"),
        ('"a\nb" "c  \nd"', "“a b” “c d”"),
        ('![i](/a)"s" $x$\'s', "“s” $x$’s"),
        ('\\"a\\" \\-- \\.\\.\\.', '"a" -- ...'),
        ("(c) (r) +- ,, ??", "(c) (r) +- ,, ??"),
    ],
)
def test_marks_are_chosen_by_what_stands_beside_them(typed, expected):
    assert shown(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        '`"x" -- y...`',
        '```\n"x" -- y...\n```',
        '    "x" -- y...',
        '<kbd>"x"</kbd> <samp>a--b</samp>',
        '<pre>\n"x" -- y\n</pre>',
        "A <iframe title=\"x\" id='y'> -",
        "<https://a.example/it's--x>",
        "https://a.example/it's--x",
        '$"x"--y$',
    ],
)
def test_code_addresses_and_formulas_stay_as_typed(typed):
    assert render_post(typed, "en") == render_post(typed)


def test_the_address_of_a_link_stays_and_its_text_changes():
    html = render_post("[it's](https://a.example/it's--x)", "en")
    assert "it's--x" in html and ">it’s<" in html


def test_a_closing_tag_of_code_alone_changes_nothing():
    assert shown('a</kbd> "b"') == "a</kbd> “b”"


def test_the_id_of_a_heading_does_not_depend_on_the_language():
    typed = '## Don\'t "panic" -- yes \\"k\\"...'
    ids = {render_post(typed, language).split('"')[1] for language in ("", "en", "fr")}
    assert len(ids) == 1


def test_every_language_of_the_table_exists():
    assert set(typography._STYLES) <= {code for code, _ in LANGUAGES}
