"""Email addresses: which are accepted, which count as the same, and how mail reaches them."""

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.emails import email_key, validate_new_email

REGISTER = "/auth/register/"
NEW = {"password1": "tulip-candle-42", "password2": "tulip-candle-42"}

SAME = [
    ("zoe@example.org", " Zoe@EXAMPLE.org ", '"zoe"@example.org', '"z\\oe"@example.org'),
    ("zoe@bücher.example", "ZOE@BÜCHER.EXAMPLE", "zoe@xn--bcher-kva.example"),
    ("zoe@straße.example", "zoe@strasse.example"),
    ("zoe@例え.jp", "zoe@xn--r8jz45g.jp"),
    ('"a\\ b"@example.org', '"A\\ b"@example.org'),
    ('"a@b"@example.org', '"a\\@b"@example.org'),
]
DIFFERENT = ["zoe@example.org", "zo.e@example.org", "zoe+a@example.org", '"zo\\ e"@example.org']


def test_spellings_of_one_address_have_one_key():
    keys = [{email_key(spelling) for spelling in spellings} for spellings in SAME]
    assert [len(found) for found in keys] == [1] * len(SAME)
    assert len(set.union(*keys)) == len(SAME)
    assert len({email_key(address) for address in DIFFERENT}) == len(DIFFERENT)


def test_any_text_has_a_key():
    for text in ("", "@", "zoe", '"', '"@', "a@b..c", "@" * 300, f"a@{'x' * 64}.org", "a@\udc80"):
        assert isinstance(email_key(text), str), text


def test_an_address_that_mail_servers_do_not_know_is_refused():
    for address in (
        "ſam@example.org",
        '"a\\\tb"@example.org',
        '"a\x01b"@example.org',
        "zoe@example.org\u2028x",
        "zoe@evil.example＠example.org",
        "zoe@evil.example＞example.org",
        f"zoe@{'ü.' * 100}org",
        "=?utf-8?q?zoe?=@example.org",
        "=?utf-8?q?=7a=6f=65?=@example.org",
    ):
        validate_email(address)  # Django's field accepts it
        with pytest.raises(ValidationError):
            validate_new_email(address)
    same = [spelling.strip() for spellings in SAME for spelling in spellings]
    for address in DIFFERENT + same:
        validate_email(address)
        validate_new_email(address)


def test_a_line_break_is_refused_wherever_it_is(client, db):
    for address in (
        "zoe@example.org\r\nBcc: b@c.d",
        "zoe\n@example.org",
        '"zoe\r\nBcc: b@c.d"@example.org',
        '"zoe\\\r\n"@example.org',
        "zoe@example.org\u2028x",
        "zoe@exam\r\nple.org",
    ):
        response = client.post(REGISTER, {"username": "zoe", "email": address} | NEW)
        assert response.status_code == 200 and response.context["form"].errors["email"], address


@pytest.mark.parametrize(
    ("typed", "recipient"),
    [
        ('"john\\ smith"@example.org', '"john smith"@example.org'),
        ('"a@b"@example.org', '"a@b"@example.org'),
        ('"a\\"b"@example.org', '"a\\"b"@example.org'),
        ("zoe@BÜCHER.example", "zoe@xn--bcher-kva.example"),
        ("o'zoe+x=1@example.org", "o'zoe+x=1@example.org"),
    ],
)
def test_a_mail_server_gets_the_address(
    client,
    mail_server,
    run_jobs,
    db,
    typed,
    recipient,
):
    server = mail_server()
    response = client.post(REGISTER, {"username": "zoe", "email": typed} | NEW)
    assert response.status_code == 302
    run_jobs()
    (sent,) = server.mails
    assert f"rcpt TO:<{recipient}>" in server.commands
    assert b"/auth/email/confirm/" in sent
