"""The settings, run as at a start: each variable's default, valid values and invalid ones."""

import re
import subprocess
import sys

import pytest
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite

from blogsite.tests.conftest import SETTINGS

CHECKOUT = SETTINGS.parent.parent
SITE = "https://blog.example.org"


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("DEBUG", False),
        ("SITE_URL", ""),
        ("BEHIND_PROXY", False),
        ("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"]),
        ("CSRF_TRUSTED_ORIGINS", []),
        ("SECURE_HSTS_INCLUDE_SUBDOMAINS", False),
        ("SECURE_HSTS_PRELOAD", False),
        ("POSTS_PER_PAGE", 5),
        ("PREVIEW_LINK_DAYS", 7),
        ("LANGUAGE_CODE", "en"),
        ("TIME_ZONE", "UTC"),
        ("LOG_LEVEL", "INFO"),
        ("PAGE_CACHE", "caching.pages.PageCache"),
        ("EMAIL_BACKEND", "accounts.mail.FileBackend"),
        ("DEFAULT_FROM_EMAIL", "noreply@localhost"),
    ],
)
def test_it_runs_with_no_variable_set(load, name, default):
    assert load()[name] == default


@pytest.mark.parametrize(
    ("variable", "text", "setting", "value"),
    [
        ("DEBUG", "1", "DEBUG", True),
        ("SITE_URL", f"{SITE}/", "SITE_URL", SITE),
        ("BEHIND_PROXY", "1", "BEHIND_PROXY", True),
        ("ALLOWED_HOSTS", "a.example, b.example", "ALLOWED_HOSTS", ["a.example", "b.example"]),
        ("CSRF_TRUSTED_ORIGINS", SITE, "CSRF_TRUSTED_ORIGINS", [SITE]),
        ("HSTS_SUBDOMAINS", "on", "SECURE_HSTS_INCLUDE_SUBDOMAINS", True),
        ("HSTS_PRELOAD", "on", "SECURE_HSTS_PRELOAD", True),
        ("RATE_LIMITS", "0", "LIMITS", {}),
        ("POSTS_PER_PAGE", "20", "POSTS_PER_PAGE", 20),
        ("TIME_ZONE", "Europe/Berlin", "TIME_ZONE", "Europe/Berlin"),
        ("LOG_LEVEL", "warning", "LOG_LEVEL", "WARNING"),
        ("PAGE_CACHE", "0", "PAGE_CACHE", ""),
        ("DEBUG", "1", "PAGE_CACHE", ""),
        ("EMAIL_FROM", "Ada <ada@example.org>", "DEFAULT_FROM_EMAIL", "Ada <ada@example.org>"),
    ],
)
def test_a_good_value_is_accepted(load, variable, text, setting, value):
    assert load(**{variable: text})[setting] == value


@pytest.mark.parametrize(
    ("variable", "text", "column", "value"),
    [
        ("SITE_NAME", "Ada’s notes", "name", "Ada’s notes"),
        ("LANGUAGE_CODE", "pt-BR", "language", "pt-br"),
        ("TIME_ZONE", "Europe/Berlin", "time_zone", "Europe/Berlin"),
        ("REGISTRATION_OPEN", "1", "registration", "open"),
        ("REGISTRATION_OPEN", "0", "registration", "closed"),
        ("COMMENTS_ENABLED", "0", "comments_enabled", False),
        ("COMMENT_APPROVAL", "First", "comment_approval", "first"),
    ],
)
def test_a_variable_takes_precedence_over_the_owners_settings(load, variable, text, column, value):
    assert load(**{variable: text})["SITE_VARIABLES"][column] == (variable, value)
    assert load()["SITE_VARIABLES"][column] == (variable, None)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("60/h", (60, 3_600)), ("10/15m", (10, 900)), ("5/s", (5, 1)), ("", (60, 3_600))],
)
def test_a_limit_is_a_number_and_a_period(load, text, rate):
    assert load(LIMIT_COMMENT=text)["LIMITS"]["comment"] == rate


