"""The URLs of the site."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from blogsite import health
from blogsite.media import media
from content.methods import READ_METHODS

handler400 = "content.errors.bad_request"
handler403 = "content.errors.permission_denied"
handler404 = "identity.redirects.redirect_or_404"
handler500 = "content.outages.server_error"


def no_such_page(request: HttpRequest, rest: str) -> HttpResponse:
    raise Http404


class Favicon(RedirectView):
    """Redirect for browsers, which request this path if a page names no icon, as in the admin."""

    http_method_names = READ_METHODS

    def get_redirect_url(self, *args, **kwargs) -> str:
        return static("img/icon.svg")


admin.site.index_title = _("Moderation")

urlpatterns = [
    path("", include("posts.urls")),
    path("", include("accounts.urls")),
    # Django's redirect by content type is open to all staff, and reveals titles of drafts.
    path("admin/r/<path:rest>", no_such_page, name="no_shortcut"),
    path("admin/", admin.site.urls),
    path("hello/", health.hello, name="hello"),
    path("media/<path:name>", media, name="media"),
    path("favicon.ico", Favicon.as_view(), name="favicon"),
]
