"""Who: the people who write and moderate."""

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.usernames import (
    USERNAME_KEY_MAX_LENGTH,
    USERNAME_MAX_LENGTH,
    username_key,
    validate_username,
)

BIOGRAPHY_MAX_LENGTH = 2_000


class UserManager(DjangoUserManager):
    def get_by_natural_key(self, username: str) -> "User":
        """Return the user whom `username` names in any case or compatibility form.

        Log-in asks here. Raises User.DoesNotExist.
        """
        return self.get(username_key=username_key(username))


class User(AbstractUser):
    username = models.CharField(
        _("username"),
        max_length=USERNAME_MAX_LENGTH,
        unique=True,
        help_text=_("At most 30 letters, digits, hyphens, underscores and full stops."),
        validators=[validate_username],
        error_messages={"unique": _("This username is already registered.")},
    )
    username_key = models.CharField(max_length=USERNAME_KEY_MAX_LENGTH, unique=True, editable=False)

    display_name = models.CharField(_("display name"), max_length=100, blank=True)
    biography = models.TextField(_("biography"), max_length=BIOGRAPHY_MAX_LENGTH, blank=True)
    biography_html = models.TextField(editable=False, default="")
    website = models.URLField(_("website"), max_length=200, blank=True)
    # The name of a picture (`content.images`).
    avatar = models.CharField(max_length=100, blank=True, editable=False)

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    @property
    def name(self) -> str:
        """What others see: the display name, or the username where there is none."""
        return self.display_name or self.username

    def clean(self) -> None:
        """Refuse a username that reads like another's."""
        super().clean()
        # None where the form refused the name itself.
        twins = User.objects.filter(username_key=username_key(self.username or ""))
        if twins.exclude(pk=self.pk).exists():
            raise ValidationError({"username": self.unique_error_message(User, ["username"])})

    def save(self, *args, **kwargs) -> None:
        """Save, with the key derived from the username."""
        self.username_key = username_key(self.username)
        update_fields = kwargs.get("update_fields")
        if update_fields is not None and "username" in update_fields:
            kwargs["update_fields"] = {*update_fields, "username_key"}
        super().save(*args, **kwargs)
