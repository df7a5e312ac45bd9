"""New names that could be mistaken for others, and names that break a page."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.lookalikes import DATA, is_in_one_script, skeleton
from accounts.models import User

ROOT = Path(__file__).parent.parent.parent
REGISTER, ACCOUNT = "/auth/register/", "/auth/account/"
SECRET = "tulip-candle-42"
LOOKALIKE = "This username looks like another person's name. Choose a different one."
SHOWN_LOOKALIKE = "This looks like another person's name. Choose a different one."
SCRIPTS = "Use letters from one alphabet. Don't mix, for example, Latin and Cyrillic."
RESERVED = "This name is reserved. Choose a different one."
STACKED = "Use at most two accents on each letter."
INVISIBLE = "This name contains invisible characters. Type it without them."
TAKEN = "This username is already registered."


@pytest.fixture
def register(db):
    """Return a function that registers a name and returns the messages beside it."""

    def send(name: str) -> list[str]:
        fields = {"username": name, "password1": SECRET, "password2": SECRET}
        response = Client().post(REGISTER, fields)
        return [] if response.status_code == 302 else response.context["form"].errors["username"]

    return send


@pytest.fixture
def show(client_of):
    """Return a function that sets the reader's display name and returns the messages beside it."""
    client = client_of("reader")

    def send(name: str) -> list[str]:
        response = client.post(ACCOUNT, {"display_name": name, "time_zone": ""})
        if response.status_code == 302:
            return []
        return response.context["form"].errors["display_name"]

    return send


def display(user: User, name: str) -> None:
    user.display_name = name
    user.save()


# Lookalikes


LOOKALIKES = [
    ("paypal", "paypaI"),
    ("paypal", "paypa1"),
    ("bob", "b0b"),
    ("modern", "rnodern"),
    ("will", "vvill"),
    ("VVow", "wovv"),
    ("owner0", "ovvner0"),
    ("owner_0", "ovvner0"),
    ("owner0", "owner--0"),
    ("4.you", "4you"),
    ("Ilya", "lIya"),
    ("cop", "сор"),
    ("vob", "ѵоЬ"),
    ("kevin", "kevın"),
    ("さくらエ", "さくら工"),
]


@pytest.mark.parametrize(("taken", "name"), LOOKALIKES)
def test_a_username_that_looks_like_another_is_refused(register, make_user, taken, name):
    make_user(taken)
    assert register(name) == [LOOKALIKE]


@pytest.mark.parametrize(("taken", "name"), [("Paul P.", "paul.p"), ("Paypal", "paypaI")])
def test_a_username_may_not_look_like_a_display_name(register, make_user, taken, name):
    make_user("zoe", display_name=taken)
    assert register(name) == ([LOOKALIKE] if taken == "Paypal" else [])


@pytest.mark.parametrize("name", ["ALICE", "Ａｌｉｃｅ"])
def test_the_same_username_is_called_registered(register, make_user, name):
    make_user("alice")
    assert register(name) == [TAKEN]


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        *(("anna", "hanna"), ("zoe", "zoë"), ("a.b", "a-b"), ("lan", "ian")),
        # Ordinary names of different people.
        *(("annalee", "anna_lee"), ("clara", "dara"), ("nova", "now"), ("anna_1", "anna_2")),
    ],
)
def test_a_username_that_looks_different_is_free(register, make_user, taken, name):
    make_user(taken)
    assert register(name) == []


@pytest.mark.parametrize(
    "name", ["author", "Author", " author ", "@author", "аuthоr", "au\u200dthor", "auth\ufe0for"]
)
def test_a_display_name_that_looks_like_a_username_is_refused(show, name):
    assert show(name) == [SHOWN_LOOKALIKE]


@pytest.mark.parametrize("name", ["Zoë B.", "zoë  b.", "ZOE\u0308 В."])
def test_a_display_name_that_looks_like_another_is_refused(show, author, name):
    display(author, "Zoë B.")
    assert show(name) == [SHOWN_LOOKALIKE]


