"""Reference: a WSGI callable that only returns a body of the requested size."""

from functools import cache


@cache
def body_of(size: int) -> bytes:
    return b"x" * size


def application(environ: dict, start_response) -> list[bytes]:
    """Respond to `/12000` with 12,000 bytes."""
    body = body_of(int(environ["PATH_INFO"][1:]))
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]
