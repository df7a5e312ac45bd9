"""The blog's name and language, the owner's rules, and redirects from old addresses."""

from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from content.time_zones import UTC, zone_named

# The interface uses only languages into which all of it is translated, including Django's part.
COMPLETE_LANGUAGES = {"en"}
NAME_MAX_LENGTH = 100
PATH_MAX_LENGTH = 400
TARGET_MAX_LENGTH = 2_000


class Site(models.Model):
    """The owner's settings: one row, or none until they are saved for the first time.

    Read them with `identity.current.site()`, because environment variables take precedence.
    """

    class Registration(models.TextChoices):
        OPEN = "open", _("Everyone")
        INVITATION = "invitation", _("People with an invitation")
        CLOSED = "closed", _("No one")

    # Values of roles in `accounts`, a higher app.
    class NewRole(models.TextChoices):
        AUTHOR = "author", _("Author: publishes own posts")
        CONTRIBUTOR = "contributor", _("Contributor: writes posts that an editor publishes")
        READER = "reader", _("Reader: comments and likes")

    class Approval(models.TextChoices):
        LINKS = (
            "links",
            _("With more than two links, until their author has an approved one"),
        )
        FIRST = "first", _("All, until their author has an approved one")
        ALL = "all", _("All")
        NONE = "none", _("None")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=NAME_MAX_LENGTH, default="Blogsite")
    # The language of posts. It sets the format of dates and numbers.
    language = models.CharField(_("language"), max_length=16, default="en")
    # Quotation marks, dashes and dots are shown as in print.
    typography = models.BooleanField(_("typographic punctuation"), default=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    registration = models.CharField(
        _("who can register"), max_length=16, choices=Registration, default=Registration.OPEN
    )
    new_role = models.CharField(
        _("role of new accounts"), max_length=16, choices=NewRole, default=NewRole.AUTHOR
    )
    approves_accounts = models.BooleanField(_("new accounts need approval"), default=False)
    comments_enabled = models.BooleanField(_("comments"), default=True)
    comment_approval = models.CharField(
        _("comments that wait for approval"),
        max_length=16,
        choices=Approval,
        default=Approval.LINKS,
    )

    # Grows with each change, so that a form notices changes from another tab.
    version = models.PositiveIntegerField(default=0, editable=False)
    # The digest of the token in the link that makes someone the first owner.
    start_digest = models.CharField(max_length=64, default="", editable=False)
    # When the blog first had an owner. After that, no one can become its owner with a link.
    owned_since = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("settings")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="identity_one_site"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, or UTC if the system doesn't know it."""
        return zone_named(self.time_zone) or UTC

    @property
    def interface_language(self) -> str:
        """The language of buttons and messages: that of the blog if the interface has it."""
        return self.language if self.language.split("-")[0] in COMPLETE_LANGUAGES else "en"

    @property
    def is_registration_open(self) -> bool:
        return self.registration == self.Registration.OPEN


class Redirect(models.Model):
    """An old address of this site, and the address where its page is now.

    Addresses below the old path redirect too: with /tags/a to /tags/b/, /tags/a/feed/ leads to
    /tags/b/feed/. `identity.redirects` writes and reads these rows.
    """

    # In lowercase and without a slash at the end (`redirects.key_of`).
    old_path = models.CharField(_("old path"), max_length=PATH_MAX_LENGTH, unique=True)
    # A path on this site, or an address with https:// or http://.
    target = models.CharField(_("new address"), max_length=TARGET_MAX_LENGTH)

    class Meta:
        verbose_name = _("redirect")
        verbose_name_plural = _("redirects")

    def __str__(self) -> str:
        return self.old_path
