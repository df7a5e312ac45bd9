"""The WSGI callable that gunicorn serves: `gunicorn blogsite.wsgi`."""

import os

import django
from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import LimitedStream, WSGIHandler, WSGIRequest
from django.utils.datastructures import MultiValueDict
from django.utils.module_loading import import_string

from blogsite.requests import apply_proxy_headers, current_request_id
from blogsite.urlencoded import parse_form

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blogsite.settings")
django.setup(set_prefix=False)

FORM = "application/x-www-form-urlencoded"


class WholeBody(LimitedStream):
    """Request body that raises BadRequest if it is shorter than its declared length.

    Gunicorn does not report a lost connection, so half a form would be saved: half of the text, no
    tags, and no trace of the button that was pressed. With OSError, Django would continue without
    the form, and respond with 403, or 500 with a traceback.
    """

    def read(self, size: int = -1, /) -> bytes:
        left = self.limit - self._pos
        wanted = left if size is None or size < 0 else min(size, left)
        try:
            data = super().read(wanted) if wanted else b""
        except OSError:
            data = b""
        if len(data) < wanted:
            raise BadRequest("The connection closed before the whole request arrived")
        return data


class StrictRequest(WSGIRequest):
    """Request that refuses an incomplete body and reads UTF-8, whatever charset the client names.

    Python's codecs are not safe for strangers: punycode takes quadratic time (0.8 MB took a
    minute), zlib is not text at all, and unicode_escape yields surrogates that databases refuse.
    """

    def __init__(self, environ: dict) -> None:
        super().__init__(environ)
        self._stream = WholeBody(environ["wsgi.input"], self._stream.limit)

    def _load_post_and_files(self) -> None:
        if self.method == "POST" and self.content_type == FORM and self.is_body_there:
            self._post = parse_form(self.body)
            self._files = MultiValueDict()
        else:
            super()._load_post_and_files()

    @property
    def is_body_there(self) -> bool:
        """Return whether the body is stored or still unread. Django uses the same test."""
        return hasattr(self, "_body") or not self._read_started

    def _set_content_type_params(self, meta: dict) -> None:
        # The parser of multipart forms reads the boundary from META.
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}


class Handler(WSGIHandler):
    request_class = StrictRequest


def make_site():
    """Return Django's handler, behind the page cache if that is on."""
    handler = Handler()
    return import_string(settings.PAGE_CACHE)(handler) if settings.PAGE_CACHE else handler


site = make_site()


def application(environ: dict, start_response):
    """Respond to one request, from the page cache if possible."""
    # Until Django sets a new id, logs must not show the id of the thread's previous request.
    current_request_id.set("-")
    if settings.BEHIND_PROXY:
        # The page cache needs the scheme, and the access log needs the client's address.
        apply_proxy_headers(environ)
    return site(environ, start_response)
