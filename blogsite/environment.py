"""Environment variables, read for `settings.py` and `serving.py`.

An unset or empty variable gets its default. An invalid value stops the start with one line that
names the variable, its value and the values it accepts.
"""

import os
import re
from collections.abc import Callable
from email.utils import parseaddr
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from environ import Env

POSTGRESQL = "django.db.backends.postgresql"
TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
# How often one account, and one network address, may do something: LIMIT_COMMENT and so on. A login
# counts only if it fails, also for its username; a reset counts for its email address too.
LIMITS = {
    "register": "30/h",
    "login": "10/15m",
    "reset": "10/h",
    "confirm": "10/h",
    "invite": "30/h",
    "link": "30/h",
    "rename": "5/d",
    "comment": "60/h",
    "report": "30/h",
    "like": "300/h",
    "upload": "120/h",
    "preview": "2000/h",
    "difference": "300/h",
    "autosave": "10000/h",
    "post": "30/h",
    "update": "600/h",
    "search": "1000/h",
}
PERIODS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
RATE = re.compile(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,3})?([smhd])")
HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
# "smtps" and "smtp+ssl" use TLS from the first byte, "smtp+tls" uses STARTTLS, and "smtp" is not
# encrypted.
MAIL_PORTS = {"smtp": 25, "smtps": 465, "smtp+tls": 587, "smtp+ssl": 465}
# These ports belong to the other kind of encryption: client and server would wait for each other.
WRONG_PORTS = {"smtp": {465}, "smtp+tls": {465}, "smtps": {25, 587}, "smtp+ssl": {25, 587}}


def refuse(name: str, text: str, expected: str) -> NoReturn:
    """Stop the process with one line on stderr and exit code 1; passwords in URLs are masked."""
    # Mask up to the last @: an unencoded password may contain a slash, and a scheme may be missing.
    masked = re.sub(r"(?s)^([^/@]*:(//)?).*@", r"\1***@", text)
    raise SystemExit(f"{name} is {masked!r}; expected {expected}.")


def read(name: str, default: Any, parse: Callable[[str], Any], expected: str) -> Any:
    """Return the variable `name` converted by `parse`, or `default` if it is unset or empty.

    `parse` raises ValueError for an invalid value. `expected` completes the message "expected …".
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        return parse(text)
    except (ValueError, ImproperlyConfigured, ValidationError):
        refuse(name, text, expected)


def boolean(name: str, default: bool | None) -> bool | None:
    return read(name, default, _parse_boolean, "1, true, yes or on, or 0, false, no or off")


def whole_number(name: str, default: int, low: int, high: int) -> int:
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return read(name, default, parse, f"a whole number from {low} to {high}")


def limits() -> dict[str, tuple[int, int]]:
    """Return the limit of each act: a number, and the seconds in which it may be used up.

    If RATE_LIMITS is off, nothing has a limit.
    """
    if not boolean("RATE_LIMITS", True):
        return {}
    takes = "a number and a period, such as 60/h, 10/15m or 1000/d"
    return {
        act: read(f"LIMIT_{act.upper()}", _parse_rate(default), _parse_rate, takes)
        for act, default in LIMITS.items()
    }


def web_threads() -> int:
    return whole_number("WEB_THREADS", 4, 1, 256)


def one_of(name: str, default: str | None, choices: tuple[str, ...], expected: str) -> str:
    """Return the one of `choices` that matches the variable, ignoring case."""
    by_lowered = {choice.lower(): choice for choice in choices}

    def parse(text: str) -> str:
        if text.lower() not in by_lowered:
            raise ValueError(text)
        return by_lowered[text.lower()]

    return read(name, default, parse, expected)


def host_names(name: str, default: list[str]) -> list[str]:
    expected = "host names separated by commas, without ports, such as blog.example.org"
    return read(name, default, _parse_host_names, expected)


def bind_address() -> str:
    """Return the address for gunicorn, from BIND and PORT: `address:port` or `unix:/path`."""
    expected = "an address without a port, such as 127.0.0.1 or [::1], or unix:/path/to/socket"
    address = read("BIND", "127.0.0.1", _parse_bind, expected)
    port = whole_number("PORT", 8000, 1, 65535)
    return address if address.startswith("unix:") else f"{address}:{port}"


def origins(name: str) -> list[str]:
    expected = "origins separated by commas, such as https://blog.example.org"
    return read(name, [], _parse_trusted_origins, expected)


def origin(name: str) -> str:
    """Return scheme, host and port without a trailing slash, or the empty string."""
    return read(name, "", _parse_origin, "a scheme and a host, such as https://blog.example.org")


def host_of(site_url: str) -> str:
    """Return the host of an origin without the port; an IPv6 address keeps its brackets."""
    return re.sub(r":\d+$", "", site_url.partition("://")[2])


def time_zone(name: str, default: str | None) -> str | None:
    expected = "a name from the time zone database, such as Europe/Berlin"
    return read(name, default, _parse_time_zone, expected)


def database_url(name: str, default: dict) -> dict:
    """Return a Django database configuration for SQLite (a file) or PostgreSQL."""
    expected = "sqlite:///path/to/file or postgres://user:password@host:5432/name"
    return read(name, default, _parse_database_url, expected)


def replica_url(name: str, primary: dict) -> dict | None:
    """Return a Django database configuration for a PostgreSQL replica of `primary`."""

    def parse(text: str) -> dict:
        config = _parse_database_url(text)
        if not config["ENGINE"] == primary["ENGINE"] == POSTGRESQL:
            raise ValueError(text)
        return config

    expected = "postgres://user:password@host:5432/name, together with a DATABASE_URL of that kind"
    return read(name, None, parse, expected)


def cache_url(name: str, default: dict) -> dict:
    expected = "locmemcache:// or redis://host:6379/0 (also rediss://)"
    return read(name, default, _parse_cache_url, expected)


def mail_address(name: str, default: str) -> str:
    expected = "an address, such as blog@example.org or Blog <blog@example.org>"
    return read(name, default, _parse_mail_address, expected)


def email_url(name: str, default: dict) -> dict:
    """Return a dictionary of Django's EMAIL_* settings."""
    expected = (
        "smtp+tls://user:password@host:587 (STARTTLS), smtps://user:password@host:465 (TLS, also "
        "smtp+ssl://), smtp://host:25 or filemail:///path/to/folder, and no options"
    )
    return read(name, default, _parse_email_url, expected)


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _parse_boolean(text: str) -> bool:
    if text.lower() not in TRUE_WORDS + FALSE_WORDS:
        raise ValueError(text)
    return text.lower() in TRUE_WORDS


