"""EMAIL_URL, which chooses how the site sends mail."""

import pytest

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.parametrize(
    ("scheme", "port", "tls", "ssl"),
    [
        ("smtp", 25, False, False),
        ("smtps", 465, False, True),
        ("smtp+tls", 587, True, False),
        ("smtp+ssl", 465, False, True),
    ],
)
@pytest.mark.parametrize("own_port", [None, 2525])
def test_each_way_to_a_mail_server_has_its_port_and_encryption(
    load, scheme, port, tls, ssl, own_port
):
    suffix = f":{own_port}" if own_port else ""
    loaded = load(EMAIL_URL=f"{scheme}://me%40a.example:p%40ss%2F@mail.example{suffix}")
    assert loaded["EMAIL_BACKEND"] == SMTP
    assert (loaded["EMAIL_HOST"], loaded["EMAIL_PORT"]) == ("mail.example", own_port or port)
    assert (loaded["EMAIL_USE_TLS"], loaded["EMAIL_USE_SSL"]) == (tls, ssl)
    assert loaded["EMAIL_HOST_USER"] == "me@a.example"
    assert loaded["EMAIL_HOST_PASSWORD"] == "p@ss/"


def test_a_mail_server_may_need_no_password(load):
    loaded = load(EMAIL_URL="smtp://mail.example")
    assert (loaded["EMAIL_HOST_USER"], loaded["EMAIL_HOST_PASSWORD"]) == ("", "")


def test_mail_is_written_to_files_by_default(load):
    assert load(EMAIL_URL="")["EMAIL_BACKEND"] == "accounts.mail.FileBackend"


def test_mail_may_be_kept_as_files(load):
    loaded = load(EMAIL_URL="filemail:///var/mail/my%20blog")
    assert loaded["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend"
    assert loaded["EMAIL_FILE_PATH"] == "/var/mail/my blog"


def test_a_mail_server_that_does_not_respond_is_given_up_on(load):
    assert load()["EMAIL_TIMEOUT"] == 10


@pytest.mark.parametrize("site_url", ["", "https://blog.example.org"])
def test_errors_are_reported_from_the_same_sender_as_mail(load, site_url):
    loaded = load(SITE_URL=site_url)
    assert loaded["SERVER_EMAIL"] == loaded["DEFAULT_FROM_EMAIL"]


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "smtp",
        "smtp://",
        "smtp://:25",
        "smtp://mail.example:port",
        "smtp://mail.example:99999",
        "smtp://[::1",
        "imap://mail.example",
        "amazonses://mail.example",
        # Both would lose all mail silently.
        "dummymail://",
        "memorymail://",
        # Without the third slash, the first folder would be the host.
        "filemail://",
        "filemail:///",
        "filemail://mail",
        "filemail://var/mail",
        # The library ignores options, paths, and a user name without a password.
        "smtp://mail.example?EMAIL_USE_SSL=True",
        "smtp+tls://mail.example?use_ssl=1",
        "smtps://mail.example?timeout=5",
        "smtp://mail.example/inbox",
        "smtp://mail.example#ssl",
        "smtp+tls://me@mail.example",
        "smtp+tls://:password@mail.example",
        "filemail:///var/mail?x=1",
        # Would print links in the log of a service.
        "consolemail://",
        # Client and server would each wait for the other's first message.
        "smtp://mail.example:465",
        "smtp+tls://mail.example:465",
        "smtps://mail.example:587",
        "smtps://mail.example:25",
        "smtp+ssl://mail.example:587",
        "smtp+ssl://mail.example:25",
    ],
)
def test_an_email_url_that_leads_nowhere_is_refused(refusal, url):
    shown = url.replace("me@", "***@").replace(":password@", "***@")
    line = refusal(EMAIL_URL=url)
    assert line.startswith("EMAIL_URL is ") and "; expected smtp+tls://" in line
    assert "password@mail" not in line and shown.rpartition("@")[2] in line
