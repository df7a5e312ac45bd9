"""Slugs: the readable part of an address, in any script."""

import unicodedata

import pytest

from content.slugs import EMPTY_SLUG, SLUG_MAX_LENGTH, slugify, tag_slug

TITLES = [
    # Latin, with diacritics, ligatures and letters that have no counterpart in ASCII
    ("Hello, World!", "hello-world"),
    ("Crème brûlée à la carte", "crème-brûlée-à-la-carte"),
    ("Cre\u0300me", "crème"),
    ("Die Straße nach Gießen", "die-straße-nach-gießen"),
    ("Łódź & Ærø", "łódź-ærø"),
    ("ﬁne ﬂour", "fine-flour"),
    ("Ｆｕｌｌ　ｗｉｄｔｈ", "full-width"),
    ("İstanbul", "i\u0307stanbul"),
    # Greek with its final sigma, Cyrillic, Armenian, Georgian
    ("Ο Οδυσσεύς", "ο-οδυσσεύς"),
    ("ΟΔΟΣ", "οδος"),
    ("Ещё раз о Достоевском", "ещё-раз-о-достоевском"),
    ("Й и й", "й-и-й"),
    ("Բարեւ աշխարհ", "բարեւ-աշխարհ"),
    ("გამარჯობა მსოფლიო", "გამარჯობა-მსოფლიო"),
    # Right to left, with points and vowel marks
    ("مرحبا بالعالم", "مرحبا-بالعالم"),
    ("مَرْحَبًا", "مَرْحَبًا"),
    ("שלום עולם", "שלום-עולם"),
    ("שָׁלוֹם", unicodedata.normalize("NFKC", "שָׁלוֹם")),
    ("\u200fשלום\u200f", "שלום"),
    # Vowel signs and viramas are not letters but belong to the word
    ("हिन्दी में लिखना", "हिन्दी-में-लिखना"),
    ("தமிழ் மொழி", "தமிழ்-மொழி"),
    ("বাংলা ভাষা", "বাংলা-ভাষা"),
    ("สวัสดีชาวโลก", "สวัสดีชาวโลก"),
    ("ភាសាខ្មែរ", "ភាសាខ្មែរ"),
    # No spaces, or other kinds of spaces
    ("你好,世界", "你好-世界"),
    ("第一章：开始", "第一章-开始"),
    ("日本語の テスト・です。", "日本語の-テスト-です"),
    ("カタカナ ﾊﾝｶｸ", "カタカナ-ハンカク"),
    ("안녕하세요 세계", "안녕하세요-세계"),
    ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
    # Digits of any script
    ("10 things in 2024", "10-things-in-2024"),
    ("٣ أشياء", "٣-أشياء"),
    ("x² + y³", "x2-y3"),
]


@pytest.mark.parametrize(("title", "slug"), TITLES)
def test_every_script_is_kept_readable(title, slug):
    assert slugify(title) == slug


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Don't", "dont"),
        ("Don’t", "dont"),
        ("L'été", "lété"),
        ("rock 'n' roll", "rock-n-roll"),
        ("“Quoted” ‘words’", "quoted-words"),
        ("ʻOkina", "ʻokina"),
    ],
)
def test_an_apostrophe_belongs_to_its_word(title, slug):
    assert slugify(title) == slug


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("  a  b  ", "a-b"),
        ("a--b", "a-b"),
        ("-a-", "a"),
        ("a_b/c\\d", "a-b-c-d"),
        ("a?b#c%d&e", "a-b-c-d-e"),
        ("a\tb\nc\x00d", "a-b-c-d"),
        ("../../etc/passwd", "etc-passwd"),
        ("<b>bold</b>", "b-bold-b"),
        ("C++ & C#", "c-c"),
        ("1/2", "1-2"),
        ("½ a cup", "1-2-a-cup"),
        ("Fun 🎉 times", "fun-times"),
        ("I ❤️ you", "i-you"),
        ("👩‍💻 code", "code"),
    ],
)
def test_characters_other_than_letters_and_digits_become_one_hyphen(title, slug):
    assert slugify(title) == slug


