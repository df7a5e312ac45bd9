"""Gunicorn's settings, and the command line that starts the site."""

import importlib
import logging
import os
import re
import runpy
import signal
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader

from blogsite import __main__, serving
from blogsite.requests import current_request_id

SERVING = Path(serving.__file__)
CHECKOUT = SERVING.parent.parent
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def site(environ: dict, start_response) -> None:
    raise AssertionError("a site whose database is away is asked for nothing")


@pytest.fixture(params=[SERVING, CHECKOUT / "gunicorn.conf.py"], ids=["module", "file"])
def load(environ, request):
    """Return a function that reads the configuration like gunicorn, as a module or a file."""

    def run(**variables: str) -> dict:
        environ(**variables)
        return runpy.run_path(str(SERVING))

    def run_file(**variables: str) -> dict:
        # The file imports the module, which reads the environment when it is first imported.
        environ(**variables)
        importlib.reload(serving)
        return runpy.run_path(str(request.param))

    yield run if request.param == SERVING else run_file
    environ()
    importlib.reload(serving)


@pytest.mark.parametrize(
    ("variables", "name", "value"),
    [
        ({}, "bind", "127.0.0.1:8000"),
        ({}, "workers", 2),
        ({}, "threads", 4),
        ({}, "worker_class", "blogsite.worker.Worker"),
        ({}, "preload_app", True),
        ({}, "max_requests", 100_000),
        ({}, "max_requests_jitter", 10_000),
        ({}, "accesslog", "-"),
        ({}, "forwarded_allow_ips", ""),
        ({"BEHIND_PROXY": "1"}, "forwarded_allow_ips", ""),
        ({"BIND": "0.0.0.0", "PORT": "80"}, "bind", "0.0.0.0:80"),
        ({"WEB_CONCURRENCY": "8"}, "workers", 8),
        ({"WEB_THREADS": "1"}, "threads", 1),
        ({"MAX_REQUESTS": "0"}, "max_requests", 0),
        ({"MAX_REQUESTS": "0"}, "max_requests_jitter", 0),
        ({"ACCESS_LOG": "off"}, "accesslog", None),
        ({"ACCESS_LOG": "on"}, "accesslog", "-"),
    ],
)
def test_gunicorn_is_driven_by_the_environment(load, variables, name, value):
    assert load(**variables)[name] == value


def test_threads_of_a_worker_take_turns_more_often(settings, monkeypatch, dead_database):
    settings.WORK = "apart"
    intervals = []
    monkeypatch.setattr(sys, "setswitchinterval", intervals.append)
    serving.post_worker_init(SimpleNamespace(wsgi=site))
    assert 0 < intervals[0] < sys.getswitchinterval()


@pytest.fixture
def handlers():
    """Restore this process's signal handlers, which a worker resets."""
    before = {number: signal.getsignal(number) for number in serving.STOP_SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def cores(monkeypatch, handlers):
    """Return a function that sets the existing cores and returns a list of those chosen later."""
    chosen = []
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cores: chosen.append(cores), False)

    def have(*numbers: int) -> list[set[int]]:
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(numbers), False)
        return chosen

    return have


def master(num_workers: int) -> SimpleNamespace:
    return SimpleNamespace(num_workers=num_workers, WORKERS={})


def start_worker(server: SimpleNamespace) -> SimpleNamespace:
    """Run the hooks of gunicorn's master and of the new process."""
    worker = SimpleNamespace()
    serving.pre_fork(server, worker)
    serving.post_fork(server, worker)
    server.WORKERS[len(server.WORKERS)] = worker
    return worker


def test_workers_share_the_cores_among_them(cores):
    chosen, server = cores(3, 5), master(3)
    for _ in range(3):
        start_worker(server)
    assert chosen == [{3}, {5}, {3}]
    # A replacement gets the core of the worker that it replaces.
    del server.WORKERS[1]
    assert start_worker(server).core == 5


def test_fewer_workers_than_cores_choose_free_cores(cores):
    chosen, server = cores(0, 1, 2), master(2)
    start_worker(server)
    assert chosen == []


def test_added_workers_share_the_cores_with_unpinned_workers(cores):
    chosen, server = cores(0, 1), master(1)
    start_worker(server)
    server.num_workers = 3  # the signal TTIN does this
    start_worker(server)
    start_worker(server)
    assert chosen == [{0}, {1}]


def refuse(pid: int, cores: set[int]) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("choose", [None, refuse], ids=["no choice", "forbidden"])
def test_a_system_without_a_choice_of_cores_serves_all_the_same(cores, monkeypatch, choose):
    cores(0, 1)
    if choose:
        monkeypatch.setattr(os, "sched_setaffinity", choose)
    else:
        monkeypatch.delattr(os, "sched_setaffinity")
    start_worker(master(2))


