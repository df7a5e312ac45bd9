"""Django's `createsuperuser`, which also makes an existing account an owner."""

from django.contrib.auth.management.commands import createsuperuser

from accounts.models import FormerUsername, User
from accounts.profiles import show_changes
from accounts.roles import Role
from accounts.usernames import username_key


class Command(createsuperuser.Command):
    help = "Creates an owner, or makes an existing account an owner."

    def handle(self, *args, **options) -> str | None:
        if options["interactive"] and self.stdin.isatty():
            options["username"] = options["username"] or input("Username: ") or None
            user = find_user(options["username"])
            if user and self.is_confirmed(user):
                self.promote(user)
                return None
        return super().handle(*args, **options)

    def _validate_username(self, username: str, *args) -> str | None:
        """Return why an account can't have this name, or None. Former usernames stay reserved."""
        error = super()._validate_username(username, *args)
        if error or not FormerUsername.objects.filter(username_key=username_key(username)).exists():
            return error
        return "Error: Another person has used this username."

    def is_confirmed(self, user: User) -> bool:
        question = f"{user.username} is registered. Make this account an owner? [y/N] "
        return input(question).strip().lower() in ("y", "yes")

    def promote(self, user: User) -> None:
        user.role = Role.OWNER
        user.is_active = True
        user.save(update_fields=["role", "is_active"])
        show_changes(user, ["role"])
        self.stdout.write(f"{user.username} is an owner now.")


def find_user(username: str | None) -> User | None:
    return User.objects.filter(username_key=username_key(username or "")).first()
