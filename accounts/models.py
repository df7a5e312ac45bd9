"""Users, their unsaved texts and their sessions."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from accounts.emails import email_key
from accounts.lookalikes import SKELETON_MAX_LENGTH, skeleton
from accounts.roles import GROUPS, Role, is_at_least
from accounts.usernames import (
    USERNAME_KEY_MAX_LENGTH,
    USERNAME_MAX_LENGTH,
    username_key,
    validate_username,
)
from content.lookups import Begins
from identity import current

BIOGRAPHY_MAX_LENGTH = 2_000

# The columns that `save` derives from others.
DERIVED = {
    "username": {"username_key", "username_skeleton"},
    "display_name": {"display_name_skeleton"},
    "role": {"is_superuser", "is_staff"},
}

models.CharField.register_lookup(Begins, "begins")


class UserQuerySet(models.QuerySet):
    def waiting(self) -> "UserQuerySet":
        """Users that wait for approval."""
        return self.filter(is_active=False, waiting_since__isnull=False)

    def named_like(self, name: str) -> "UserQuerySet":
        """Users with a username or a display name that looks like `name`."""
        key = skeleton(name)
        if not key:
            return self.none()
        return self.filter(models.Q(username_skeleton=key) | models.Q(display_name_skeleton=key))

    def reset_at(self, address: str) -> list["User"]:
        """Users who can reset their password by a mail to `address`, confirmed or not."""
        key = email_key(address)
        spelled = models.Q(email__iexact=address) | models.Q(confirmed_email=key)
        users = self.filter(spelled, is_active=True).order_by("pk")
        # The database may count more addresses as the same.
        return [u for u in users if email_key(u.email) == key and u.has_usable_password()]


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):
    def get_by_natural_key(self, username: str) -> "User":
        """Return the user with this name in any letter case or Unicode compatibility form.

        Raises User.DoesNotExist.
        """
        return self.get(username_key=username_key(username))

    def get_for_login(self, typed: str) -> "User":
        """Return the user with this username or confirmed address. Raises User.DoesNotExist."""
        if "@" not in typed:
            return self.get_by_natural_key(typed)
        user = self.get(confirmed_email=email_key(typed))
        if not user.has_confirmed_email:
            raise User.DoesNotExist
        return user


class User(AbstractUser):
    username = models.CharField(
        _("username"),
        max_length=USERNAME_MAX_LENGTH,
        unique=True,
        help_text=_("At most 30 letters, digits, hyphens, underscores and periods."),
        validators=[validate_username],
        error_messages={"unique": _("This username is already registered.")},
    )
    username_key = models.CharField(max_length=USERNAME_KEY_MAX_LENGTH, unique=True, editable=False)
    # See `accounts.lookalikes`. Empty in rows that an older version added: `update_names` fills it.
    username_skeleton = models.CharField(
        max_length=SKELETON_MAX_LENGTH, editable=False, default="", db_default=""
    )
    display_name_skeleton = models.CharField(
        max_length=SKELETON_MAX_LENGTH, editable=False, default="", db_default=""
    )
    # Set when a form has checked the username. See the constraint.
    has_checked_name = models.BooleanField(default=False, db_default=False, editable=False)

    # The address that replaces `email` when it is confirmed.
    new_email = models.EmailField(
        _("new email address"), blank=True, editable=False, default="", db_default=""
    )
    # Both are set when `email` is confirmed, and cleared when it changes. The second is its key.
    email_confirmed_at = models.DateTimeField(_("email confirmed"), null=True, editable=False)
    confirmed_email = models.TextField(null=True, editable=False)  # noqa: DJ001  unique

    display_name = models.CharField(_("display name"), max_length=100, blank=True)
    biography = models.TextField(_("biography"), max_length=BIOGRAPHY_MAX_LENGTH, blank=True)
    biography_html = models.TextField(editable=False, default="")
    website = models.URLField(_("website"), max_length=200, blank=True)
    # The name of an image (see `content.image_names`).
    avatar = models.CharField(max_length=100, blank=True, editable=False)
    # Blank means the site's own time zone.
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    role = models.CharField(
        _("role"),
        max_length=12,
        choices=Role.choices,
        default=Role.AUTHOR,
        db_default=Role.AUTHOR.value,
    )

    # When a person registered whose account is not active because it waits for approval.
    waiting_since = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            # Two people may choose such names at the same moment, after both were checked. Names
            # from commands and older versions may look alike.
            models.UniqueConstraint(
                fields=["username_skeleton"],
                condition=models.Q(has_checked_name=True),
                name="accounts_checked_names_look_different",
            ),
            models.UniqueConstraint(
                fields=["confirmed_email"], name="accounts_one_account_per_email"
            ),
        ]
        # Indexes for the admin's lists. The partial ones find the few staff and closed accounts.
        indexes = [
            models.Index(fields=["username_skeleton"], name="accounts_looks"),
            models.Index(fields=["display_name_skeleton"], name="accounts_display_looks"),
            models.Index(fields=["date_joined"], name="accounts_joined"),
            models.Index(fields=["role", "username"], name="accounts_role"),
            models.Index(
                fields=["email"], name="accounts_email", opclasses=["varchar_pattern_ops"]
            ),
            models.Index(
                fields=["username"], name="accounts_staff", condition=models.Q(is_staff=True)
            ),
            models.Index(
                fields=["username"], name="accounts_closed", condition=models.Q(is_active=False)
            ),
            models.Index(
                fields=["waiting_since", "id"],
                name="accounts_waiting",
                condition=models.Q(waiting_since__isnull=False),
            ),
        ]

    @property
    def is_waiting(self) -> bool:
        """Whether the account waits for approval (`accounts.approving`)."""
        return not self.is_active and self.waiting_since is not None

    @property
    def name(self) -> str:
        """The name that others see: the display name, or else the username."""
        return self.display_name or self.username

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

    @property
    def is_editor_or_owner(self) -> bool:
        return is_at_least(self, Role.EDITOR)

    @property
    def has_confirmed_email(self) -> bool:
        """Whether `email` is confirmed. During an update, an older version may change it alone."""
        return self.confirmed_email is not None and self.confirmed_email == email_key(self.email)

    @property
    def email_to_confirm(self) -> str:
        """The address that a link to confirm it goes to, or an empty string."""
        return self.new_email or ("" if self.has_confirmed_email else self.email)

    @property
    def may_write(self) -> bool:
        """Whether the user may write posts. Templates use it."""
        return is_at_least(self, Role.CONTRIBUTOR)

    def clean(self) -> None:
        """Refuse a username that looks the same as another user's."""
        super().clean()
        # The username is None if the form already refused it.
        twins = User.objects.filter(username_key=username_key(self.username or ""))
        if twins.exclude(pk=self.pk).exists():
            raise ValidationError({"username": self.unique_error_message(User, ["username"])})

    def save(self, *args, **kwargs) -> None:
        """Save the user, with the columns derived from the names and the role."""
        update_fields = kwargs.get("update_fields")
        if self._state.adding and self.is_superuser:
            # `createsuperuser` makes an owner.
            self.role = Role.OWNER
        sources = DERIVED.keys() if update_fields is None else DERIVED.keys() & {*update_fields}
        if sources:
            self.derive_names()
            self.derive_access()
        if update_fields is not None:
            kwargs["update_fields"] = {*update_fields}.union(*map(DERIVED.get, sources))
        super().save(*args, **kwargs)
        if "role" in sources and self.role == Role.OWNER:
            current.note_owner(timezone.now())
        if "role" in sources and self.role in GROUPS:
            # `granting.apply_role` removes the groups of other roles.
            self.groups.add(Group.objects.get_or_create(name=GROUPS[self.role])[0])

    def derive_names(self) -> None:
        """Set the columns that are derived from the names."""
        self.username_key = username_key(self.username)
        self.username_skeleton = skeleton(self.username)
        self.display_name_skeleton = skeleton(self.display_name)

    def derive_access(self) -> None:
        """Set Django's flags for the admin from the role. Other staff keep their access."""
        self.is_superuser = self.role == Role.OWNER
        self.is_staff = self.is_staff or is_at_least(self, Role.EDITOR)


