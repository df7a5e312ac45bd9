"""Reference: a Django view that returns a constant; MIDDLEWARE=default adds Django's middleware."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.bare import body_of

# As in a new project (`startproject`).
DEFAULT = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


def constant(request: HttpRequest, size: int) -> HttpResponse:
    return HttpResponse(body_of(size))


urlpatterns = [path("<int:size>", constant)]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="not a secret",
    MIDDLEWARE=DEFAULT if os.environ.get("MIDDLEWARE") == "default" else [],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
)
application = get_wsgi_application()
