"""Times for the person who writes, with the name of the time zone."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.templatetags.times import iso
from identity.language import date_format

register = template.Library()


@register.filter
def own_time(at: datetime) -> SafeString:
    """Return `at` in the current zone. The editor's script shows it in the browser's."""
    local = timezone.localtime(at)
    text = f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"
    return format_html('<time datetime="{}" data-own>{}</time>', iso(local), text)
