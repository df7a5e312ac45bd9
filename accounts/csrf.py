"""Responses to forms that the CSRF check refused. Each names the cause and keeps the text."""

import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware import csrf
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts.mixins import return_typed_text
from accounts.unsaved_text import WRITER
from content.addresses import site_url
from content.typed import typed_in

log = logging.getLogger(__name__)

# Reasons why a form is refused.
STALE = "stale"
NO_COOKIE = "no cookie"
OTHER_ADDRESS = "other address"
NO_ADDRESS = "no address"
ADDRESS_REASONS = tuple(
    reason.partition("%s")[0]
    for reason in (csrf.REASON_BAD_ORIGIN, csrf.REASON_BAD_REFERER, csrf.REASON_INSECURE_REFERER)
)
NO_ADDRESS_REASONS = {csrf.REASON_NO_REFERER, csrf.REASON_MALFORMED_REFERER}
AGAIN = {
    STALE: _(
        "You logged in or out in another tab after you opened this page. "
        "Please press the button again."
    ),
    NO_COOKIE: _(
        "Your browser sent no cookie with this form. Please press the button again. If this "
        "keeps happening, allow cookies for this site."
    ),
}
PASSWORDS = _("Enter your password again.")


class AsksAgainMixin:
    """Mixin that shows a form again if its token is outdated, for example from an older tab.

    The view is set up but not dispatched. `kept_fields` are filled in again, but never passwords.
    """

    kept_fields: tuple[str, ...] = ()

    def instead(self) -> HttpResponse | None:
        """Return the response for visitors who can't use the form, or None if they can."""
        return None

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return self.instead() or super().dispatch(request, *args, **kwargs)

    def ask_again(self, cause: str) -> HttpResponse:
        return self.instead() or self.show_again(cause)

    def show_again(self, cause: str) -> HttpResponse:
        kwargs = self.get_form_kwargs()
        kwargs.pop("data", None)
        kwargs.pop("files", None)
        kwargs["initial"] = {name: self.request.POST.get(name, "") for name in self.kept_fields}
        form = self.get_form_class()(**kwargs)
        tell_to_repeat(self.request, cause)
        return self.render_to_response(self.get_context_data(form=form), status=403)


def tell_to_repeat(request: HttpRequest, cause: str) -> None:
    has_passwords = any("password" in name for name in request.POST)
    text = f"{AGAIN[cause]} {PASSWORDS}" if has_passwords else AGAIN[cause]
    messages.warning(request, text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Respond to a form without a valid token: show it again, keep its text, or return the text."""
    cause = cause_of(request, reason)
    view = view_of(request)
    typed = typed_in(request)
    if cause == NO_ADDRESS:
        return return_typed_text(request, typed, cause=cause)
    if cause == OTHER_ADDRESS:
        return return_typed_text(request, typed, cause=cause, **origins_of(request))
    if request.resolver_match.view_name in ("admin:login", "admin:logout"):
        return ask_again_in_admin(request, cause)
    if hasattr(view, "ask_again"):
        return view.ask_again(cause)
    if WRITER in request.POST and hasattr(view, "text_fields"):
        return view.refuse_and_keep()
    return return_typed_text(request, typed, cause=cause)


def cause_of(request: HttpRequest, reason: str) -> str:
    if reason == csrf.REASON_NO_CSRF_COOKIE:
        return NO_COOKIE
    if reason in NO_ADDRESS_REASONS or request.META.get("HTTP_ORIGIN") == "null":
        return NO_ADDRESS
    return OTHER_ADDRESS if reason.startswith(ADDRESS_REASONS) else STALE


def origins_of(request: HttpRequest) -> dict[str, object]:
    """Return the origin of the form and the origin that this site expects, and log both."""
    scheme = request.scheme
    host = request.get_host()
    sender = request.META.get("HTTP_ORIGIN") or origin_of(request.META["HTTP_REFERER"])
    message = "A form sent from %.200r was refused. SITE_URL is %r, the request came to %s://%s."
    log.warning(message, sender, settings.SITE_URL, scheme, host)
    # If the browser says that the form came from another site, the settings are not to blame.
    is_elsewhere = request.META.get("HTTP_SEC_FETCH_SITE", "same-origin") != "same-origin"
    return {"sender": sender, "known": site_url(request), "is_elsewhere": is_elsewhere}


def origin_of(url: str) -> str:
    scheme, host = urlsplit(url)[:2]
    return f"{scheme}://{host}"


def view_of(request: HttpRequest) -> object | None:
    """Return the class-based view that the form was sent to, already set up, or None.

    Django calls `csrf_failure` instead of that view, so there is no instance of it yet. Only the
    view can show its form again. This function does what `as_view` does, except for `dispatch`: the
    refused form must not change anything.
    """
    match = request.resolver_match
    view_class = getattr(match.func, "view_class", None)
    if view_class is None:
        return None
    view = view_class()
    view.setup(request, *match.args, **match.kwargs)
    return view


def ask_again_in_admin(request: HttpRequest, cause: str) -> HttpResponse:
    """Redirect to the login or logout page, which shows its form only if it is needed."""
    if request.resolver_match.view_name == "admin:logout":
        return redirect("accounts:logout")
    wanted = request.POST.get("next", request.GET.get("next"))
    hosts = {request.get_host()}
    is_secure = request.is_secure()
    if request.user.is_staff and url_has_allowed_host_and_scheme(wanted, hosts, is_secure):
        return HttpResponseRedirect(wanted)
    if not request.user.is_staff:
        tell_to_repeat(request, cause)
    return HttpResponseRedirect(request.get_full_path())
