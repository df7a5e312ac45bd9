"""The form for a redirect."""

import re
from urllib.parse import unquote, urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from identity.models import PATH_MAX_LENGTH, TARGET_MAX_LENGTH, Redirect
from identity.redirects import key_of, leads_back, readable

LOCAL = re.compile(r"/(?![/\\])")
check_url = URLValidator(
    schemes=["http", "https"],
    message=_("Type a path on this site, such as /new-page/, or an address with https://."),
)


class RedirectForm(forms.ModelForm):
    """Form for a redirect. The old path of an existing one can't be changed."""

    # The host name of this site in the browser of the person who uses the form.
    own_host = ""

    class Meta:
        model = Redirect
        fields = ("old_path", "target")
        help_texts = {
            "old_path": _(
                "Such as /old-page/. Addresses below it redirect too. A redirect has no effect "
                "while there is a page at the address."
            ),
            "target": _("A path on this site, such as /new-page/, or an address with https://."),
        }
        error_messages = {
            "old_path": {"unique": _("This path already redirects. Change that redirect instead.")}
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Quoted characters make an address longer than it will be.
            field.widget.attrs.pop("maxlength", None)
            field.validators = [v for v in field.validators if v.code != "max_length"]

    def clean_old_path(self) -> str:
        path = self.without_own_host(self.cleaned_data["old_path"])
        if not LOCAL.match(path):
            raise ValidationError(_("Start with one slash, such as /old-page/."))
        if "?" in path or "#" in path:
            raise ValidationError(_("Leave out “?”, “#” and everything after them."))
        key = key_of(readable(unquote(path)))
        if not key:
            raise ValidationError(_("The home page can't redirect."))
        return checked_length(key, PATH_MAX_LENGTH)

    def clean_target(self) -> str:
        target = self.without_own_host(self.cleaned_data["target"])
        if not LOCAL.match(target):
            check_url(target)
            return checked_length(target, TARGET_MAX_LENGTH)
        address = urlsplit(target)
        # Two slashes at the start would make the first part a host.
        path = "/" + readable(unquote(address.path)).lstrip("/")
        return checked_length(address._replace(path=path).geturl(), TARGET_MAX_LENGTH)

    def without_own_host(self, address: str) -> str:
        """Return only the path if `address` is a whole address on this site."""
        origins = [f"{scheme}://{self.own_host}" for scheme in ("http", "https")]
        for origin in filter(None, [settings.SITE_URL, *origins]):
            if f"{address}/".startswith(f"{origin}/"):
                return address.removeprefix(origin) or "/"
        return address

    def clean(self) -> dict:
        """Refuse loops."""
        data = super().clean()
        old_path = data.get("old_path", self.instance.old_path)
        if old_path and data.get("target") and leads_back(data["target"], old_path):
            self.add_error("target", _("This redirect would lead in circles."))
        return data


def checked_length(text: str, most: int) -> str:
    if len(text) > most:
        message = _("This address is too long. Use at most %(limit)d characters.")
        raise ValidationError(message % {"limit": most})
    return text
