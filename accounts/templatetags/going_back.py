"""Tag for the script that keeps Back from showing pages of a person who logged out."""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.going_back import person_mark
from caching import fragments

register = template.Library()


@register.simple_tag(takes_context=True)
def going_back(context) -> str:
    """Return the script for a personal page, or an empty string for other pages."""
    user = getattr(context.get("request"), "user", None)
    if not user or not user.is_authenticated:
        return ""
    return fragments.by_value("going back", user.pk, lambda: render_script(person_mark(user)))


def render_script(mark: str) -> SafeString:
    tag = '<script src="{}" data-person="{}={}" defer></script>'
    return format_html(tag, static("js/back.js"), settings.PERSON_COOKIE_NAME, mark)
