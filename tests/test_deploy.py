"""The files in `deploy/`: their syntax, and how nginx treats responses and failures."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.machines import DEPLOY, nginx, shipped_nginx, wait_until
from benchmarks.ports import free_port
from benchmarks.visitor import Visitor, asking
from tests.servers import ROOT, activated

CHECKOUT = "/opt/blogsite"
needs_nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="not installed: nginx")

# Settings and units -------------------------------------------------------------------------------


def variables() -> dict[str, str]:
    """Return the variables in the example environment, including those in comments."""
    lines = (DEPLOY / "blogsite.env").read_text()
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", lines, re.M))


def test_the_example_of_an_environment_starts_and_passes_the_checks_of_a_deployed_site(tmp_path):
    own = variables() | {"INSTANCE_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    run = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_it_names_only_settings_of_the_readme():
    readme = (ROOT / "README.md").read_text()
    assert variables().keys() <= set(re.findall(r"^\| `([A-Z_]+)` \|", readme, re.M))


def test_units_name_programs_and_commands_that_are_there():
    commands = set()
    for unit in DEPLOY.glob("*.service"):
        for line in re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.M):
            program, *arguments = line.split()
            assert program.startswith(f"{CHECKOUT}/.venv/bin/")
            assert (Path(sys.executable).parent / Path(program).name).exists()
            commands.add(arguments[1] if arguments[0] == "manage.py" else arguments[0])
    assert commands == {"blogsite.wsgi", "work"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="not installed: systemd")
def test_systemd_accepts_the_units(tmp_path):
    units = [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.socket")]
    assert len(units) == 3
    for unit in units:
        # The check requires that the programs named in the units exist.
        text = unit.read_text().replace(f"{CHECKOUT}/.venv/bin/", f"{Path(sys.executable).parent}/")
        (tmp_path / unit.name).write_text(text)
    command = ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())]
    run = subprocess.run(command, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


# nginx in front of fake applications --------------------------------------------------------------


class Told(ThreadingHTTPServer):
    """Fake application that responds to all requests alike, or hangs up after reading one."""

    def __init__(self, headers: dict[str, str] | None = None, *, hangs_up: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Telling)
        self.headers, self.hangs_up = headers or {}, hangs_up
        self.asked: list[str] = []
        self.received: list[dict[str, str]] = []

    @property
    def port(self) -> int:
        return self.server_address[1]


class Telling(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.received.append(dict(self.headers))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.hangs_up:
            return
        self.send_response(200)
        # The number makes each response different.
        body = f"response {len(self.server.asked)}".encode()
        for name, value in (self.server.headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *arguments) -> None:
        pass


@contextmanager
def told(*applications: Told) -> Iterator[None]:
    for application in applications:
        Thread(target=application.serve_forever, args=(0.01,)).start()
    try:
        yield
    finally:
        for application in applications:
            application.shutdown()
            application.server_close()


@contextmanager
def before(folder: Path, *applications: Told) -> Iterator[Visitor]:
    """Run the shipped nginx.conf in front of these applications, and yield a visitor of nginx."""
    port = free_port()
    where = {"port": port, "backends": [each.port for each in applications], "tls": None}
    with told(*applications), nginx(folder, shipped_nginx(folder, folder, **where)):
        yield Visitor(f"http://127.0.0.1:{port}", {"csrftoken_0123abcd": "a" * 32})


@needs_nginx
@pytest.mark.parametrize(
    ("method", "is_repeated"), [("GET", True), ("HEAD", True), ("POST", False)]
)
def test_a_page_is_requested_from_another_machine_but_a_form_is_not(tmp_path, method, is_repeated):
    one, other = Told(hangs_up=True), Told(hangs_up=True)
    with before(tmp_path, one, other) as visitor:
        # Either application may get the first request.
        assert visitor.ask(method, "/some/", "" if method == "POST" else None).status == 502
        assert len(one.asked + other.asked) == 1 + is_repeated


@needs_nginx
def test_machines_that_hung_up_are_used_again(tmp_path):
    applications = (Told(hangs_up=True), Told(hangs_up=True))
    with before(tmp_path, *applications) as visitor:
        assert visitor.get("/some/").status == 502
        for application in applications:
            application.hangs_up = False
        wait_until(lambda: visitor.get("/other/").status == 200, "nginx does not find them again")


@needs_nginx
def test_a_form_for_a_stopped_machine_goes_to_another(tmp_path):
    gone, other = Told(), Told()
    gone.server_close()
    port = free_port()
    where = {"port": port, "backends": [gone.port, other.port], "tls": None}
    with told(other), nginx(tmp_path, shipped_nginx(tmp_path, tmp_path, **where)):
        visitor = Visitor(f"http://127.0.0.1:{port}", {"csrftoken_0123abcd": "a" * 32})
        assert [visitor.post("/create/", title="Kept").status for _ in range(4)] == [200] * 4
    assert len(other.asked) == 4


@needs_nginx
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("next-page.0123456789ab.speculationrules", "application/speculationrules+json"),
        ("css/site.0123456789ab.css", "text/css; charset=utf-8"),
    ],
)
def test_static_files_are_served_with_the_content_type_that_browsers_expect(tmp_path, name, kind):
    (tmp_path / "static/css").mkdir(parents=True)
    (tmp_path / "static" / name).write_text("{}")
    with before(tmp_path, Told()) as visitor:
        response = visitor.get(f"/static/{name}")
    assert (response.status, response.headers["Content-Type"]) == (200, kind)
    assert response.headers["Cache-Control"] == "public, max-age=315360000, immutable"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@needs_nginx
@pytest.mark.parametrize("folder", ["/media/.version", "/media/%2Eversion", "/media/x/../.version"])
def test_the_folder_that_the_key_of_pages_names_is_not_served(tmp_path, folder):
    (tmp_path / "media/.version/0123").mkdir(parents=True)
    (tmp_path / "media/.version/lock").touch()
    (tmp_path / "media/.version/current").symlink_to("0123")
    with before(tmp_path, Told()) as visitor:
        paths = [f"{folder}{end}" for end in ("", "/", "/lock", "/current/", "/0123/")]
        assert {visitor.get(path).status for path in paths} == {404}


FOR_ALL = {
    "Cache-Control": "public, max-age=0, s-maxage=1, stale-while-revalidate=1",
    "Vary": "Cookie, Accept-Encoding",
}


@needs_nginx
@pytest.mark.parametrize(
    ("headers", "is_kept"),
    [
        (FOR_ALL, True),
        (FOR_ALL | {"Vary": "Cookie, Accept-Encoding, Accept-Language"}, False),
        (FOR_ALL | {"Vary": "*"}, False),
        (FOR_ALL | {"Set-Cookie": "sessionid=1"}, False),
        (FOR_ALL | {"Cache-Control": "private, no-cache"}, False),
        ({}, False),
    ],
)
def test_the_application_decides_which_responses_are_cached(tmp_path, headers, is_kept):
    application = Told(headers)
    with before(tmp_path, application) as visitor:
        texts = [visitor.get("/page/").text for _ in range(2)]
    assert texts == ["response 1", "response 1" if is_kept else "response 2"]


@needs_nginx
@pytest.mark.parametrize(
    ("cookies", "is_kept"),
    [
        ("", True),
        ("_ga=GA1.2.3", True),
        ("csrftoken=a; _ga=GA1.2.3; theme=dark", True),
        ("csrftoken_0a1b2c3d=a; editor_0a1b2c3d=b; __Host-csrftoken_0a1b2c3d=c", True),
        ("xsessionid=1; sessionid2=1; SESSIONID=1; sessionid_x=1; a=sessionid", True),
        ('consent="{\\"a\\": 1}"; ;;=;x', True),
        ("sessionid=a", False),
        ("_ga=1; sessionid=a", False),
        ("_ga=1;sessionid_0a1b2c3d=a", False),
        ("__Host-sessionid=a; _ga=1", False),
        ("_ga=1;  __Host-sessionid_0a1b2c3d=a", False),
        ("messages=a", False),
        ("__Host-messages_0a1b2c3d=a; _ga=1", False),
        ('a="x; sessionid=b"', False),
        ("_ga=1; sessionid =a", False),
    ],
)
def test_only_a_cookie_for_a_session_or_message_bypasses_the_cache(tmp_path, cookies, is_kept):
    application = Told(FOR_ALL | {"Cache-Control": "public, s-maxage=60"})
    with before(tmp_path, application) as visitor:
        visitor.cookies.clear()
        visitor.get("/page/")
        visitor.headers |= {"Cookie": cookies} if cookies else {}
        responses = [visitor.get("/page/") for _ in range(2)]
        # A personal page is not kept in the cache either.
        visitor.headers.pop("Cookie", None)
        responses.append(visitor.get("/page/"))
    texts = ["response 1"] * 3 if is_kept else ["response 2", "response 3", "response 1"]
    assert [response.text for response in responses] == texts
    assert [response.headers["X-Cache"] for response in responses[:2]] == [
        "HIT" if is_kept else "BYPASS"
    ] * 2


@needs_nginx
def test_a_page_requested_after_a_pause_is_current(tmp_path):
    application = Told(FOR_ALL)
    with before(tmp_path, application) as visitor:
        assert visitor.get("/page/").text == "response 1"
        # Wait one second, one more during renewal, and one more because nginx counts whole seconds.
        after = time.monotonic() + 3
        wait_until(lambda: time.monotonic() > after, "the clock stands still")
        assert visitor.get("/page/").text == "response 2"


@needs_nginx
def test_a_page_is_not_found_again_once_the_link_leads_elsewhere(tmp_path):
    application, link = Told(FOR_ALL), tmp_path / "media/.version/current"
    with before(tmp_path, application) as visitor:
        for name in ("0123", "4567"):
            (link.parent / name).mkdir(parents=True)
            link.unlink(missing_ok=True)
            link.symlink_to(name)
            for coding in ("gzip", "identity"):
                visitor.headers["Accept-Encoding"] = coding
                assert len({visitor.get("/page/").text for _ in range(2)}) == 1
    assert len(application.asked) == 4


@needs_nginx
@pytest.mark.parametrize(("seconds", "status"), [(60, 200), (0, 502)])
def test_the_application_decides_how_long_nginx_serves_a_page_after_it_stops(
    tmp_path, seconds, status
):
    control = f"public, max-age=0, s-maxage=1, stale-if-error={seconds}"
    application = Told({"Cache-Control": control, "Vary": "Cookie, Accept-Encoding"})
    with before(tmp_path, application) as visitor:
        assert visitor.get("/page/").text == "response 1"
        application.hangs_up = True
        wait_until(lambda: visitor.get("/page/").headers["X-Cache"] != "HIT", "it does not end")
        assert visitor.get("/page/").status == status


@needs_nginx
def test_pages_of_two_hosts_are_two(tmp_path):
    application = Told(FOR_ALL)
    with before(tmp_path, application) as visitor:
        for number, host in enumerate(("a.example", "b.example", "a.example:8000"), 1):
            visitor.headers["Host"] = host
            assert visitor.get("/page/").text == f"response {number}"
            assert application.received[-1]["Host"] == host


@needs_nginx
def test_only_nginx_tells_the_application_the_client_and_the_scheme(tmp_path):
    application = Told()
    with before(tmp_path, application) as visitor:
        visitor.headers |= {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"}
        visitor.headers |= {"X-Request-ID": "mine", "Accept-Encoding": "br, GZIP"}
        visitor.get()
    (heard,) = application.received
    assert (heard["X-Forwarded-For"], heard["X-Forwarded-Proto"]) == ("127.0.0.1", "http")
    assert re.fullmatch("[0-9a-f]{32}", heard["X-Request-ID"])
    assert heard["Accept-Encoding"] == "gzip"


@needs_nginx
@pytest.mark.parametrize(
    ("path", "is_limited"),
    [*((path, True) for path in ("/auth/login/", "/admin/login/", "/auth/password/reset/",
       "/auth/password/reset/MQ/set-password/", "/auth/invite/x/", "/auth/email/confirm/1/x/")),
     *((path, False) for path in ("/auth/account/", "/preview/", "/create/"))],
)  # fmt: skip
def test_guessing_passwords_is_slowed_down_and_nothing_else(tmp_path, path, is_limited):
    application = Told()
    with before(tmp_path, application) as visitor:
        statuses = {visitor.post(path, password="guess").status for _ in range(25)}
        assert statuses == ({200, 429} if is_limited else {200})
        assert visitor.get(path).status == 200


@needs_nginx
@pytest.mark.parametrize(("hangs_up", "name"), [(False, "access.log"), (True, "error.log")])
def test_its_logs_contain_no_secret_addresses(tmp_path, hangs_up, name):
    paths = ["/start/swordfish/", "//preview//swordfish", "/%70review/swordfish/"]
    paths += ["/auth/password/reset/uid/swordfish/", "/%61uth/password/reset/uid/swordfish"]
    paths += ["/auth/invite/swordfish/", "//auth//invite//swordfish", "/%61uth/invite/swordfish"]
    with before(tmp_path, Told(hangs_up=hangs_up)) as visitor:
        for path in (*paths, "/auth/email/confirm/1/swordfish/", "/page/"):
            assert visitor.get(path).status == (502 if hangs_up else 200)
        log = tmp_path / name
        # nginx writes the log after the response.
        wait_until(lambda: "/page/" in log.read_text(), "it is not written")
    # The secret must not be a word of this test's name, which is in paths that nginx logs.
    assert "swordfish" not in log.read_text()


# The socket that systemd keeps open ---------------------------------------------------------------


@pytest.fixture
def prepared(tmp_path) -> dict[str, str]:
    """Return the environment of an instance that is ready to be served."""
    own = os.environ | {"INSTANCE_DIR": str(tmp_path), "DATABASE_URL": ""}
    prepare = [sys.executable, "manage.py", "prepare"]
    subprocess.run(prepare, cwd=ROOT, env=own, check=True, stdout=subprocess.DEVNULL)
    return own


@pytest.mark.server
def test_a_restart_refuses_no_request(prepared):
    with closing(socket.create_server(("127.0.0.1", 0), backlog=2048)) as listener:
        visitor = Visitor(f"http://127.0.0.1:{listener.getsockname()[1]}")
        # The last server must still run when the last requests get responses.
        with ExitStack() as last, asking(visitor, ["/", "/tags/"]) as tally:
            for _ in range(3):
                with activated(listener, prepared):
                    wait_until(
                        lambda end=tally.responses + 50: tally.responses > end, "no responses"
                    )
            last.enter_context(activated(listener, prepared))
            wait_until(lambda end=tally.responses + 50: tally.responses > end, "no responses")
    assert not tally.failed


# A stop signal while a worker starts --------------------------------------------------------------

TOLD_EARLY = """
import time
from blogsite import serving
from blogsite.serving import *

def post_fork(server, worker):
    os.kill(server.pid, signal.SIGTERM)
    while server.SIG_QUEUE.empty() and not signal.sigpending():
        time.sleep(0.01)
    serving.post_fork(server, worker)
"""


@pytest.mark.server
def test_a_worker_obeys_a_stop_signal_sent_before_it_listens(tmp_path, prepared):
    settings = tmp_path / "gunicorn.conf.py"
    settings.write_text(TOLD_EARLY)
    command = [sys.executable, "-m", "gunicorn", "--config", settings, "blogsite.wsgi"]
    own = prepared | {"PORT": str(free_port())}
    with subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL) as server:
        # If the worker missed the signal, gunicorn would wait for half a minute.
        assert server.wait(timeout=20) == 0
