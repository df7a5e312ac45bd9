"""`manage.py prepare`: make an instance folder ready to be served by this version."""

import contextlib
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection

from blogsite import __version__, environment, schema


class Command(BaseCommand):
    help = "Migrates the database and collects static files if this instance is not up to date."
    # Gunicorn runs the checks when it starts; here they would appear a second time.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        check_port = "first check that the port is free, because `bin/serve` will listen on it next"
        parser.add_argument("--check-port", action="store_true", help=check_port)

    def handle(self, *, check_port: bool, **options) -> None:
        # An update runs while the old version still listens on the port.
        if check_port:
            refuse_taken_port(environment.bind_address())
        old = read_version()
        if old != __version__:
            step = f"Updating from version {old} to" if old else "Preparing a new instance of"
            self.stdout.write(f"{step} version {__version__}")
        hide_new_database()
        try:
            self.prepare_database()
        except DatabaseError as error:
            # Messages from drivers span several lines.
            raise CommandError(f"Database error: {' '.join(str(error).split())}") from error
        with explain_unwritable(settings.STATIC_ROOT):
            self.collect_static_files()
        if old != __version__:
            with explain_unwritable(settings.INSTANCE_DIR):
                version_file().write_text(__version__)

    def prepare_database(self) -> None:
        pending, unknown = schema.compare()
        if unknown:
            newest = ".".join(unknown[-1])
            raise CommandError(
                f"The database is newer than this code, which does not know {newest}. Install the "
                "newer version again, or restore a backup from before the update."
            )
        if pending:
            self.stdout.write("Migrating the database")
            call_command("migrate", verbosity=0, interactive=False)
        # These commands are in higher apps. If everything is up to date, they cost a few queries.
        try:
            call_command("update_names", stdout=self.stdout)
            call_command("update_roles", stdout=self.stdout)
            call_command("update_posts", stdout=self.stdout)
        except KeyboardInterrupt:
            text = "Interrupted. Run the command again to continue."
            raise CommandError(text) from None

    def collect_static_files(self) -> None:
        stamp = settings.STATIC_ROOT / "collected.stamp"
        digest = digest_static_files()
        if not stamp.exists() or stamp.read_text() != digest:
            self.stdout.write(f"Collecting static files in {settings.STATIC_ROOT}")
            call_command("collectstatic", verbosity=0, interactive=False)
            stamp.write_text(digest)


def version_file() -> Path:
    """Return the path of the file with the version that last prepared this instance."""
    return settings.INSTANCE_DIR / "version"


def read_version() -> str:
    """Return the version that last prepared this instance, or "" for a new instance."""
    if version_file().exists():
        return version_file().read_text().strip()
    # 0.1.0 stored no version, but it left a stamp after it collected the static files.
    return "0.1.0" if (settings.STATIC_ROOT / "collected.stamp").exists() else ""


@contextlib.contextmanager
def explain_unwritable(folder: Path) -> Iterator[None]:
    """Turn an OSError while writing to `folder` into one line."""
    try:
        yield
    except OSError as error:
        raise CommandError(f"Files can't be written to {folder}: {error.strerror}") from error


def refuse_taken_port(address: str) -> None:
    """Raise CommandError if gunicorn could not listen on `address`, before any other work."""
    if address.startswith("unix:"):
        return
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # Gunicorn sets this too: a port that only lingers after a stop is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), int(port)))
            listener.listen()
        except OSError as error:
            reason = f"{error.strerror}. Choose another port, for example with PORT=8001."
            raise CommandError(f"{address} can't be used: {reason}") from error


def hide_new_database() -> None:
    """Create a new SQLite file that only its owner can read, whatever folder it is in."""
    if connection.vendor == "sqlite":
        with contextlib.suppress(OSError):  # the first query explains the error
            Path(connection.settings_dict["NAME"]).touch(mode=0o600)


def digest_static_files() -> str:
    """Return a digest of the names and contents of all static files, ours and the packages'."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in sorted(finder.list(None), key=lambda found: found[0]):
            digest.update(name.encode() + b"\0" + Path(storage.path(name)).read_bytes())
    return digest.hexdigest()
