"""The texts of a form that could not be taken, to hand them back on the page that says so."""

from django.conf import settings
from django.http import HttpRequest


def typed_in(request: HttpRequest, *others: str) -> dict[str, str]:
    """Return what was typed, by the names of its fields. Passwords are never among them.

    The fields are those of TYPED_TEXTS, of the view (`held_fields`) and `others`.
    """
    view = request.resolver_match and request.resolver_match.func
    own = getattr(getattr(view, "view_class", None), "held_fields", ())
    names = dict.fromkeys((*own, *settings.TYPED_TEXTS, *others))
    return {name: request.POST[name] for name in names if request.POST.get(name)}
