"""Usernames: which ones are allowed, and which ones count as the same."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.http import HttpResponse
from django.urls import path, reverse

from accounts.models import User
from accounts.usernames import USERNAME_KEY_MAX_LENGTH, username_key, validate_username

# An author's address as `posts` serves it, with a view that repeats the name.
urlpatterns = [
    path("authors/<str:username>/", lambda _, username: HttpResponse(username), name="author")
]

ALLOWED = [
    "a",
    "7",
    "alice",
    "Alice.B_c-d",
    "1a",
    "a.",
    "a..b",
    "a-",
    "a_",
    "Zoë",
    "Zoe\u0308",
    "Straße",
    "Ørsted",
    "Ελένη",
    "Наташа",
    "Դավիթ",
    "ნინო",
    "דוד",
    "محمد",
    "नेहा",
    "தமிழ்",
    "สมชาย",
    "ကျော်",
    "አበበ",
    "李小龙",
    "さくら",
    "ガッツ",
    "김철수",
    "ᏣᎳᎩ",
    "𐌰𐌽𐌽𐌰",
    "٣٤",
    "x" * 30,
    "𐌰" * 30,
    "ß" * 30,
]

START = "Start with a letter or a digit."
CHARACTERS = "Use only letters, digits, hyphens, underscores and periods."

REFUSED = [
    *[(name, START) for name in ("-a", "_a", ".a", "..", ".", " a", "\u0301a", "/a", "@a", "🙂")],
    *[(f"a{extra}", CHARACTERS) for extra in "/\\ @?#%&+~'\"<>():;,!*=|`^$[]{}"],
    *[(f"a{extra}", CHARACTERS) for extra in "\0\t\n\r\v\f\x1f\x7f\x85\xa0\u2003\u2028\u3000"],
    *[(f"a{extra}", CHARACTERS) for extra in "🙂❤€½⁄∕⧸／。\ufffd\ue000\U0010ffff"],
]

# First and last of each range that a font may omit (Unicode's Default_Ignorable_Code_Point).
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180d\u180e\u180f\u200b\u200c\u200d\u200e"
    "\u200f\u202a\u202e\u2060\u2064\u2066\u206f\u3164\ufe00\ufe0f\ufeff\uffa0\ufff0\ufff8"
    "\U0001bca0\U0001bca3\U0001d173\U0001d17a\U000e0000\U000e0001\U000e0020\U000e007f"
    "\U000e0100\U000e01ef\U000e0fff"
)


def stored(name: str) -> str:
    """Return the name as forms and managers store it."""
    return unicodedata.normalize("NFKC", name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "ALICE"),
        ("alice", "Ａｌｉｃｅ"),
        ("alice", "𝒶𝓁𝒾𝒸𝑒"),
        ("Straße", "STRASSE"),
        ("straße", "STRAẞE"),
        ("fish", "ﬁsh"),
        ("sam", "ſam"),
        ("kelvin", "\u212aelvin"),
        ("henry8", "henry⑧"),
        ("iv", "Ⅳ"),
        ("Zo\u00eb", "Zoe\u0308"),
        ("ǰ", "J\u030c"),
        ("σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("ᾳ", "ΑΙ"),
        ("a\u0316\u0301", "a\u0301\u0316"),
        ("наташа", "НАТАША"),
        ("ガ", "ｶﾞ"),
        ("김", "\u1100\u1175\u11b7"),
        ("ᏣᎳᎩ", "ꮳꮃꭹ"),
        ("𐐀", "𐐨"),
    ],
)
def test_names_that_differ_in_case_or_compatibility_form_alone_are_one(one, other, make_user):
    assert username_key(one) == username_key(other)
    user = make_user(one)
    assert User.objects.get_by_natural_key(other) == user
    with pytest.raises(IntegrityError):
        make_user(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zoe", "zoë"),
        ("a_b", "a-b"),
        ("a.b", "ab"),
        ("i", "ı"),
        ("a", "а"),
        ("3", "٣"),
        ("カ", "か"),
    ],
)
def test_names_that_differ_otherwise_are_two(one, other, make_user):
    assert make_user(one).username_key != make_user(other).username_key


def every_character_with_a_case() -> str:
    """Return both planes that contain letters, without surrogates."""
    return "".join(map(chr, [*range(0xD800), *range(0xE000, 0x20000)]))


@pytest.mark.parametrize("tail", ["", "\u0345\u0301"])
def test_the_key_of_a_key_is_the_key_itself(tail):
    # Casefolding turns U+0345 from a mark into a letter, so the order of the marks may change.
    keys = (username_key(character + tail) for character in every_character_with_a_case())
    assert [key for key in keys if username_key(key) != key] == []


def test_the_key_of_the_longest_name_fits_its_column():
    characters = (c for c in every_character_with_a_case() if stored(c) == c)
    assert max(len(username_key(c)) for c in characters) * 30 <= USERNAME_KEY_MAX_LENGTH


def test_the_key_of_an_allowed_name_is_an_allowed_name():
    for name in ALLOWED:
        validate_username(username_key(name))


@pytest.mark.parametrize("name", ALLOWED)
def test_a_name_is_allowed_in_any_script(name, make_user):
    make_user(name).full_clean()


@pytest.mark.parametrize(("name", "message"), REFUSED)
def test_a_name_that_makes_no_readable_address_is_refused(name, message):
    with pytest.raises(ValidationError) as refusal:
        User._meta.get_field("username").clean(name, None)
    assert refusal.value.messages == [message]


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda c: f"U+{ord(c):04X}")
@pytest.mark.parametrize("place", ["a{}", "a{}b", "{}a"])
def test_a_name_with_an_invisible_character_is_refused(character, place):
    with pytest.raises(ValidationError):
        validate_username(place.format(character))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "This field cannot be blank."),
        ("x" * 31, "Ensure this value has at most 30 characters (it has 31)."),
        ("𐌰" * 31, "Ensure this value has at most 30 characters (it has 31)."),
    ],
)
def test_a_name_that_is_empty_or_too_long_is_refused(name, message):
    with pytest.raises(ValidationError) as refusal:
        User._meta.get_field("username").clean(name, None)
    assert refusal.value.messages == [message]


@pytest.mark.urls("accounts.tests.test_usernames")
def test_an_allowed_name_survives_the_way_through_an_address(client):
    for name in map(stored, ALLOWED):
        address = reverse("author", kwargs={"username": name})
        assert address.isascii() and address.count("/") == 3
        assert client.get(address).text == name


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Ａｌｉｃｅ", "Alice"),
        ("①a", "1a"),
        ("⑴", None),
        ("a½", None),
        ("ﷺ", None),
        ("ﬃ" * 10, "ffi" * 10),
        ("ﬃ" * 11, None),
        ("a b", None),
    ],
)
def test_the_command_line_checks_the_name_that_is_stored(db, name, made):
    fields = {"username": name, "email": "", "interactive": False, "verbosity": 0}
    if made:
        call_command("createsuperuser", **fields)
    else:
        with pytest.raises(CommandError):
            call_command("createsuperuser", **fields)
    assert list(User.objects.values_list("username", flat=True)) == ([made] if made else [])


def test_the_key_follows_a_name_that_changes(make_user):
    user = make_user("alice")
    user.username = "Bob"
    user.save()
    assert User.objects.get_by_natural_key("BOB") == user
    user.username = "Carol"
    user.save(update_fields=["username"])
    assert User.objects.get_by_natural_key("CAROL") == user


def test_saving_another_column_alone_leaves_name_and_key(make_user):
    user = make_user("alice")
    user.username = "bob"
    user.email = "a@example.org"
    user.save(update_fields=["email"])
    saved = User.objects.get(pk=user.pk)
    assert (saved.username, saved.username_key) == ("alice", "alice")
    assert saved.email == "a@example.org"


@pytest.mark.parametrize(("name", "taken"), [("ALICE", True), ("bob", False)])
def test_renaming_to_a_twin_of_another_is_refused(make_user, name, taken):
    make_user("alice")
    user = make_user("Bob")
    user.username = name
    if taken:
        with pytest.raises(ValidationError) as refusal:
            user.full_clean()
        assert refusal.value.message_dict["username"] == ["This username is already registered."]
    else:
        user.full_clean()
