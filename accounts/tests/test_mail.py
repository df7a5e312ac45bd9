"""Email is sent by jobs: no visitor waits for a mail server, and no page promises mail in vain."""

import html
import os
import socket
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from jobs.models import Job
from jobs.runner import ATTEMPTS_MAX, run_next

RESET, SENT = "/auth/password/reset/", "/auth/password/reset/sent/"
KNOWN, UNKNOWN = "zoe@example.org", "stranger@example.org"
UNSENT = "This site can't send email."


@pytest.fixture(autouse=True)
def zoe(make_user):
    return make_user("zoe", email=KNOWN)


def ask_for_link(client, email: str = KNOWN) -> tuple[int, str]:
    """Request a link; return the status and the text of the page that the response leads to."""
    response = client.post(RESET, {"email": email}, follow=True)
    assert response.redirect_chain == [(SENT, 302)]
    return response.status_code, response.text


def texts_of(mail: bytes) -> dict[str, str]:
    """Return the parts of a mail by their type."""
    message = message_from_bytes(mail, policy=policy.default)
    assert message.get_content_type() == "multipart/alternative"
    return {part.get_content_type(): part.get_content() for part in message.iter_parts()}


def test_a_job_sends_the_mail_as_text_and_as_html(client, mail_server, run_jobs):
    server = mail_server()
    ask_for_link(client)
    assert not server.commands
    run_jobs()
    (sent,) = server.mails
    texts = texts_of(sent)
    assert list(texts) == ["text/plain", "text/html"]
    (link,) = [word for word in texts["text/plain"].split() if "/reset/" in word]
    assert f'<a href="{link}">{link}</a>' in texts["text/html"]
    assert not Job.objects.exists()


def test_a_name_of_two_lines_does_not_end_the_subject(
    client, settings, set_site, run_jobs, mailoutbox
):
    settings.SITE_VARIABLES = {"name": ("SITE_NAME", "Slow\nTrains")}
    set_site()
    ask_for_link(client)
    run_jobs()
    (mail,) = mailoutbox
    assert mail.subject == "Set a new password on Slow Trains"


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
def test_a_server_that_never_responds_delays_no_visitor(client, send_to, email):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        send_to(silent.getsockname())
        status, text = ask_for_link(client, email)
        assert status == 200 and "on its way" in text
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_job_gives_up_on_a_server_that_does_not_respond_and_tries_again(
    client, send_to, settings
):
    settings.EMAIL_TIMEOUT = 0.01
    with socket.create_server(("127.0.0.1", 0)) as silent:
        send_to(silent.getsockname())
        ask_for_link(client)
        run_next(timezone.now())
    assert "TimeoutError" in Job.objects.get().error


@pytest.mark.parametrize("refuse", ["CONNECT", "MAIL", "RCPT", "DATA", "BODY"])
def test_a_mail_that_the_server_refuses_is_sent_again_later(
    client, mail_server, run_jobs, refuse, caplog
):
    server = mail_server(refuse)
    ask_for_link(client)
    run_jobs()
    job = Job.objects.get()
    assert job.attempts == 1 and "554" in job.error
    assert "Job accounts.tasks.send_reset failed (attempt 1)" in caplog.text
    assert "/reset/M" not in caplog.text + job.error
    server.refuse = ""
    server.mails.clear()
    run_next(timezone.now() + timedelta(minutes=1))
    assert len(server.mails) == 1 and not Job.objects.exists()


def test_the_admin_shows_a_mail_that_could_not_be_sent(client, send_to, make_user):
    # No server listens on port 1 of this machine.
    send_to(("127.0.0.1", 1))
    ask_for_link(client)
    for day in range(ATTEMPTS_MAX):
        assert run_next(timezone.now() + timedelta(days=day))
    assert Job.objects.get().failed_at
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    page = client.get("/admin/jobs/job/").text
    assert "send reset" in page and "ConnectionRefusedError" in page


def test_an_unknown_address_needs_no_mail_server(client, send_to, run_jobs):
    send_to(("127.0.0.1", 1))
    ask_for_link(client, UNKNOWN)
    run_jobs()
    assert not Job.objects.exists()


def test_an_international_domain_is_converted_to_punycode(client, mail_server, run_jobs, zoe):
    zoe.email = "zoe@bücher.example"
    zoe.save()
    server = mail_server()
    ask_for_link(client, zoe.email)
    run_jobs()
    assert len(server.mails) == 1
    assert {line for line in server.commands if line.startswith("rcpt")} == {
        "rcpt TO:<zoe@xn--bcher-kva.example>"
    }


# Without EMAIL_URL --------------------------------------------------------------------------------


@pytest.fixture
def mail_folder(settings, tmp_path):
    """The folder to which a site without EMAIL_URL writes its mail."""
    settings.EMAIL_BACKEND = settings.FILE_MAIL
    settings.INSTANCE_DIR = tmp_path
    return tmp_path / "mail"


def test_without_a_mail_server_no_page_promises_mail(client, mail_folder):
    page = client.get(RESET).text
    assert UNSENT in page and "You will get" not in page and "Send the link" not in page
    told = ask_for_link(client)
    assert UNSENT in told[1] and "on its way" not in told[1]
    assert ask_for_link(client, UNKNOWN) == told


def test_with_a_mail_server_the_page_announces_the_link(client):
    page = client.get(RESET).text
    assert "You will get a link" in page and UNSENT not in page


def test_without_a_mail_server_each_mail_is_a_file_that_only_the_owner_can_read(
    client, mail_folder, run_jobs
):
    for email in (KNOWN, UNKNOWN, KNOWN):
        ask_for_link(client, email)
    run_jobs()
    files = list(mail_folder.iterdir())
    assert len(files) == 2
    assert mail_folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    # The link can be copied from the file.
    assert b"\nhttp://testserver/auth/password/reset/" in files[0].read_bytes()
    assert "/auth/password/reset/" in texts_of(files[0].read_bytes())["text/html"]


def test_the_log_names_the_file_but_not_the_link(client, mail_folder, run_jobs, caplog):
    ask_for_link(client)
    run_jobs()
    (file,) = mail_folder.iterdir()
    assert f"EMAIL_URL is not set, so an email was written to {file}" in caplog.text
    assert "/reset/M" not in caplog.text


def test_files_are_deleted_after_a_week_because_they_contain_secret_links(mail_folder, capsys):
    call_command("prune_mail", "--delete")
    mail_folder.mkdir()
    for name, days in [("new.eml", 6), ("old.eml", 8), ("note.txt", 8)]:
        (mail_folder / name).touch()
        at = (timezone.now() - timedelta(days=days)).timestamp()
        os.utime(mail_folder / name, (at, at))
    call_command("prune_mail")
    assert len(list(mail_folder.iterdir())) == 3
    call_command("prune_mail", "--delete")
    assert {path.name for path in mail_folder.iterdir()} == {"new.eml", "note.txt"}
    assert capsys.readouterr().out.endswith("old.eml\nRemoved: 1 emails.\n")


def test_the_admin_tells_only_superusers_that_the_site_sends_no_mail(
    client, mail_folder, make_user, settings
):
    told = {}
    for name in ("owner", "moderator"):
        client.force_login(make_user(name, is_staff=True, is_superuser=name == "owner"))
        page = html.unescape(client.get("/admin/").text)
        told[name] = UNSENT[:-1] in page and str(mail_folder) in page
    assert told == {"owner": True, "moderator": False}
    client.force_login(User.objects.get(username="owner"))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "EMAIL_URL" not in client.get("/admin/").text
