"""System checks that keep an unsafe site from being served beyond this machine."""

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from blogsite import environment

LOOPBACK = {"127.0.0.1", "localhost", ".localhost", "::1", "[::1]"}


def is_served_beyond_loopback() -> bool:
    """Tell whether strangers may reach the site: by the address it binds or the names it takes."""
    address = environment.bind_address()
    is_bound_to_loopback = address.startswith("unix:") or address.rpartition(":")[0] in LOOPBACK
    return not is_bound_to_loopback or not LOOPBACK.issuperset(settings.ALLOWED_HOSTS)


@register(Tags.security)
def check_https(app_configs, **kwargs) -> list[CheckMessage]:
    if not is_served_beyond_loopback() or settings.IS_HTTPS:
        return []
    message = "The site is served beyond this machine without HTTPS."
    hint = "Set SITE_URL=https://… and put a proxy with a certificate before it (BEHIND_PROXY=1)."
    return [checks.Warning(message, hint=hint, id="blogsite.W001")]


@register(Tags.security)
def check_proxy(app_configs, **kwargs) -> list[CheckMessage]:
    if not settings.IS_HTTPS or settings.BEHIND_PROXY:
        return []
    message = "SITE_URL is https, but no proxy is trusted to say that a request came over HTTPS."
    hint = "Set BEHIND_PROXY=1; without it every request is redirected to HTTPS for ever."
    return [checks.Warning(message, hint=hint, id="blogsite.W002")]


@register(Tags.security)
def check_hosts(app_configs, **kwargs) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    message = "ALLOWED_HOSTS is *: anyone may choose the host that links and mails are made for."
    hint = "Name the hosts, as ALLOWED_HOSTS=blog.example.org."
    return [Error(message, hint=hint, id="blogsite.E001")]


@register(Tags.security)
def check_debug(app_configs, **kwargs) -> list[CheckMessage]:
    if not settings.DEBUG or not is_served_beyond_loopback():
        return []
    message = "DEBUG is on while the site is served beyond this machine."
    hint = "Unset DEBUG: its error pages show code and settings to strangers."
    return [Error(message, hint=hint, id="blogsite.E002")]