@pytest.mark.parametrize("name", ["Reader", "READER", "Anna", "@", "李小龙 Bruce", "👩‍💻 Ada"])
def test_a_name_that_looks_like_no_other_is_accepted(show, author, reader, name):
    assert show(name) == []
    reader.refresh_from_db()
    assert reader.display_name == name


def test_ones_own_name_may_be_saved_again(show):
    assert show("Anna") == show("ANNA") == show("Anna") == []


def test_a_former_name_is_available_again(show, author):
    display(author, "Zoë B.")
    display(author, "Zoë")
    assert show("Zoë B.") == []


def test_an_existing_lookalike_stays_until_it_changes(show, author, reader):
    display(reader, "Author")
    assert show("Author") == []
    assert show("AUTHOR") == [SHOWN_LOOKALIKE]


# Scripts


@pytest.mark.parametrize(
    "name",
    [
        "alice",
        "наташа",
        "김철수",
        "김Kim",
        "田中さくらカナ",
        "田中Tanaka",
        "李小龙Bruce",
        "ㄅㄆBo",
        "नेहा42",
        "42",
        "e\u0301ve",
        "ガッツー",
    ],
)
def test_scripts_that_are_written_together_make_a_username(register, name):
    assert register(name) == []


@pytest.mark.parametrize(
    "name", ["аlice", "Наtasha", "αbc", "alice김さ", "김さくら", "наташа김", "नेहাa", "ՀI"]
)
def test_a_username_that_mixes_scripts_is_refused(register, name):
    assert register(name) == [SCRIPTS]


def test_a_display_name_may_mix_scripts(show):
    assert show("Наташа (Natasha)") == []


# Reserved names


RESERVED_NAMES = ["admin", "Admin", "adm1n", "ad-min", "admins", "root", "r00t", "rnod"]


@pytest.mark.parametrize("name", RESERVED_NAMES)
def test_a_reserved_name_is_refused(register, show, name):
    assert register(name) == [RESERVED]
    assert show(name) == [RESERVED]


@pytest.mark.parametrize("name", ["author", "editor", "guest", "me", "feed"])
def test_a_name_that_does_not_speak_for_the_blog_is_free(register, name):
    assert register(name) == []


def test_the_command_line_makes_a_reserved_name(db):
    fields = {"username": "admin", "email": "", "interactive": False, "verbosity": 0}
    call_command("createsuperuser", **fields)
    assert User.objects.get().username == "admin"


def test_staff_may_show_a_reserved_name(client_of, moderator):
    client = client_of("moderator")
    client.post(ACCOUNT, {"display_name": "Support", "time_zone": ""})
    moderator.refresh_from_db()
    assert moderator.display_name == "Support"


# Marks and invisible characters


@pytest.mark.parametrize("name", ["Việt", "မြို့", "སྒྲུབ", "שָּׁ", "ที่นี่", "e\u0323\u0302"])
def test_the_marks_of_a_language_are_accepted(register, show, name):
    assert register(name) == []
    assert show(f"{name} {name}") == []


@pytest.mark.parametrize("name", ["Ze\u0301\u0302\u0303ro", "ก" + "\u0e49" * 5, "ế\u0301"])
def test_too_many_stacked_marks_are_refused(register, show, name):
    assert register(name) == [STACKED]
    assert show(name) == [STACKED]


def test_an_accent_on_a_digit_is_refused(register):
    assert register("anna1\u0301") == ["Use accents on letters only."]
    assert register("anna\u03011") == []


def test_a_username_ends_with_a_letter_or_a_digit(register):
    for name in ("anna.", "anna-", "anna_"):
        assert register(name) == ["End with a letter or a digit."], name
    assert register("an.na-1") == []


@pytest.mark.parametrize("marks", ["\u0301" * 99, "\u0301\u0301\u200d" * 33])
def test_a_display_name_of_99_marks_is_refused(show, marks):
    assert show(f"a{marks}") == [STACKED]


@pytest.mark.parametrize("character", "\u202e\u2066\u200b\u00ad\u0007")
def test_a_display_name_with_an_invisible_character_is_refused(show, character):
    assert show(f"An{character}na") == [INVISIBLE]


