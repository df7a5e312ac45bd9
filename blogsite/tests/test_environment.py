"""Environment variables: valid values of each kind, and the one-line error for invalid ones."""

from functools import partial

import pytest

from blogsite import environment

boolean = partial(environment.boolean, "VARIABLE", False)
whole_number = partial(environment.whole_number, "VARIABLE", 5, 1, 100)
one_of = partial(environment.one_of, "VARIABLE", "en", ("en", "pt-br"), "a language")
host_names = partial(environment.host_names, "VARIABLE", ["localhost"])
origins = partial(environment.origins, "VARIABLE")
origin = partial(environment.origin, "VARIABLE")
time_zone = partial(environment.time_zone, "VARIABLE", "UTC")
database_url = partial(environment.database_url, "VARIABLE", {"NAME": "default"})
cache_url = partial(environment.cache_url, "VARIABLE", {"LOCATION": "default"})
email_url = partial(environment.email_url, "VARIABLE", {"EMAIL_HOST": "default"})


def refusal(read) -> str:
    """Return the error message with which `read` stops the process."""
    with pytest.raises(SystemExit) as stop:
        read()
    # If an exit code is a string, Python prints it to stderr and exits with 1.
    assert isinstance(stop.value.code, str)
    return stop.value.code


@pytest.mark.parametrize("text", [None, "", "   "])
@pytest.mark.parametrize(
    ("read", "default"),
    [
        (boolean, False),
        (whole_number, 5),
        (one_of, "en"),
        (host_names, ["localhost"]),
        (origins, []),
        (origin, ""),
        (time_zone, "UTC"),
        (database_url, {"NAME": "default"}),
        (cache_url, {"LOCATION": "default"}),
        (email_url, {"EMAIL_HOST": "default"}),
    ],
)
def test_a_variable_that_is_unset_or_empty_means_its_default(environ, read, default, text):
    environ(**({} if text is None else {"VARIABLE": text}))
    assert read() == default


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (boolean, "1", True),
        (boolean, "True", True),
        (boolean, " YES ", True),
        (boolean, "on", True),
        (boolean, "0", False),
        (boolean, "false", False),
        (boolean, "No", False),
        (boolean, "OFF", False),
        (whole_number, "1", 1),
        (whole_number, " 100 ", 100),
        (one_of, "pt-BR", "pt-br"),
        (host_names, "a.example, .b.example,,[::1]", ["a.example", ".b.example", "[::1]"]),
        (host_names, "*", ["*"]),
        (host_names, "my_host", ["my_host"]),
        (origins, "https://a.example/, http://b:81", ["https://a.example", "http://b:81"]),
        (origins, "https://*.Example.org", ["https://*.example.org"]),
        (origin, "https://Blog.example.org/", "https://blog.example.org"),
        (origin, "http://localhost:65535", "http://localhost:65535"),
        (origin, "https://[::1]", "https://[::1]"),
        (origin, "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        (time_zone, "Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_a_valid_value_is_accepted(environ, read, text, value):
    environ(VARIABLE=text)
    assert read() == value


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (boolean, "maybe", "1, true, yes or on, or 0, false, no or off"),
        (boolean, "2", "1, true"),
        (boolean, "١", "1, true"),
        *((whole_number, text, "a whole number from 1 to 100") for text in ("0", "101", "-1")),
        *((whole_number, text, "a whole number") for text in ("five", "5.0", "0x5", "9" * 30)),
        (one_of, "xx", "a language"),
        *(
            (host_names, text, "host names separated by commas")
            for text in (",", "https://a.example", "a:80", "a/b", "a b", "*.a", "..a", ".", "-a")
        ),
        *(
            (origins, text, "origins separated by commas, such as https://blog.example.org")
            for text in ("a.example", "*", "https://a,b", "https://*", "https://a/path", "https://")
        ),
        *(
            (origin, text, "a scheme and a host, such as https://blog.example.org")
            for text in (
                "blog.example.org",
                "ftp://a",
                "https://",
                "https:///a",
                "https://a/path",
                "https://a?query",
                "https://a#fragment",
                "https://a b",
                "https://a\nb",
                "https://:80",
                "https://a:",
                "https://a:0",
                "https://a:65536",
                "https://a:port",
                "https://a:80:80",
                "https://[::1",
                "https://[::1]x",
                "https://[::1]:",
                "https://bücher.example",
            )
        ),
        *(
            (time_zone, text, "a name from the time zone database, such as Europe/Berlin")
            for text in ("Mars/Phobos", "Europe", "../UTC", "/etc/passwd", "\x01", "a" * 5000)
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_one_line(environ, read, text, expected):
    environ(VARIABLE=text)
    line = refusal(read)
    assert line.startswith(f"VARIABLE is {text!r}; expected {expected}")
    assert line.isprintable()


@pytest.mark.parametrize("port", ["+80", "8_0", " 80", "٨٠"])
def test_a_port_is_digits_and_nothing_else(environ, port):
    environ(VARIABLE=f"https://a.example:{port}")
    assert refusal(origin).startswith("VARIABLE is ")


@pytest.mark.parametrize(
    ("bind", "port", "address"),
    [
        ("", "", "127.0.0.1:8000"),
        ("0.0.0.0", "80", "0.0.0.0:80"),
        ("[::1]", "65535", "[::1]:65535"),
        ("localhost", "", "localhost:8000"),
        ("unix:/run/blog.sock", "8001", "unix:/run/blog.sock"),
    ],
)
def test_the_bind_address_is_made_of_bind_and_port(environ, bind, port, address):
    environ(BIND=bind, PORT=port)
    assert environment.bind_address() == address


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        *(
            ("BIND", text, "an address without a port, such as 127.0.0.1")
            for text in ("a:80", "::1")
        ),
        *(("BIND", text, "an address") for text in ("unix:blog.sock", "*", "fd://3", "[zz]")),
        *(("PORT", text, "a whole number from 1 to 65535") for text in ("0", "65536", "http")),
    ],
)
def test_an_invalid_bind_address_is_refused_by_name(environ, name, text, expected):
    environ(**{name: text})
    refused = refusal(environment.bind_address)
    assert refused.startswith(f"{name} is {text!r}; expected {expected}")


@pytest.mark.parametrize(
    ("site_url", "host"),
    [
        ("https://blog.example.org", "blog.example.org"),
        ("https://blog.example.org:8443", "blog.example.org"),
        ("https://[2001:db8::1]", "[2001:db8::1]"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]"),
    ],
)
def test_the_host_of_an_origin_has_no_port(site_url, host):
    assert environment.host_of(site_url) == host


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (database_url, "postgres://me:{}@db.example:port/blog"),
        (database_url, "mysql://me:{}@db.example/blog"),
        (database_url, "me:{}@db.example/blog"),
        (cache_url, "memcache://:{}@cache.example"),
        (email_url, "smtp+tls://me:{}@mail.example:99999"),
        (origin, "https://me:{}@blog.example"),
    ],
)
@pytest.mark.parametrize("password", ["hunter2", "hunter2@home", "hunter2/home", "hunter2?#"])
def test_a_refused_url_is_shown_without_its_password(environ, read, text, password):
    environ(VARIABLE=text.format(password))
    line = refusal(read)
    assert "hunter2" not in line
    # Nor the end of a password that itself contains an @.
    assert "home" not in line
    assert "***@" in line and ".example" in line
