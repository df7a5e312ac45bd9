"""The WSGI callable that gunicorn serves: `gunicorn blogsite.wsgi`."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blogsite.settings")
django.setup(set_prefix=False)


class Utf8Request(WSGIRequest):
    """Reads everything as UTF-8, whatever charset the client names.

    Python's codecs are not made for strangers: punycode takes quadratic time (0.8 MB burnt a
    minute), zlib is no text at all, and unicode_escape yields surrogates that no database takes.
    """

    def _set_content_type_params(self, meta: dict) -> None:
        # The parser of multipart forms reads the boundary from META itself.
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}


class Handler(WSGIHandler):
    request_class = Utf8Request


application = Handler()