def test_a_very_long_name_gets_a_message(show):
    assert show("ﷺ" * 101) == ["Ensure this value has at most 100 characters (it has 101)."]
    assert show("ﷺ" * 100) == []


# In the admin


@pytest.fixture
def in_admin(client, make_user):
    """Return a function that sends a form of the admin and returns its errors."""
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))

    def send(path: str, **fields) -> dict:
        times = {"date_joined_0": "2026-01-02", "date_joined_1": "03:04:05"}
        values = {"usable_password": "false", **times, "is_active": "on", **fields}
        response = client.post(f"/admin/accounts/user/{path}", values)
        return {} if response.status_code == 302 else response.context["adminform"].errors

    return send


def test_the_admin_refuses_a_new_lookalike(in_admin, author):
    assert in_admin("add/", username="auth0r") == {"username": [LOOKALIKE]}
    assert in_admin("add/", username="аuthor") == {"username": [SCRIPTS]}
    assert in_admin("add/", username="support") == {}


def test_the_admin_refuses_a_changed_lookalike(in_admin, author, reader):
    assert in_admin(f"{reader.pk}/change/", username="auth0r") == {"username": [LOOKALIKE]}
    assert in_admin(f"{reader.pk}/change/", username="rеader") == {"username": [SCRIPTS]}


def test_the_admin_keeps_an_existing_name(in_admin, author, make_user):
    user = make_user("аuth0r")
    assert in_admin(f"{user.pk}/change/", username="аuth0r", email="a@example.org") == {}
    user.refresh_from_db()
    assert user.email == "a@example.org"


# Stored columns


def test_names_of_an_older_version_are_compared_after_an_update(register, author, capsys):
    display(author, "Paypal")
    User.objects.update(username_skeleton="", display_name_skeleton="")
    assert register("paypaI") == []
    User.objects.filter(username="paypaI").delete()
    call_command("update_names")
    assert capsys.readouterr().out == "Updated the names of 1 accounts.\n"
    assert register("paypaI") == register("auth0r") == [LOOKALIKE]
    call_command("update_names")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("field", ["username", "display_name"])
def test_saving_one_name_also_saves_its_skeleton(author, field):
    setattr(author, field, "paypaI")
    author.save(update_fields=[field])
    author.refresh_from_db()
    assert getattr(author, f"{field}_skeleton") == "paypal"


# The data


def test_the_data_names_its_version_and_has_its_license_beside_it():
    assert json.loads(DATA.read_text())["source"].startswith("Unicode 18.0.0")
    assert "UNICODE LICENSE V3" in (DATA.parent / "LICENSE").read_text()


def test_the_data_can_be_made_again_from_the_unicode_files(tmp_path):
    confusables = (
        "\ufeff# Version: 99.0\n0430 ;\t0061 ;\tMA\t# а\n0440 ; 0070 ; MA\n1D41A ; 0061 ; MA"
    )
    (tmp_path / "confusables.txt").write_text(confusables)
    (tmp_path / "Scripts.txt").write_text("0041..005A ; Latin # A-Z\n00B5 ; Common\n")
    (tmp_path / "ScriptExtensions.txt").write_text("0042 ; Latn Grek # B\n")
    aliases = "gc ; Lu ; Uppercase_Letter\nsc ; Latn ; Latin\nsc ; Zyyy ; Common\n"
    (tmp_path / "PropertyValueAliases.txt").write_text(aliases)
    command = [sys.executable, ROOT / "bin/name-data", tmp_path]
    data = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert data["lookalikes"] == {"a": "а", "p": "р"}
    starts = [(0, "Zzzz"), (0x41, "Latn"), (0x42, "Latn Grek"), (0x43, "Latn"), (0x5B, "Zzzz")]
    starts += [(0xB5, "Zyyy"), (0xB6, "Zzzz")]
    assert data["scripts"] == [list(start) for start in starts]
    assert data["source"].startswith("Unicode 99.0")


def test_a_skeleton_fits_its_column():
    assert len(skeleton("ﷺ" * 100)) == User._meta.get_field("username_skeleton").max_length


def test_a_name_without_letters_has_no_script_to_mix():
    assert is_in_one_script("") and is_in_one_script("4-2")
