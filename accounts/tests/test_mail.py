"""Password resets on a site that can't send email: it says so and reveals no accounts."""

import io
import socketserver
import threading

import pytest
from django.core import mail
from django.core.cache import cache

from accounts.mail import REFUSED, TerminalBackend

RESET, SENT = "/auth/password/reset/", "/auth/password/reset/sent/"
KNOWN, UNKNOWN = "zoe@example.org", "stranger@example.org"
UNSENT = "This site can't send email at the moment"


class MailServer(socketserver.ThreadingTCPServer):
    """An SMTP server with the commands that Django needs; it refuses one of them."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, refuse: str) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.refuse, self.commands, self.mails = refuse, [], []


class Talk(socketserver.StreamRequestHandler):
    def respond(self, command: str, text: str) -> None:
        is_refused = command == self.server.refuse
        self.wfile.write(f"{'554 No' if is_refused else text}\r\n".encode())

    def handle(self) -> None:
        self.respond("CONNECT", "220 mail.example")
        while line := self.rfile.readline().decode().strip():
            command = line.partition(" ")[0].upper().partition(":")[0]
            self.server.commands.append(line)
            self.respond(command, "354 Go on" if command == "DATA" else "250 Yes")
            if command == "DATA" and self.server.refuse != "DATA":
                self.read_mail()
            if command == "QUIT":
                return

    def read_mail(self) -> None:
        lines = list(iter(lambda: self.rfile.readline().strip(), b"."))
        self.server.mails.append(b"\n".join(lines).decode())
        self.respond("BODY", "250 Taken")


@pytest.fixture
def mail_server(settings):
    """Return a function that starts a mail server, which refuses one command, for the site."""
    servers = []

    def start(refuse: str = "") -> MailServer:
        server = MailServer(refuse)
        servers.append(server)
        # How often it checks whether to stop. The default is half a second, which a test waits.
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        return server

    cache.delete(REFUSED)
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def zoe(make_user):
    return make_user("zoe", email=KNOWN)


@pytest.fixture
def ask_for_link(client, zoe):
    """Return a function that requests a link and returns the status, address and text it gets."""

    def ask(email: str) -> tuple[int, str, str]:
        response = client.post(RESET, {"email": email})
        text = response.text.replace(email, "")
        return response.status_code, response.get("Location", ""), text

    return ask


def test_a_server_that_takes_mail_gets_one_with_the_link(ask_for_link, mail_server):
    server = mail_server()
    assert ask_for_link(KNOWN)[:2] == (302, SENT)
    assert ask_for_link(UNKNOWN)[:2] == (302, SENT)
    (sent,) = server.mails
    assert "/auth/password/reset/" in sent
    # The server got the same commands for both addresses.
    questions = [line for line in server.commands if line.startswith("rcpt")]
    assert [question.partition("<")[2][:-1] for question in questions] == [KNOWN, KNOWN, UNKNOWN]


@pytest.mark.parametrize("refuse", ["CONNECT", "MAIL", "RCPT"])
def test_a_server_that_refuses_mail_is_no_different_for_an_unknown_address(
    ask_for_link, mail_server, refuse, caplog
):
    server = mail_server(refuse)
    status, location, text = ask_for_link(KNOWN)
    assert (status, location) == (503, "") and UNSENT in text
    assert "on its way" not in text
    assert ask_for_link(UNKNOWN) == (status, location, text)
    assert not server.mails
    assert caplog.text.count("No email can be sent: ") == 2


@pytest.mark.parametrize("refuse", ["DATA", "BODY"])
def test_who_meets_a_refusal_at_the_end_is_not_the_only_one_to_be_told(
    ask_for_link, mail_server, refuse, caplog
):
    mail_server(refuse)
    told = ask_for_link(KNOWN)
    assert told[0] == 503 and UNSENT in told[2]
    assert ask_for_link(UNKNOWN) == told
    assert "An email was refused: " in caplog.text and "/reset/M" not in caplog.text


def test_a_server_that_is_away_is_no_different_for_an_unknown_address(ask_for_link, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    # No server listens on port 1 of this machine.
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    told = ask_for_link(KNOWN)
    assert told[0] == 503 and UNSENT in told[2]
    assert ask_for_link(UNKNOWN) == told


def test_a_domain_in_other_letters_is_written_as_servers_know_it(ask_for_link, mail_server, zoe):
    zoe.email = "zoe@bücher.example"
    zoe.save()
    server = mail_server()
    assert ask_for_link(zoe.email)[:2] == (302, SENT)
    assert len(server.mails) == 1
    assert {line for line in server.commands if line.startswith("rcpt")} == {
        "rcpt TO:<zoe@xn--bcher-kva.example>"
    }


def test_without_a_mail_server_no_one_is_told_that_a_link_comes(ask_for_link, settings, caplog):
    settings.EMAIL_BACKEND = settings.TERMINAL_MAIL
    told = ask_for_link(KNOWN)
    assert told[0] == 503 and UNSENT in told[2] and "on its way" not in told[2]
    assert ask_for_link(UNKNOWN) == told


def test_a_cache_that_does_not_respond_stops_no_mail(ask_for_link, mail_server, settings):
    server = mail_server("DATA")
    location = {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"} | location
    }
    assert ask_for_link(KNOWN)[0] == 503
    server.refuse = ""
    assert ask_for_link(KNOWN)[0] == 302


# The terminal as mail server ----------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "is_printed"), [(Terminal, True), (io.StringIO, False)])
def test_mail_is_printed_in_a_terminal_and_in_no_log(stream, is_printed, caplog):
    output = stream()
    message = mail.EmailMessage("Subject", "https://blog.example/auth/password/reset/MQ/x-y/")
    message.to = [KNOWN]
    assert bool(TerminalBackend(stream=output).send_messages([message])) == is_printed
    assert ("/reset/" in output.getvalue()) == is_printed
    assert ("EMAIL_URL is not set" in caplog.text) != is_printed
    assert "/reset/" not in caplog.text