@pytest.mark.parametrize("load", [SERVING], indirect=True)
@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("BIND", "0.0.0.0:80", "an address without a port"),
        ("PORT", "http", "a whole number from 1 to 65535"),
        ("WEB_CONCURRENCY", "0", "a whole number from 1 to 256"),
        ("WEB_THREADS", "many", "a whole number from 1 to 256"),
        ("MAX_REQUESTS", "-1", "a whole number from 0 to 10000000"),
        ("ACCESS_LOG", "access.log", "1, true"),
    ],
)
def test_a_bad_value_stops_the_start_with_one_line(load, name, text, expected):
    with pytest.raises(SystemExit) as stop:
        load(**{name: text})
    assert stop.value.code.startswith(f"{name} is {text!r}; expected {expected}")


def test_gunicorn_takes_every_setting_it_is_given():
    known = Config().settings
    names = {name for name, value in vars(serving).items() if is_setting(name, value)}
    assert {"bind", "workers", "threads", "logger_class", "on_starting", "when_ready"} <= names
    assert names <= set(known)
    config = Config()
    for name in names:
        config.set(name, getattr(serving, name))


def is_setting(name: str, value: object) -> bool:
    """Return whether `name` is a gunicorn setting, not an import or a function of the module."""
    is_own = name.islower() and not name.startswith("_") and not isinstance(value, type(os))
    functions = {
        "access_line",
        "cores_to_share",
        "is_in_journal",
        "print_start_link",
        "unblock_stop_signals",
        "redact",
        "return_large_blocks",
    }
    return is_own and name not in functions


def sent_response(**changes) -> SimpleNamespace:
    values = {"status": "200 OK", "sent": 1234, "response_length": 1234}
    return SimpleNamespace(**values | changes)


REQUEST = {
    "REQUEST_METHOD": "GET",
    "RAW_URI": "/1-caf%C3%A9/?q=a",
    "REMOTE_ADDR": "203.0.113.7",
    "REQUEST_ID": "a1b2c3d4",
}


@pytest.mark.parametrize(
    ("response", "environ_", "line"),
    [
        ({}, {}, '203.0.113.7 "GET /1-caf%C3%A9/?q=a" 200 1234 12.3ms a1b2c3d4'),
        ({"status": "404 Not Found"}, {"RAW_URI": "/"}, '203.0.113.7 "GET /" 404 1234 12.3ms a1'),
        # A unix socket has no address; a request refused by gunicorn has no id.
        ({}, {"REMOTE_ADDR": ""}, '- "GET /1-caf%C3%A9/?q=a" 200 1234 12.3ms a1b2c3d4'),
        ({}, {"REQUEST_ID": "-"}, '203.0.113.7 "GET /1-caf%C3%A9/?q=a" 200 1234 12.3ms -'),
        # Gunicorn sends files with sendfile, and does not count those bytes.
        ({"sent": 0}, {}, '203.0.113.7 "GET /1-caf%C3%A9/?q=a" 200 1234 12.3ms a1b2c3d4'),
        ({"sent": 0}, {"REQUEST_METHOD": "HEAD", "RAW_URI": "/"}, '203.0.113.7 "HEAD /" 200 0 12'),
        ({"sent": 0, "response_length": None}, {"RAW_URI": "/"}, '203.0.113.7 "GET /" 200 0 12.3'),
    ],
)
def test_an_access_line_names_the_client_the_request_and_the_result(response, environ_, line):
    written = serving.access_line(sent_response(**response), REQUEST | environ_, 0.01234).decode()
    assert re.fullmatch(rf"{TIME} {re.escape(line)}.*\n", written)


def test_a_unix_socket_is_not_trusted_more_than_an_address(load):
    """Otherwise, a stranger could change the site's path, and cached fragments would spread it."""
    config, loaded = Config(), load(BIND="unix:/run/blog.sock")
    for name in ("forwarded_allow_ips", "forwarder_headers", "secure_scheme_headers"):
        config.set(name, loaded[name])
    sent = b"GET /x/ HTTP/1.1\r\nHost: a\r\nSCRIPT_NAME: /x\r\nX-Forwarded-Proto: https\r\n\r\n"
    request = Request(config, IterUnreader([sent]), "")
    assert (request.scheme, "SCRIPT_NAME" in dict(request.headers)) == ("http", False)


def test_an_access_line_without_a_request_id_has_a_dash():
    environ = {name: value for name, value in REQUEST.items() if name != "REQUEST_ID"}
    assert serving.access_line(sent_response(), environ, 0).endswith(b" 0.0ms -\n")


@pytest.mark.parametrize(
    "hostile", ["\n", "\r", "\x1b[2J", "\x00", "\x85", "\u2028", "\udcff", "é"]
)
@pytest.mark.parametrize("name", ["RAW_URI", "REMOTE_ADDR", "REQUEST_METHOD", "REQUEST_ID"])
def test_text_from_a_stranger_adds_no_line_and_no_control_character(name, hostile):
    written = serving.access_line(sent_response(), REQUEST | {name: f"a{hostile}b"}, 0)
    text = written.decode()
    assert len(text.splitlines()) == 1 and text.endswith("\n")
    assert text[:-1].isprintable()


