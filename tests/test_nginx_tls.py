"""TLS in nginx.conf: no warnings, HTTP/2, and renewals of the certificate."""

import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from benchmarks.machines import DEPLOY, nginx, nginx_command, shipped_nginx, write_nginx
from benchmarks.ports import free_port
from benchmarks.visitor import Visitor
from tests.servers import self_signed

needs_nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="not installed: nginx")


@pytest.fixture
def plain() -> int:
    """Return the port that redirects to HTTPS."""
    return free_port()


@pytest.fixture
def tls_port() -> int:
    return free_port()


@pytest.fixture
def config(tmp_path, plain, tls_port) -> str:
    """Return the configuration for this machine, edited by the commands of README.md."""
    path = tmp_path / "blogsite.conf"
    tls = self_signed(tmp_path)
    where = {"port": tls_port, "backends": [free_port()], "tls": tls, "plain": plain}
    path.write_text(shipped_nginx(tmp_path, tmp_path, **where))
    subprocess.run([DEPLOY / "http2", path], check=True)
    return path.read_text()


@needs_nginx
def test_nginx_accepts_it_without_a_warning(tmp_path, config):
    path = write_nginx(tmp_path, config)
    run = subprocess.run([*nginx_command(path), "-t"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "[" not in run.stderr, run.stderr


@needs_nginx
def test_it_speaks_http_2(tmp_path, config, tls_port):
    offer = ssl.create_default_context()
    offer.check_hostname, offer.verify_mode = False, ssl.CERT_NONE
    offer.set_alpn_protocols(["h2", "http/1.1"])
    with (
        nginx(tmp_path, config),
        socket.create_connection(("127.0.0.1", tls_port)) as connection,
        offer.wrap_socket(connection) as spoken,
    ):
        assert spoken.selected_alpn_protocol() == "h2"


@needs_nginx
def test_renewals_are_served_over_http_and_all_else_is_redirected(tmp_path, config, plain):
    proof = tmp_path / "www/.well-known/acme-challenge/token"
    proof.parent.mkdir(parents=True)
    proof.write_text("token.key")
    with nginx(tmp_path, config):
        visitor = Visitor(f"http://127.0.0.1:{plain}")
        assert visitor.get("/.well-known/acme-challenge/token").text == "token.key"
        assert visitor.get("/.well-known/acme-challenge/other").status == 404
        for path in ("/", "/create/?x=1", "/.well-known/other"):
            response = visitor.get(path)
            assert (response.status, response.headers["Location"]) == (
                301,
                f"https://127.0.0.1{path}",
            )


@pytest.mark.parametrize(
    ("version", "is_new"),
    [
        ("1.22.1", False),
        ("1.25.0", False),
        ("1.25.1", True),
        ("1.26.3 (Ubuntu)", True),
        ("1.30.0", True),
    ],
)
def test_http_2_is_turned_on_in_the_words_of_the_installed_nginx(tmp_path, version, is_new):
    program = tmp_path / "nginx"
    program.write_text(f'#!/bin/sh\necho "nginx version: nginx/{version}" >&2\n')
    program.chmod(0o755)
    copy = Path(shutil.copy(DEPLOY / "nginx.conf", tmp_path))
    for _ in range(2):
        own = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        subprocess.run([DEPLOY / "http2", copy], check=True, env=own)
        text = copy.read_text()
        assert ("    http2 on;" in text) == is_new
        assert text.count("443 ssl http2;") == (0 if is_new else 2)
