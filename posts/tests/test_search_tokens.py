"""The tokenizer, which texts and queries share."""

import random
import sys

import pytest

from posts.search.tokens import TOKEN_MAX_LENGTH, fold, is_pair, is_single, scan, tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", ""),
        ("Bread, and BUTTER!", "bread and butter"),
        ("C++ C#9 F♯ ｃ＋＋ C++17", "cpp csharp 9 fsharp cpp cpp 17"),
        (".NET ASP.NET node.js ...and", "net dotnet asp net node js and"),
        ("Notepad++ A+ A* foo* 1+1 a++b", "notepad notepadpp aplus astar foo 1 1 a b"),
        ("#tag PR#5 日本++", "tag pr 5 日本 本"),
        ("don't don’t l'amour", "don t don t l amour"),
        ("snake_case kebab-case x1 3.14", "snake case kebab case x1 3 14"),
        ("Crème Brûlée naïve Ångström", "creme brulee naive angstrom"),
        # A letter with a combining mark, as some keyboards type it.
        ("Cre\u0300me", "creme"),
        ("Việt Nam ở Đà Nẵng", "viet nam o da nang"),
        ("Łódź Tromsø Ħamrun œuvre Æsir", "lodz tromso hamrun oeuvre aesir"),
        ("Straße STRASSE İstanbul ısı", "strasse strasse istanbul isi"),
        ("Ελλάδα ΕΛΛΑΔΑ Άσος ΆΣΟΣ", "ελλαδα ελλαδα ασοσ ασοσ"),
        ("ᾳ τῷ ἀρχῇ ᾨδή τω\u0345 ΤΩΙ ΐΰ", "α τω αρχη ωδη τω τωι ιυ"),
        # й is a letter of its own. An accent that marks stress is not part of a letter.
        ("Йод йод ЁЛКА за́мок їжак ўзор", "йод йод елка замок їжак ўзор"),
        ("и\u0306од е\u0308лка", "йод елка"),
        ("हिन्दी किताबें", "हिन्दी किताबें"),
        ("বাংলা தமிழ் తెలుగు", "বাংলা தமிழ் తెలుగు"),
        ("اَلْعَرَبِيَّة العربية", "العربيه العربيه"),
        ("أحمد إحمد ٱحمد آحمد احمد", "احمد احمد احمد احمد احمد"),
        ("کتاب كتاب كِتَاب كتـــاب ﻛﺘﺎﺏ", "كتاب كتاب كتاب كتاب كتاب"),
        ("مدرسة مدرسه علی علي على سئل ســ ـ", "مدرسه مدرسه علي علي علي سيل س"),
        ("ۀ یادۀ", "ه ياده"),
        ("٢٠٢٤ ۲۰۲۴ २०२४ 2024", "2024 2024 2024 2024"),
        ("می\u200cخواهم", "ميخواهم"),
        ("שָׁלוֹם שלום \ufb2a\u05dc\u05d5\u05dd", "שלום שלום שלום"),
        ("ქართული հայերեն ትግርኛ", "ქართული հայերեն ትግርኛ"),
        ("日", "日"),
        ("日本", "日本 本"),
        ("日本語を学ぶ", "日本 本語 語を を学 学ぶ ぶ"),
        ("今日、東京", "今日 日 東京 京"),
        ("カタカナー ｶﾞｷﾞ", "カタ タカ カナ ナー ー ガギ ギ"),
        ("한국어 공부", "한국 국어 어 공부 부"),
        # Conjoining jamo form one syllable.
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국 국"),
        ("iPhone手机2024年", "iphone 手机 机 2024 年"),
        ("葛\U000e0100飾", "葛飾 飾"),
        ("𠮷野家", "𠮷野 野家 家"),
        ("สวัสดี", "สวั วัส สดี ดี"),
        ("ລາວ ខ្មែរ မြန်", "ລາ າວ ວ ខ្ម្មែ មែរ រ".replace("ខ្ម្មែ", "ខ្មែ") + " မြန် န်"),
        ("ﬁne ½ x² Ⅳ ① Ａｂ１", "fine 1 2 x2 iv 1 ab1"),
        ("㍿ № ㋀ Ⓐ", "株式 式会 会社 社 no 1 月 a"),
        ("1️⃣ ❤️ 😀 👩‍👩‍👧 🇩🇪", "1"),
        ("soft\u00adhyphen zero\u200bwidth \ufeffbom", "softhyphen zero width bom"),
        ("a\0b\ud800c", "a b c"),
        ("\u0301\u0301 \u0e31", ""),
        ("x" * 100, "x" * TOKEN_MAX_LENGTH),
        ("é" * 100, "e" * TOKEN_MAX_LENGTH),
    ],
)
def test_tokens_of_many_scripts(text, tokens):
    assert tokenize(text) == tokens.split()


def random_text(chance: random.Random) -> str:
    """Return 40 random characters of all planes, more of them from the low ranges."""
    tops = (0x400, 0x3400, 0x10000, 0x20000, sys.maxunicode)
    return "".join(chr(chance.randrange(chance.choice(tops))) for _ in range(40))


def test_tokens_of_any_text_are_safe_in_both_databases():
    chance = random.Random(1)
    for _ in range(2_000):
        for token in tokenize(random_text(chance)):
            assert 0 < len(token) <= TOKEN_MAX_LENGTH + 40
            assert not set(token) & set("\0 \t\n\r\\'\"*:&|!()<>{}^-+#@·%_")
            assert not token[:1].isspace() and token[:1].isalnum()
            assert token.encode()


def test_case_changes_nothing():
    for word in ("Straße", "ΑΣ", "ŉ", "İı", "ǅ", "ﬁ", "Ёлка", "Ꭰ", "Ყ"):
        assert tokenize(word.casefold()) == tokenize(word)


def test_positions_match_the_words_in_the_text():
    text = "Über  C++: 日本語 ㍿ é"
    assert [(token.text, text[token.start : token.end]) for token in scan(text)] == [
        ("uber", "Über"),
        ("cpp", "C++"),
        ("日本", "日本"),
        ("本語", "本語"),
        ("語", "語"),
        # This one character expands to four: every pair has the position of the whole.
        ("株式", "㍿"),
        ("式会", "㍿"),
        ("会社", "㍿"),
        ("社", "㍿"),
        ("e", "é"),
    ]


def test_positions_and_tokens_agree_on_any_text():
    chance = random.Random(3)
    for _ in range(1_000):
        text = random_text(chance)
        found = list(scan(text))
        assert [token.text for token in found] == tokenize(text)
        assert all(0 <= token.start < token.end <= len(text) for token in found)


@pytest.mark.parametrize(
    ("token", "pair", "single"),
    [
        ("日本", True, False),
        ("日", False, True),
        ("วัส", True, False),
        ("ดี", False, True),
        ("ab", False, False),
        ("x", False, False),
        ("हिन्दी", False, False),
    ],
)
def test_pairs_and_single_characters_are_distinguished_from_words(token, pair, single):
    assert (is_pair(token), is_single(token)) == (pair, single)


def test_a_long_text_is_folded_like_a_short_one():
    assert fold("É" * 200) == "e" * 200
    assert fold("Straße") == "strasse"