class FormerUsernameQuerySet(models.QuerySet):
    def like(self, name: str) -> "FormerUsernameQuerySet":
        """Former usernames that are the same as `name` or look like it."""
        is_same = models.Q(username_key=username_key(name))
        looks_same = models.Q(username_skeleton=skeleton(name) or None)
        return self.filter(is_same | looks_same)


class FormerUsername(models.Model):
    """A username that its owner has changed. No one else can take it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="former_usernames")
    username_key = models.CharField(max_length=USERNAME_KEY_MAX_LENGTH, unique=True)
    username_skeleton = models.CharField(max_length=SKELETON_MAX_LENGTH, db_index=True)

    objects = FormerUsernameQuerySet.as_manager()

    class Meta:
        verbose_name = _("former username")
        verbose_name_plural = _("former usernames")

    def __str__(self) -> str:
        return self.username_key


class Invitation(models.Model):
    """A link that lets people register with a role. See `accounts.inviting` for its rules."""

    # The digest of the token in the link. The token is not stored.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, default=Role.AUTHOR)
    note = models.CharField(
        _("note"),
        max_length=200,
        blank=True,
        help_text=_("Such as the person's name. Only owners and editors see it."),
    )
    use_limit = models.PositiveSmallIntegerField(default=1)
    use_count = models.PositiveSmallIntegerField(default=0, editable=False)
    inviter = models.ForeignKey(User, models.SET_NULL, null=True, related_name="sent_invitations")
    people = models.ManyToManyField(User, related_name="accepted_invitations")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(use_count__lte=models.F("use_limit")),
                name="accounts_invitation_limit",
            )
        ]

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.get_role_display(), self.note)))


class UnsavedText(models.Model):
    """Text from an expired form, kept for its author until they save or discard it.

    The table and its columns keep their old names, because the previous version still uses them
    while `prepare` updates the database.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="unsaved_texts")
    # Each displayed form has its own id. At most one text is kept per form: the last one sent from
    # it.
    form_id = models.CharField(max_length=16, db_column="sheet")
    # The page that shows the form.
    path = models.TextField()
    texts = models.JSONField()
    # Other fields that the form needs, such as the version that it started from.
    hidden = models.JSONField(default=dict)
    has_files = models.BooleanField(default=False)
    kept_at = models.DateTimeField(db_column="held_at", db_index=True)

    class Meta:
        db_table = "accounts_heldtext"
        constraints = [
            models.UniqueConstraint(fields=["user", "form_id"], name="accounts_one_text_per_form")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.path}"

    @property
    def initial(self) -> dict[str, str]:
        """The initial values when the form is shown again."""
        return self.hidden | self.texts


class Session(AbstractBaseSession):
    """A session and the user it belongs to (see `accounts.sessions`)."""

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")

    @classmethod
    def get_session_store_class(cls) -> type:
        # Imported by name, because the store imports this model.
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")
