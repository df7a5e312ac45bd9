"""The addresses of the site."""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from blogsite import health

handler400 = "blogsite.errors.bad_request"
handler403 = "blogsite.errors.permission_denied"
handler404 = "blogsite.errors.page_not_found"
handler500 = "blogsite.errors.server_error"


class Favicon(RedirectView):
    """Browsers ask for this path wherever a page names no icon, as the admin's do not."""

    http_method_names = ["get", "head", "options"]

    def get_redirect_url(self, *args, **kwargs) -> str:
        return static("img/icon.svg")


admin.site.site_header = admin.site.site_title = settings.SITE_NAME
admin.site.index_title = _("Moderation")

urlpatterns = [
    path("", include("posts.urls")),
    path("auth/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("hello/", health.hello, name="hello"),
    path("favicon.ico", Favicon.as_view(), name="favicon"),
]
