"""Background jobs for accounts."""

from collections import defaultdict

from django.contrib.auth.tokens import default_token_generator
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django_tasks import task

from accounts import mail
from accounts.forms import ResetForm
from accounts.models import User
from identity import current


@task
def send_reset(email: str, site_url: str) -> None:
    """Send a link for each account with this email address.

    The arguments of a job are in the database, so the links are created here.
    """
    # Send to the addresses as the accounts spell them, because some servers distinguish uppercase
    # and lowercase.
    links = defaultdict(list)
    for user in sorted(ResetForm().get_users(email), key=lambda user: user.pk):
        links[user.email].append((user.username, f"{site_url}{reset_path(user)}"))
    for address, links_of_address in links.items():
        context = {"site_name": current.site().name, "links": links_of_address}
        subject = render_to_string("accounts/password_reset_subject.txt", context)
        mail.send(subject, render_to_string("accounts/password_reset_email.txt", context), address)


def reset_path(user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return reverse("accounts:password_reset_confirm", args=[uid, token])
