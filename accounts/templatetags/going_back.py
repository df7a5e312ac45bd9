"""Tag for the script that keeps Back from showing pages of a person who logged out."""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html

from accounts.going_back import person_mark
from caching import fragments

register = template.Library()


@register.simple_tag(takes_context=True)
def going_back(context) -> str:
    """Return the script for a personal page, or an empty string for other pages."""
    request = context.get("request")
    mark = person_mark(request.user) if hasattr(request, "user") else ""
    if not mark:
        return ""
    tag = '<script src="{}" data-person="{}={}" defer></script>'
    name = settings.PERSON_COOKIE_NAME
    return fragments.by_value(
        "going back", mark, lambda: format_html(tag, static("js/back.js"), name, mark)
    )