def _parse_rate(text: str) -> tuple[int, int]:
    found = RATE.fullmatch(text)
    if not found:
        raise ValueError(text)
    number, times, unit = found.groups()
    return int(number), int(times or 1) * PERIODS[unit]


def _parse_host_names(text: str) -> list[str]:
    names = _split(text)
    if not names or not all(_is_host_pattern(name) for name in names):
        raise ValueError(text)
    return names


def _is_host_pattern(name: str) -> bool:
    """Return whether `name` is valid in Django's ALLOWED_HOSTS: a host, .a-domain or *."""
    return name == "*" or HOST_NAME.fullmatch(name.removeprefix(".")) is not None


def _parse_bind(text: str) -> str:
    if not text.startswith("unix:/") and not HOST_NAME.fullmatch(text):
        raise ValueError(text)
    return text


def _parse_origin(text: str) -> str:
    scheme, separator, rest = text.rstrip("/").partition("://")
    host, colon, port = rest.partition(":") if not rest.startswith("[") else rest.partition("]:")
    host = host if colon != "]:" else f"{host}]"
    if scheme not in ("http", "https") or not separator or not HOST_NAME.fullmatch(host):
        raise ValueError(text)
    # int() alone would also accept 8_0 and +80.
    if colon and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise ValueError(text)
    # Browsers omit the scheme's default port.
    return f"{scheme}://{rest}".lower().removesuffix(DEFAULT_PORTS[scheme])


def _parse_trusted_origins(text: str) -> list[str]:
    return [_parse_trusted_origin(word) for word in _split(text)]


def _parse_trusted_origin(word: str) -> str:
    # Django also accepts a whole domain, such as https://*.example.org.
    origin = _parse_origin(word.lower().replace("://*.", "://", 1))
    return origin.replace("://", "://*.", 1) if "://*." in word else origin


def _parse_time_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    # A folder of the database, such as Europe, is not a zone either.
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(text) from error


def _parse_database_url(text: str) -> dict:
    scheme, _, rest = text.partition("://")
    if scheme not in ("sqlite", "postgres", "postgresql"):
        raise ValueError(text)
    # With only two slashes, the library would mistake the first folder for a host and drop it.
    if scheme == "sqlite" and not rest.startswith("/"):
        raise ValueError(text)
    config = Env.db_url_config(text)
    # In memory, every worker would have its own blog, which is lost at the next restart.
    if config["NAME"] in ("", ":memory:") or config["NAME"].startswith("file:"):
        raise ValueError(text)
    return config


def _parse_cache_url(text: str) -> dict:
    url = urlsplit(text)
    if url.scheme not in ("locmemcache", "redis", "rediss"):
        raise ValueError(text)
    # Reading `url.port` raises ValueError for an invalid port.
    is_redis_address = url.hostname and url.port != 0 and re.fullmatch("/?[0-9]*", url.path)
    if url.scheme != "locmemcache" and not is_redis_address:
        raise ValueError(text)
    return Env.cache_url_config(text)


def _parse_mail_address(text: str) -> str:
    if not text.isprintable():
        raise ValueError(text)
    validate_email(parseaddr(text)[1])
    return text


def _parse_email_url(text: str) -> dict:
    scheme = text.partition("://")[0]
    if scheme not in (*MAIL_PORTS, "filemail"):
        raise ValueError(text)
    config = Env.email_url_config(text)
    url = urlsplit(text)
    if url.query or (scheme in MAIL_PORTS and not _is_mail_server(url)):
        raise ValueError(text)
    if scheme == "filemail" and (config["EMAIL_HOST"] or not config["EMAIL_FILE_PATH"]):
        raise ValueError(text)
    if scheme == "filemail":
        # The library removes the first slash, which would make every path relative.
        config["EMAIL_FILE_PATH"] = "/" + config["EMAIL_FILE_PATH"]
    # The library treats `smtps` as STARTTLS.
    config["EMAIL_USE_TLS"] = scheme == "smtp+tls"
    config["EMAIL_USE_SSL"] = scheme in ("smtps", "smtp+ssl")
    config["EMAIL_PORT"] = config["EMAIL_PORT"] or MAIL_PORTS.get(scheme)
    return config


def _is_mail_server(url: SplitResult) -> bool:
    """Return whether the library uses every part of the address; it ignores unknown parts."""
    is_ignored = url.fragment or url.path not in ("", "/")
    is_half = bool(url.username) != bool(url.password)
    fits = url.port not in WRONG_PORTS[url.scheme]
    return bool(url.hostname) and not is_ignored and not is_half and fits
