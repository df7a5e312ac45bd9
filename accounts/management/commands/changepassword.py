"""Django's `changepassword`, with the email to the person that the pages send too."""

import getpass

from django.contrib.auth.management.commands import changepassword

from accounts.credentials import save_password
from accounts.models import User


class Command(changepassword.Command):
    help = "Changes the password of an account."

    def handle(self, *args, **options) -> str:
        options["username"] = options["username"] or getpass.getuser()
        message = super().handle(*args, **options)
        save_password(User.objects.get(username=options["username"]))
        return message