@pytest.fixture
def write_line():
    """Return a function that logs a request like gunicorn's worker."""

    def write(accesslog: str | None) -> None:
        config = Config()
        config.set("accesslog", accesslog)
        logger = serving.logger_class(config)
        logger.access(sent_response(), None, REQUEST, timedelta(milliseconds=12.34))

    return write


@pytest.mark.parametrize(("accesslog", "lines"), [("-", 1), (None, 0)])
def test_the_access_log_is_one_line_on_stderr_or_none(write_line, capfd, accesslog, lines):
    write_line(accesslog)
    out, err = capfd.readouterr()
    assert out == ""
    assert len(err.splitlines()) == lines
    assert ("12.3ms a1b2c3d4" in err) is bool(lines)


def test_a_closed_log_breaks_no_response(write_line):
    reader, writer = os.pipe()
    os.close(reader)
    stderr = os.dup(2)
    os.dup2(writer, 2)
    try:
        write_line("-")
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(writer)


@pytest.mark.parametrize("hosts", [["127.0.0.1"], ["blog.example.org"]])
def test_a_start_continues_if_the_checks_find_no_error(
    settings, capsys, environ, hosts, dead_database
):
    environ()
    settings.ALLOWED_HOSTS = hosts
    serving.on_starting(SimpleNamespace(app=SimpleNamespace(wsgi=lambda: site)))
    out, err = capsys.readouterr()
    assert out == ""
    # A warning is shown, and does not stop the start.
    assert ("blogsite.W001" in err) is (hosts == ["blog.example.org"])


def test_the_server_refuses_to_start_if_a_check_finds_an_error(settings):
    settings.ALLOWED_HOSTS = ["*"]
    with pytest.raises(SystemExit) as stop:
        serving.on_starting(None)
    assert "blogsite.E001" in stop.value.code and "ALLOWED_HOSTS" in stop.value.code


def no_link() -> str:
    return ""


@pytest.fixture
def owned(settings):
    settings.LINK_AT_START = f"{__name__}.no_link"


LISTENERS = ["http://127.0.0.1:8000", "http://[::1]:8000"]


def test_a_start_ends_with_the_addresses(owned, capsys):
    serving.when_ready(SimpleNamespace(LISTENERS=LISTENERS))
    line = "Serving at http://127.0.0.1:8000, http://[::1]:8000 (Ctrl-C stops it)\n"
    assert capsys.readouterr().out == line


def test_the_wsgi_callable_responds(ask):
    application = importlib.import_module("blogsite.wsgi").application
    status, _, body = ask(application, "GET", "/healthz")
    assert (status, body) == ("200 OK", b"ok\n")


@pytest.mark.parametrize(("named", "is_cached"), [("caching.pages.PageCache", True), ("", False)])
def test_the_page_cache_comes_before_django_if_it_is_on(settings, named, is_cached):
    settings.PAGE_CACHE = named
    site = importlib.import_module("blogsite.wsgi").make_site()
    assert hasattr(site, "counter") == is_cached


@pytest.mark.parametrize(("is_behind", "address"), [(True, "203.0.113.7"), (False, "127.0.0.1")])
def test_the_access_log_names_the_client_of_cached_pages_too(
    settings, monkeypatch, is_behind, address
):
    settings.BEHIND_PROXY = is_behind
    wsgi = importlib.import_module("blogsite.wsgi")
    monkeypatch.setattr(wsgi, "site", lambda environ, start_response: [])
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.7"}
    wsgi.application(environ, None)
    assert environ["REMOTE_ADDR"] == address


def test_log_lines_without_django_have_no_other_requests_id(monkeypatch, log):
    wsgi = importlib.import_module("blogsite.wsgi")
    monkeypatch.setattr(wsgi, "site", lambda *sent: logging.getLogger("x").warning("Told"))
    current_request_id.set("of-another")
    wsgi.application({}, None)
    assert "WARNING x [-] Told" in log.getvalue()


@pytest.mark.parametrize(
    "start", [__main__.main, lambda: runpy.run_path(__main__.__file__, run_name="__main__")]
)
def test_the_command_offers_what_manage_py_offers(monkeypatch, capsys, start):
    monkeypatch.setattr("sys.argv", ["blogsite", "help", "--commands"])
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    start()
    assert {"check", "migrate", "prepare"} <= set(capsys.readouterr().out.split())
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "blogsite.settings"


@pytest.mark.parametrize("in_terminal", [True, False])
def test_closing_the_terminal_stops_the_server_started_in_it(
    monkeypatch, owned, capsys, in_terminal
):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stops = []
    terminate = signal.signal(signal.SIGTERM, lambda *_: stops.append(True))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: in_terminal)
    try:
        serving.when_ready(SimpleNamespace(LISTENERS=["http://127.0.0.1:1"]))
        os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
        signal.signal(signal.SIGTERM, terminate)
    assert stops == [True] * in_terminal
