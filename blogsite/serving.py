"""Gunicorn's settings: `gunicorn --config python:blogsite.serving blogsite.wsgi`.

In a checkout, `gunicorn.conf.py` imports them, so `gunicorn blogsite.wsgi` is enough.
"""

import contextlib
import ctypes
import io
import os
import signal
import sys
import time
from pathlib import Path

from gunicorn.glogging import Logger

from blogsite import environment
from blogsite.redaction import Formatter, redact

bind = environment.bind_address()
workers = environment.whole_number("WEB_CONCURRENCY", 2, 1, 256)
threads = environment.web_threads()
worker_class = "blogsite.worker.Worker"
preload_app = True
timeout = 60
graceful_timeout = 30
keepalive = 5
# This replaces a worker that leaks memory. The jitter keeps the workers from stopping together. The
# limit is high, because the other workers get all connections of a stopped worker, and keep them.
max_requests = environment.whole_number("MAX_REQUESTS", 100_000, 0, 10_000_000)
max_requests_jitter = max_requests // 10
# The site responds to "get" with 405; gunicorn would respond with 400.
permit_unconventional_http_method = True
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 16_380
# Workers write a heartbeat every second, which should not wait for a busy disk.
MEMORY_DIR = Path("/dev/shm")  # noqa: S108  gunicorn makes its own files there, mode 600
worker_tmp_dir = str(MEMORY_DIR) if MEMORY_DIR.is_dir() else None
# The socket would let programs control this server, and create a file in the home folder.
control_socket_disable = True
# Only Django reads the proxy's headers (BEHIND_PROXY); gunicorn trusts no address.
forwarded_allow_ips = ""
# Gunicorn would still trust clients on a unix socket, who could set the site's path and scheme.
forwarder_headers = ""
secure_scheme_headers = {}
accesslog = "-" if environment.boolean("ACCESS_LOG", True) else None
# Messages about workers would bury the address, which is the last line printed at startup.
loglevel = "warning"


class AccessLine(Logger):
    """Access log with one line per request on stderr, without the cost of gunicorn's own format.

    `time client "method path" status bytes milliseconds request-id`, the time in UTC.
    """

    def setup(self, cfg) -> None:
        super().setup(cfg)
        # Gunicorn's error messages contain the requested URL, which may contain a secret link.
        for handler in self.error_log.handlers:
            handler.setFormatter(Formatter(self.error_fmt, self.datefmt))

    def access(self, resp, req, environ, request_time) -> None:
        if not self.cfg.accesslog:
            return
        with contextlib.suppress(OSError):
            os.write(2, access_line(resp, environ, request_time.total_seconds()))


logger_class = AccessLine
M_MMAP_THRESHOLD = -3  # from <malloc.h>
LARGE_BLOCK = 4 * 1024 * 1024
STOP_SIGNALS = {signal.SIGTERM, signal.SIGQUIT, signal.SIGINT}


def access_line(resp, environ: dict, seconds: float) -> bytes:
    """Return the log line of one request; nothing that a stranger sends can add a second line."""
    # Gunicorn sends files with sendfile, and does not count those bytes.
    is_file = not resp.sent and environ["REQUEST_METHOD"] != "HEAD"
    size = (resp.response_length or 0) if is_file else resp.sent
    line = (
        f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {environ.get('REMOTE_ADDR') or '-'} "
        f'"{environ["REQUEST_METHOD"]} {environ["RAW_URI"]}" {resp.status[:3]} {size} '
        f"{seconds * 1000:.1f}ms {environ.get('REQUEST_ID', '-')}"
    )
    line = redact(line)
    printable = line if line.isprintable() else ascii(line)
    return printable.encode("utf-8", "backslashreplace") + b"\n"


def return_large_blocks() -> None:
    """Make the C library return free blocks of 4 MiB or more to the system at once.

    glibc otherwise keeps blocks up to the largest size it has freed. Two workers that used 118 MB
    kept 257 MB after 64 logins, whose hashes take 19 or 100 MiB. With this function, they keep 123
    MB.
    """
    with contextlib.suppress(AttributeError):  # other C libraries
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def on_starting(server) -> None:
    """Refuse to start if a system check finds an error, and show warnings. Then preload."""
    from django.conf import settings
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError
    from django.utils.module_loading import import_string

    from blogsite.preloading import preload

    try:
        call_command("check", stdout=io.StringIO())
    except SystemCheckError as error:
        sys.exit(str(error))
    return_large_blocks()
    site = server.app.wsgi()
    import_string(settings.AT_START)()
    preload(site)


def unblock_stop_signals() -> None:
    """Receive stop signals again, including those sent in the meantime."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


# `pre_fork` blocks the signals in the master, which unblocks them once the new process exists.
os.register_at_fork(after_in_parent=unblock_stop_signals)


def pre_fork(server, worker) -> None:
    """Choose the core that the fewest other workers use; None if the workers share no cores.

    A new process has the master's signal handlers, which drop signals in a worker. It would ignore
    a stop signal, and run until it is killed with all of its requests. So the signals are blocked
    until `post_fork` resets their handlers.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    taken = [other.core for other in server.WORKERS.values()]
    worker.core = min(cores_to_share(server.num_workers), key=taken.count, default=None)


def post_fork(server, worker) -> None:
    """Keep the threads of a worker on one core.

    Only the thread with Python's lock runs. Threads on different cores would pass the lock from
    core to core at every read and write, and a short request would take up to twice as long.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    unblock_stop_signals()
    if worker.core is not None:
        # If the system does not allow this, the worker serves anyway.
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {worker.core})


def cores_to_share(among: int) -> list[int]:
    """Return the cores that `among` workers share: none if there are more cores than workers.

    Without this, many small sites on one machine would all use the same few cores.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    return cores if among >= len(cores) else []


def post_worker_init(worker) -> None:
    """Preload a worker, and switch its threads ten times as often as Python does by default.

    A thread that writes gives up Python's lock at each of a dozen queries. All other SQLite writers
    then wait until a thread that renders gives up the lock in turn.
    """
    from django.conf import settings
    from django.utils.module_loading import import_string

    from blogsite.preloading import names_of_site, request_pages

    sys.setswitchinterval(0.0005)
    request_pages(worker.wsgi, names_of_site(bind))
    import_string(settings.IN_WORKER)()


def when_ready(server) -> None:
    """Print the address as the last step of the startup."""
    if sys.stderr.isatty():
        # Closing the terminal should stop the server that was started in it, not reload it.
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    addresses = [str(listener) for listener in server.LISTENERS]
    sys.stdout.write(f"Serving at {', '.join(addresses)} (Ctrl-C stops it)\n")
    print_start_link(addresses[0])
    sys.stdout.flush()


def is_in_journal() -> bool:
    """Return whether systemd's journal keeps what this process prints."""
    output = os.fstat(1)
    return os.environ.get("JOURNAL_STREAM") == f"{output.st_dev}:{output.st_ino}"


def print_start_link(address: str) -> None:
    """Print the link for the first owner. In systemd's journal, print the command that shows it."""
    from django.conf import settings
    from django.db import connections
    from django.utils.module_loading import import_string

    path = import_string(settings.LINK_AT_START)()
    # The workers are copies of this process, and must not share its connection.
    connections.close_all()
    if path and is_in_journal():
        sys.stdout.write("This blog has no owner yet. Run: deploy/manage start_link\n")
    elif path:
        sys.stdout.write(f"Become the owner of this blog: {settings.SITE_URL or address}{path}\n")