@pytest.mark.parametrize(
    ("act", "number", "seconds"),
    [("register", 30, 3_600), ("comment", 60, 3_600), ("upload", 120, 3_600), ("login", 10, 900)],
)
def test_the_limits_do_not_hurt_people(load, act, number, seconds):
    limit = load()["LIMITS"][act]
    assert limit[0] / limit[1] >= number / seconds


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("DEBUG", "maybe", "1, true, yes or on, or 0, false, no or off"),
        ("BEHIND_PROXY", "nginx", "1, true"),
        ("REGISTRATION_OPEN", "closed", "1, true"),
        ("HSTS_SUBDOMAINS", "31536000", "1, true"),
        ("HSTS_PRELOAD", "31536000", "1, true"),
        ("SITE_URL", "blog.example.org", "a scheme and a host"),
        ("ALLOWED_HOSTS", SITE, "host names separated by commas"),
        ("CSRF_TRUSTED_ORIGINS", "blog.example.org", "origins separated by commas"),
        ("POSTS_PER_PAGE", "0", "a whole number from 1 to 100"),
        ("COMMENTS_ENABLED", "closed", "1, true"),
        ("COMMENT_APPROVAL", "some", "links, first, all or none"),
        ("LANGUAGE_CODE", "klingon", "a language code, such as en"),
        ("TIME_ZONE", "Berlin", "a name from the time zone database, such as Europe/Berlin"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("PAGE_CACHE", "60", "1, true"),
        ("LIMIT_COMMENT", "60", "a number and a period, such as 60/h"),
        ("LIMIT_COMMENT", "0/h", "a number and a period"),
        ("LIMIT_COMMENT", "60/week", "a number and a period"),
        ("DATABASE_URL", "mysql://db.example/blog", "sqlite:///path/to/file or postgres://"),
        ("CACHE_URL", "memcache://cache.example", "locmemcache:// or redis://host:6379/0"),
        ("EMAIL_URL", "mail.example", "smtp+tls://user:password@host:587"),
        ("EMAIL_FROM", "nobody", "an address"),
        ("EMAIL_FROM", "a@b.example\nBcc: c@d.example", "an address"),
        ("INSTANCE_DIR", "/dev/null/blog", "a writable folder (Not a directory)"),
        # A folder that exists, but in which no file can be created.
        ("INSTANCE_DIR", "/proc", "a writable folder ("),
    ],
)
def test_a_bad_value_stops_the_start_with_one_line(refusal, variable, text, expected):
    assert refusal(**{variable: text}).startswith(f"{variable} is {text!r}; expected {expected}")


@pytest.mark.parametrize("site_url", ["http://blog.example.org", SITE, f"{SITE}:8443"])
def test_the_name_in_site_url_is_allowed_and_sends_the_mail(load, site_url):
    loaded = load(SITE_URL=site_url)
    assert loaded["ALLOWED_HOSTS"][-1] == "blog.example.org"
    assert loaded["DEFAULT_FROM_EMAIL"] == "noreply@blog.example.org"


def test_allowed_hosts_replace_the_host_of_site_url(load):
    assert load(SITE_URL=SITE, ALLOWED_HOSTS="a.example")["ALLOWED_HOSTS"] == ["a.example"]


