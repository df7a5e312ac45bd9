"""View for uploaded images, used if no web server in front serves them."""

import re

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

# Only image files that the site wrote. A name is never reused, so browsers may cache it for a year.
NAME = re.compile(r"images/[A-Za-z0-9_-]+-[0-9x]+-[0-3]{3}(\.w[0-9]+)?\.webp")
A_YEAR = "public, max-age=31536000, immutable"


@require_safe
def media(request: HttpRequest, name: str) -> FileResponse:
    """Respond with an image; raise Http404 for any file that the site did not write."""
    if not NAME.fullmatch(name) or not default_storage.exists(name):
        raise Http404
    response = FileResponse(default_storage.open(name), content_type="image/webp")
    response["Cache-Control"] = A_YEAR
    return response
