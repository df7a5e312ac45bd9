"""System checks that stop an unsafe site from being served beyond this machine."""

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.http.request import validate_host
from django.utils.translation import get_language_info

from blogsite import environment

LOOPBACK = {"127.0.0.1", "localhost", ".localhost", "::1", "[::1]"}


def is_served_beyond_loopback() -> bool:
    """Return whether the bind address or ALLOWED_HOSTS let strangers reach the site."""
    address = environment.bind_address()
    is_bound_to_loopback = address.startswith("unix:") or address.rpartition(":")[0] in LOOPBACK
    return not is_bound_to_loopback or not LOOPBACK.issuperset(settings.ALLOWED_HOSTS)


@register(Tags.security)
def check_https(app_configs, **kwargs) -> list[CheckMessage]:
    if not is_served_beyond_loopback() or settings.IS_HTTPS:
        return []
    message = "Other machines can reach the site without HTTPS."
    hint = "Put a proxy with a certificate in front, and set SITE_URL=https://… and BEHIND_PROXY=1."
    return [checks.Warning(message, hint=hint, id="blogsite.W001")]


@register(Tags.security)
def check_proxy(app_configs, **kwargs) -> list[CheckMessage]:
    if not settings.IS_HTTPS or settings.BEHIND_PROXY:
        return []
    message = "SITE_URL is https, but BEHIND_PROXY is off, so every request counts as plain HTTP."
    hint = "Set BEHIND_PROXY=1. Without it, every request is redirected to HTTPS forever."
    return [checks.Warning(message, hint=hint, id="blogsite.W002")]


@register(Tags.security)
def check_own_host(app_configs, **kwargs) -> list[CheckMessage]:
    host = environment.host_of(settings.SITE_URL)
    if not host or validate_host(host, settings.ALLOWED_HOSTS):
        return []
    message = f"ALLOWED_HOSTS does not include {host}, the host of SITE_URL."
    hint = "Add it, or unset ALLOWED_HOSTS. For now, visitors to SITE_URL get an error (400)."
    return [checks.Warning(message, hint=hint, id="blogsite.W003")]


@register(Tags.security)
def check_mail(app_configs, **kwargs) -> list[CheckMessage]:
    if settings.EMAIL_BACKEND != settings.FILE_MAIL or not is_served_beyond_loopback():
        return []
    message = "This site can't send email, so visitors can't reset a forgotten password."
    folder = settings.INSTANCE_DIR / "mail"
    hint = f"Set EMAIL_URL=smtp+tls://user:password@host:587. Until then, emails are in {folder}."
    return [checks.Warning(message, hint=hint, id="blogsite.W004")]


@register(Tags.security)
def check_mail_links(app_configs, **kwargs) -> list[CheckMessage]:
    if settings.EMAIL_BACKEND == settings.FILE_MAIL or settings.SITE_URL:
        return []
    message = "EMAIL_URL is set without SITE_URL, so links in emails use the host of the request."
    hint = "Set SITE_URL=https://… to the address that readers use."
    return [checks.Warning(message, hint=hint, id="blogsite.W005")]


@register(Tags.security)
def check_mail_password(app_configs, **kwargs) -> list[CheckMessage]:
    is_encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if is_encrypted or not settings.EMAIL_HOST_USER or settings.EMAIL_HOST in LOOPBACK:
        return []
    message = "EMAIL_URL sends its password without encryption."
    hint = "Set EMAIL_URL=smtp+tls://… (port 587) or smtps://… (port 465)."
    return [checks.Warning(message, hint=hint, id="blogsite.W006")]


@register(Tags.security)
def check_limits(app_configs, **kwargs) -> list[CheckMessage]:
    if settings.BEHIND_PROXY or not settings.LIMITS or not is_served_beyond_loopback():
        return []
    message = "Limits count no network addresses of visitors whose requests come through a proxy."
    hint = "If there is a proxy, set BEHIND_PROXY=1. Accounts and usernames are limited anyway."
    return [checks.Warning(message, hint=hint, id="blogsite.W007")]


@register(Tags.security)
def check_hosts(app_configs, **kwargs) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    message = "ALLOWED_HOSTS is *, so strangers can choose the host in links of pages and emails."
    hint = "List the host names, for example ALLOWED_HOSTS=blog.example.org."
    return [Error(message, hint=hint, id="blogsite.E001")]


@register(Tags.security)
def check_debug(app_configs, **kwargs) -> list[CheckMessage]:
    if not settings.DEBUG or not is_served_beyond_loopback():
        return []
    message = "DEBUG is on, and other machines can reach the site."
    hint = "Unset DEBUG: its error pages show code and settings to strangers."
    return [Error(message, hint=hint, id="blogsite.E002")]


@register()
def check_language(app_configs, **kwargs) -> list[CheckMessage]:
    code = settings.SITE_VARIABLES["language"][1]
    if code is None or code.startswith("en"):
        return []
    name = get_language_info(code)["name"]
    message = f"LANGUAGE_CODE={code}: the interface is not translated into {name}."
    hint = f"Its text stays in English, with dates and numbers in the format of {name}."
    return [checks.Warning(message, hint=hint, id="blogsite.W010")]
