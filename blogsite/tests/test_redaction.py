"""No log contains a secret link."""

import logging

import pytest
from django.urls import reverse
from gunicorn.config import Config

from accounts.email_links import path_of_link
from blogsite import serving
from blogsite.redaction import redact
from posts.writing import preview_links

RESET_TOKEN = "d3qx5k-0123456789abcdef0123456789abcdef"
PREVIEW_TOKEN = "kEy_-" * 4 + "ab:" + "s1g_-" * 8 + "abc"
INVITATION_TOKEN = "inv-0123456789abcdef0123456789abcdef"
CONFIRM_TOKEN = "1xY5MW:" + "s1g_-" * 8 + "abc"
TOKENS = (RESET_TOKEN, PREVIEW_TOKEN, INVITATION_TOKEN, CONFIRM_TOKEN)


@pytest.mark.parametrize(
    ("address", "logged"),
    [
        ("/auth/password/reset/Mjc/diglgl-bef58/", "/auth/password/reset/Mjc/…/"),
        ("/auth/password/reset/Mjc/diglgl-bef58", "/auth/password/reset/Mjc/…"),
        ("/auth/email/confirm/12/x:y/", "/auth/email/confirm/12/…/"),
        ("/preview/key:signature/", "/preview/…/"),
        ("/start/aQ3-_x/", "/start/…/"),
        ("/auth/login/?next=/start/aQ3-_x/", "/auth/login/?next=/start/…/"),
        ("/auth/invite/i-0123/", "/auth/invite/…/"),
        ("/auth/invitations/7/revoke/", "/auth/invitations/7/revoke/"),
        ("/preview/key:signature/?page=2", "/preview/…/?page=2"),
        # Text that is not secret stays.
        ("/auth/password/reset/Mjc/set-password/", "/auth/password/reset/Mjc/set-password/"),
        ("/auth/password/reset/sent/", "/auth/password/reset/sent/"),
        ("/auth/password/reset/", "/auth/password/reset/"),
        ("/auth/email/change/", "/auth/email/change/"),
        ("/preview/", "/preview/"),
        ("/previews/of/100%25", "/previews/of/100%25"),
        ("/12-a-preview-of-the-reset/", "/12-a-preview-of-the-reset/"),
    ],
)
def test_the_secret_part_of_an_address_is_left_out(address, logged):
    assert redact(f"GET {address} 200") == f"GET {logged} 200"


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "address",
    [
        "/auth/password/reset/Mjc/{}/",
        "/preview/{}/",
        "/auth/email/confirm/12/{}/",
        "/auth%2Femail%2Fconfirm%2F12%2F{}%2F",
        "/start/{}/",
        "//start//{}",
        "/%73tart/{}/",
        "/auth/login/?next=%2Fstart%2F{}%2F",
        "https://blog.example/start/{}/",
        "//auth//password//reset//Mjc//{}//",
        "//preview//{}",
        "/./preview/./{}/",
        "/auth/password/reset/../reset/Mjc/./{}/",
        "/%61uth/p%61ssword/%72eset/Mjc/{}/",
        "/%70review/{}/",
        "/auth%2Fpassword%2Freset%2FMjc%2F{}%2F",
        "/auth/login/?next=/preview/{}/",
        "/auth/login/?next=%2Fpreview%2F{}%2F",
        "/auth/login/?next=%252Fauth%252Fpassword%252Freset%252FMjc%252F{}%252F",
        "/AUTH/Password/Reset/Mjc/{}/",
        "/admin/password/reset/Mjc/{}/",
        "/auth\\password\\reset\\Mjc\\{}",
        "https://blog.example/preview/{}/",
    ],
)
def test_no_way_to_write_an_address_leaves_the_secret_in(address, token):
    written = redact(f'"GET {address.format(token)} HTTP/1.1" from https://x/preview/{token}/')
    assert not any(half in written for half in token.replace(":", "-").split("-", 1) if half)


@pytest.mark.parametrize("token", TOKENS)
def test_an_encoded_secret_is_left_out_too(token):
    encoded = "".join(f"%{ord(letter):02x}" for letter in token)
    assert encoded not in redact(f"/preview/{encoded}/")
    assert redact(f"/x/?u=%2Fpreview%2F{encoded}") == "/x/?u=/preview/…"


def test_a_real_preview_link_looks_as_the_tests_think(draft):
    from django.utils import timezone

    preview_links.make_link(draft, now=timezone.now())
    token = preview_links.token_for(draft, now=timezone.now())
    assert token not in redact(f"reset: {token}") and redact(f"reset: {token}") == "reset: …"


def test_a_real_link_to_confirm_an_address_looks_as_the_tests_think(make_user):
    path = path_of_link(make_user("zoe", email="zoe@example.org"))
    token = path.split("/")[-2]
    assert redact(f"GET {path}") == f"GET {path.replace(token, '…')}"
    assert redact(f"to confirm: {token}") == "to confirm: …"


def test_a_line_end_is_never_decoded():
    assert redact("/%70review/x/%0a%22%20") == "/preview/…/%0a%22%20"


@pytest.mark.parametrize("name", ["django.request", "posts", "anything"])
def test_the_sites_log_contains_no_link_in_message_or_traceback(log, name):
    try:
        raise ValueError(f"bad address /preview/{PREVIEW_TOKEN}/")
    except ValueError:
        logging.getLogger(name).exception("Failed: /auth/password/reset/Mjc/%s/", RESET_TOKEN)
    written = log.getvalue()
    assert "Failed: /auth/password/reset/Mjc/…/" in written and "/preview/…/" in written
    assert not any(token in written for token in TOKENS)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_leads_nowhere_is_not_in_the_log(client, db, log, method):
    getattr(client, method)(reverse("posts:post_preview", args=[PREVIEW_TOKEN]))
    getattr(client, method)(f"/auth/password/reset/Mjc/{RESET_TOKEN}/nothing/")
    assert "Not Found" in log.getvalue() or "Not Allowed" in log.getvalue()
    assert not any(token in log.getvalue() for token in TOKENS)


def test_gunicorns_own_errors_contain_no_link(capfd):
    config = Config()
    config.set("errorlog", "-")
    logger = serving.AccessLine(config)
    logger.error("Error handling request %s", f"/preview/{PREVIEW_TOKEN}/")
    written = capfd.readouterr().err
    assert "Error handling request /preview/…/" in written and PREVIEW_TOKEN not in written