@pytest.mark.parametrize(
    ("site_url", "is_https", "prefix", "hsts"),
    [("", False, "", 0), ("http://a.example", False, "", 0), (SITE, True, "__Host-", 31_536_000)],
)
def test_only_an_https_site_url_turns_on_the_settings_for_https(
    load, site_url, is_https, prefix, hsts
):
    loaded = load(SITE_URL=site_url)
    assert loaded["SECURE_SSL_REDIRECT"] is is_https
    assert loaded["SESSION_COOKIE_SECURE"] is loaded["CSRF_COOKIE_SECURE"] is is_https
    mark = loaded["INSTANCE_MARK"]
    assert loaded["SESSION_COOKIE_NAME"] == f"{prefix}sessionid_{mark}"
    assert loaded["OLD_SESSION_COOKIE_NAME"] == f"{prefix}sessionid"
    assert loaded["CSRF_COOKIE_NAME"] == f"{prefix}csrftoken_{mark}"
    assert loaded["MESSAGES_COOKIE_NAME"] == f"{prefix}messages_{mark}"
    assert loaded["SECURE_HSTS_SECONDS"] == hsts
    assert loaded["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is loaded["SECURE_HSTS_PRELOAD"] is False


@pytest.mark.parametrize(("behind_proxy", "trusts"), [("", False), ("0", False), ("1", True)])
def test_forwarded_headers_are_trusted_behind_a_proxy_alone(load, behind_proxy, trusts):
    loaded = load(BEHIND_PROXY=behind_proxy, SITE_URL=SITE)
    assert (loaded["MIDDLEWARE"][0] == "blogsite.requests.trust_proxy_headers") is trusts
    assert ("blogsite.requests.trust_proxy_headers" in loaded["MIDDLEWARE"]) is trusts
    assert ("SECURE_PROXY_SSL_HEADER" in loaded) is trusts
    # A proxy passes the host on in Host. No other header may set it.
    assert "USE_X_FORWARDED_HOST" not in loaded


def test_sqlite_is_in_the_instance_folder_and_waits_for_its_turn(load, instance, db):
    default = load()["DATABASES"]["default"]
    assert default["NAME"] == instance / "db.sqlite3"
    assert default["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    unsaid = {"AUTOCOMMIT": True, "TIME_ZONE": None, "USER": "", "PASSWORD": "", "HOST": ""}
    connection = SQLite(unsaid | default, "sqlite")
    with connection.cursor() as cursor:
        pragmas = ("journal_mode", "busy_timeout", "foreign_keys")
        found = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    connection.close()
    assert found == ["wal", 5000, 1]


@pytest.mark.parametrize(
    ("url", "name"),
    [("sqlite:////srv/blog.db", "/srv/blog.db"), ("sqlite:///my%20blog.db", "my blog.db")],
)
def test_database_url_chooses_another_sqlite_file_with_the_same_options(load, url, name):
    default = load(DATABASE_URL=url)["DATABASES"]["default"]
    assert (default["ENGINE"], default["NAME"]) == ("blogsite.sqlite", name)
    assert default["OPTIONS"] == load()["SQLITE_OPTIONS"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
@pytest.mark.parametrize(
    ("rest", "options"),
    [
        ("", {"connect_timeout": 5}),
        ("?sslmode=require", {"connect_timeout": 5, "sslmode": "require"}),
        ("?connect_timeout=1", {"connect_timeout": 1}),
    ],
)
def test_database_url_chooses_postgresql(load, scheme, rest, options):
    url = f"{scheme}://me:p%40ss%2F@db.example:5433/blog{rest}"
    default = load(DATABASE_URL=url)["DATABASES"]["default"]
    assert default["ENGINE"] == "django.db.backends.postgresql"
    assert [default[key] for key in ("HOST", "PORT", "NAME")] == ["db.example", 5433, "blog"]
    assert [default[key] for key in ("USER", "PASSWORD")] == ["me", "p@ss/"]
    # JIT compilation is off, because it takes longer than any of our queries.
    assert default["OPTIONS"] == {"options": "-c jit=off"} | options
    assert default["CONN_HEALTH_CHECKS"] and default["CONN_MAX_AGE"] > 0


@pytest.mark.parametrize(
    "url",
    [
        "blog.db",
        "sqlite://",
        "sqlite:///",
        "sqlite://:memory:",
        "sqlite:///:memory:",
        # With two slashes, the library takes the first folder for a host, and drops it.
        "sqlite://blog.db",
        "sqlite://data/blog.db",
        # SQLite also accepts a file: address, and this one would keep the blog in memory.
        "sqlite:///file::memory:",
        "postgres://db.example",
        "postgres://db.example/",
        "postgres://db.example:port/blog",
        "postgres://db.example:99999/blog",
        "postgres://[::1/blog",
    ],
)
def test_a_database_url_without_a_lasting_database_is_refused(refusal, url):
    assert refusal(DATABASE_URL=url).startswith(f"DATABASE_URL is {url!r}; expected sqlite:///")


PRIMARY = "postgres://db.example/blog"


def test_a_replica_is_configured_if_its_url_is_set(load):
    url = "postgres://me:secret@copy.example:5433/blog?sslmode=require"
    loaded = load(DATABASE_URL=PRIMARY, DATABASE_REPLICA_URL=url)
    found = loaded["DATABASES"]["replica"]
    assert [found[key] for key in ("HOST", "PORT", "NAME")] == ["copy.example", 5433, "blog"]
    # Requests do not wait for a replica that vanished.
    waiting = {"connect_timeout": 2, "tcp_user_timeout": 3_000, "options": "-c jit=off"}
    assert found["OPTIONS"] == waiting | {"sslmode": "require"}
    assert found["CONN_HEALTH_CHECKS"]
    assert loaded["DATABASE_ROUTERS"] == ["blogsite.replica.ReplicaRouter"]
    names = [name.rpartition(".")[2] for name in loaded["MIDDLEWARE"]]
    assert names.index("read_from_replica") + 1 == names.index("apply_site")


def test_without_a_replica_nothing_is_routed(load):
    loaded = load(DATABASE_URL=PRIMARY)
    assert list(loaded["DATABASES"]) == ["default"]
    assert "DATABASE_ROUTERS" not in loaded
    assert not any("replica" in name for name in loaded["MIDDLEWARE"])


@pytest.mark.parametrize(
    ("primary", "url"),
    [
        ("", "postgres://copy.example/blog"),
        ("sqlite:////srv/blog.db", "postgres://copy.example/blog"),
        (PRIMARY, "sqlite:////srv/copy.db"),
        (PRIMARY, "copy.example"),
        (PRIMARY, "postgres://copy.example/"),
    ],
)
def test_a_replica_that_follows_no_postgresql_is_refused(refusal, primary, url):
    said = refusal(DATABASE_URL=primary, DATABASE_REPLICA_URL=url)
    assert said.startswith(f"DATABASE_REPLICA_URL is {url!r}; expected postgres://")
    assert said.endswith("together with a DATABASE_URL of that kind.")


@pytest.mark.parametrize(
    ("url", "backend", "location"),
    [
        ("", "locmem.LocMemCache", None),
        ("locmemcache://", "locmem.LocMemCache", ""),
        ("redis://cache.example:6379/1", "redis.RedisCache", "redis://cache.example:6379/1"),
        ("rediss://:pass@cache.example", "redis.RedisCache", "rediss://:pass@cache.example"),
    ],
)
def test_cache_url_chooses_the_cache(load, url, backend, location):
    default = load(CACHE_URL=url)["CACHES"]["default"]
    assert default["BACKEND"] == f"django.core.cache.backends.{backend}"
    assert default.get("LOCATION") == location
    # Requests do not wait for a Redis that hangs.
    assert ("socket_timeout" in default.get("OPTIONS", {})) == url.startswith("redis")


@pytest.mark.parametrize(
    "url",
    [
        "redis",
        "redis://",
        "redis://a:port/0",
        "redis://a:99999/0",
        "redis://a/first",
        "redis://[::1",
    ],
)
def test_a_cache_url_that_leads_nowhere_is_refused(refusal, url):
    assert refusal(CACHE_URL=url).startswith(f"CACHE_URL is {url!r}; expected locmemcache://")


def test_a_wheel_has_its_assets_inside_the_package(load, monkeypatch, tmp_path):
    package = tmp_path / "site-packages" / "blogsite"
    package.mkdir(parents=True)
    installed = package / "settings.py"
    installed.write_text(SETTINGS.read_text())
    monkeypatch.chdir(tmp_path)
    loaded = load(installed, INSTANCE_DIR="")
    assert loaded["TEMPLATES"][0]["DIRS"] == [package / "templates"]
    assert loaded["STATICFILES_DIRS"] == [package / "static"]
    # Next to the package, the next upgrade would delete it.
    assert loaded["INSTANCE_DIR"] == tmp_path / "instance"


def test_a_checkout_keeps_its_assets_and_its_instance_beside_the_package(load):
    loaded = load(INSTANCE_DIR="")
    assert loaded["TEMPLATES"][0]["DIRS"] == [CHECKOUT / "templates"]
    assert loaded["STATICFILES_DIRS"] == [CHECKOUT / "static"]
    assert loaded["INSTANCE_DIR"] == CHECKOUT / "instance"


def test_a_relative_instance_folder_is_kept_as_a_whole_path(load, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load(INSTANCE_DIR="here")["MEDIA_ROOT"] == tmp_path / "here" / "media"


@pytest.mark.parametrize(
    ("variables", "code", "stderr"),
    [
        ({}, 0, []),
        (
            {"DEBUG": "maybe"},
            1,
            ["DEBUG is 'maybe'; expected 1, true, yes or on, or 0, false, no or off."],
        ),
        (
            {"DATABASE_URL": "sqlite://blog.db"},
            1,
            [
                "DATABASE_URL is 'sqlite://blog.db'; expected sqlite:///path/to/file or "
                "postgres://user:password@host:5432/name."
            ],
        ),
    ],
)
def test_a_real_start_prints_that_line_and_nothing_else(instance, variables, code, stderr):
    process = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=CHECKOUT,
        env={"INSTANCE_DIR": str(instance)} | variables,
        capture_output=True,
        text=True,
    )
    assert process.returncode == code
    assert process.stderr.splitlines() == stderr


def test_instances_have_their_own_cookies_which_their_machines_share(load):
    keys = ["a1b2c3d4e5" * 6, "a1b2c3d4e5" * 6, "f1b2c3d4e5" * 6]
    marks = [load(SECRET_KEY=key)["INSTANCE_MARK"] for key in keys]
    assert marks[0] == marks[1] != marks[2]
    assert all(re.fullmatch("[0-9a-f]{8}", mark) for mark in marks)


@pytest.mark.parametrize(
    ("site_url", "others", "trusted"),
    [
        ("", "", []),
        (SITE, "", [SITE]),
        (f"{SITE}:443/", "", [SITE]),
        (f"{SITE}:8443", "", [f"{SITE}:8443"]),
        ("http://a.example:80", "", ["http://a.example"]),
        ("https://[::1]:443", "", ["https://[::1]"]),
        (SITE, "https://*.example.org:443", ["https://*.example.org", SITE]),
        ("", "https://Www.Example.org:443", ["https://www.example.org"]),
    ],
)
def test_the_sites_own_origin_is_trusted_as_browsers_write_it(load, site_url, others, trusted):
    loaded = load(SITE_URL=site_url, CSRF_TRUSTED_ORIGINS=others)
    assert loaded["CSRF_TRUSTED_ORIGINS"] == trusted
    assert loaded["SECURE_SSL_HOST"] == (loaded["SITE_URL"].partition("://")[2] or None)
