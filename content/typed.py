"""Typed texts of a refused form, for the page that gives them back."""

from django.conf import settings
from django.http import HttpRequest


def typed_in(request: HttpRequest, *others: str) -> dict[str, str]:
    """Return the typed texts by field name, but never passwords.

    The fields are TYPED_TEXTS, the view's `text_fields` and `others`.
    """
    view = request.resolver_match and request.resolver_match.func
    own = getattr(getattr(view, "view_class", None), "text_fields", ())
    names = dict.fromkeys((*own, *settings.TYPED_TEXTS, *others))
    return {name: request.POST[name] for name in names if request.POST.get(name)}
