"""The limit: a WSGI callable that does nothing but return a body of the size that is asked for."""

from functools import cache


@cache
def body_of(size: int) -> bytes:
    return b"x" * size


def application(environ: dict, start_response) -> list[bytes]:
    """Answer `/12000` with 12,000 bytes."""
    body = body_of(int(environ["PATH_INFO"][1:]))
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]
