"""Background jobs for accounts."""

from collections import defaultdict

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django_tasks import task

from accounts import mail
from accounts.email_links import path_of_link
from accounts.emails import email_key
from accounts.models import User


@task
def send_reset(email: str, site_url: str) -> None:
    """Send a link for each account with this email address.

    The arguments of a job are in the database, so the links are created here.
    """
    # Send to the addresses as the accounts spell them, because some servers distinguish uppercase
    # and lowercase.
    links = defaultdict(list)
    for user in User.objects.reset_at(email):
        links[user.email].append((user.username, f"{site_url}{reset_path(user)}"))
    for address, links_of_address in links.items():
        mail.send_template("password_reset", address, {"links": links_of_address})


def reset_path(user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return reverse("accounts:password_reset_confirm", args=[uid, token])


@task
def send_confirmation(pk: int, site_url: str) -> None:
    """Send a link that confirms the account's address.

    If another account has confirmed this address, send its owner a notice instead. The page that
    asked for the link doesn't say so, because a stranger may have typed the address.
    """
    user = User.objects.filter(pk=pk).first()
    if user is None or not user.email_to_confirm:
        return
    address = user.email_to_confirm
    owner = User.objects.filter(confirmed_email=email_key(address)).exclude(pk=pk).first()
    context = {"owner": owner, "link": f"{site_url}{path_of_link(user)}"}
    mail.send_template("email_taken" if owner else "email_confirm", address, context)


@task
def send_notice(event: str, address: str, username: str) -> None:
    """Tell a person what has happened to their account. Without SITE_URL, there are no links."""
    link = f"{settings.SITE_URL}{reverse('accounts:password_reset')}" if settings.SITE_URL else ""
    login = f"{settings.SITE_URL}{reverse('accounts:login')}" if settings.SITE_URL else ""
    mail.send_template(event, address, {"username": username, "link": link, "login": login})