@pytest.mark.parametrize(
    "title",
    [
        "",
        " ",
        "!?…",
        "---",
        "🎉",
        "❤️",
        "🇩🇪",
        "👩‍💻",
        "'",
        "’’",
        "\u0301",
        "\u0301\u0300",
        "़ा",
        "\u200b",
        "\x00",
    ],
)
def test_a_title_without_a_letter_still_makes_an_address(title):
    assert slugify(title) == EMPTY_SLUG == "post"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("\u0301 hello", "hello"),
        ("hello \u0301", "hello"),
        ("one \u0301 two", "one-two"),
        ("\u0301 " + "a" * 150, "a" * SLUG_MAX_LENGTH),
    ],
)
def test_a_mark_without_its_letter_is_not_attached_to_a_hyphen(title, slug):
    assert slugify(title) == slug


WORD = "abcdefghi"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("a" * SLUG_MAX_LENGTH, "a" * SLUG_MAX_LENGTH),
        ("a" * (SLUG_MAX_LENGTH + 1), "a" * SLUG_MAX_LENGTH),
        # Words of ten letters with hyphens; the last one ends exactly at the limit, or one beyond.
        (" ".join([WORD] * 10), "-".join([WORD] * 10)),
        (" ".join([WORD] * 9 + [WORD + "j", "rest"]), "-".join([WORD] * 9 + [WORD + "j"])),
        (" ".join([WORD] * 9 + [WORD + "jk", "rest"]), "-".join([WORD] * 9)),
        ("日" * 200, "日" * SLUG_MAX_LENGTH),
        # Each of these is one character that stands for eighteen.
        ("ﷺ" * 20, "-".join(["صلى-الله-عليه-وسلم"] * 20).replace("وسلم-صلى", "وسلمصلى")),
    ],
    ids=[
        "at the limit",
        "one word",
        "whole words",
        "ends there",
        "one beyond",
        "no hyphen",
        "grows",
    ],
)
def test_a_long_title_is_cut_at_a_hyphen_or_else_within_a_word(title, slug):
    cut = slugify(title)
    assert len(cut) <= SLUG_MAX_LENGTH
    assert slug.startswith(cut)
    assert len(slug) > SLUG_MAX_LENGTH or cut == slug


@pytest.mark.parametrize(
    "title",
    [title for title, _ in TITLES]
    + ["a" * 150, "ab " * 60, "\u0301 " + "b" * 150, "İ\u032e", "α'\u0301"],
)
def test_the_slug_of_a_slug_is_itself(title):
    assert slugify(slugify(title)) == slugify(title)


@pytest.mark.parametrize("title", [title for title, _ in TITLES])
def test_a_slug_fits_its_column_and_needs_no_escaping_in_a_path(title):
    slug = slugify(title)
    assert 0 < len(slug) <= SLUG_MAX_LENGTH
    assert not set(slug) & set("/?#%&\\ .:;<>\"'")
    assert slug == unicodedata.normalize("NFKC", slug)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("C++", "cpp"),
        ("C++17", "cpp17"),
        ("ｃ＋＋", "cpp"),
        ("Objective-C++/CLI", "objective-cpp-cli"),
        ("C♯", "csharp"),
        ("#python", "python"),
        ("ASP.NET", "asp-net"),
        ("C#/.NET", "csharp-dotnet"),
        ("A+", "a-plus"),
        ("A*", "a-star"),
        ("AT&T", "at-and-t"),
        ("@media", "at-media"),
        ("100%", "100-percent"),
        ("++", "plus-plus"),
        ("?!", "question-mark-exclamation-mark"),
        ("❤️", "heavy-black-heart"),
        ("مدرسة", "مدرسة"),
        ("\u200d", "tag"),
    ],
)
def test_the_slug_of_a_tag_names_the_signs_that_distinguish_it(name, slug):
    assert tag_slug(name) == slug
