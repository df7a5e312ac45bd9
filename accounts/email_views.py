"""Views for changing and confirming the email address."""

from contextlib import suppress

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, View

from accounts.credentials import (
    AddressIsTaken,
    LinkHasEnded,
    cancel_change,
    change_email,
    confirm_email,
)
from accounts.csrf import tell_to_repeat
from accounts.email_links import is_valid
from accounts.emails import email_key
from accounts.forms import EmailForm
from accounts.limits import count_use
from accounts.mail import can_send
from accounts.mixins import AccountAct, KeepsTextMixin, MailMixin, OwnPasswordMixin
from accounts.models import User
from accounts.tasks import send_confirmation
from content.addresses import site_url
from content.methods import FORM_METHODS
from content.outages import LimitReached


def send_link(request: HttpRequest, user: User, address: str) -> None:
    """Send a link that confirms `address`, which `user` has or wants. Raise LimitReached."""
    count_use(request, "confirm", f"email {email_key(address)}")
    send_confirmation.enqueue(user.pk, site_url(request))
    text = _("To confirm %(email)s, open the link in the email that we sent there.")
    messages.success(request, text % {"email": address})


def send_first_link(request: HttpRequest, user: User) -> None:
    """Send the link of a new account, if it has an address and the site can send email.

    The limit stops mail to an address that someone keeps typing, but no registration.
    """
    address = user.email_to_confirm
    if address and can_send():
        with suppress(LimitReached):
            send_link(request, user, address)


@method_decorator([sensitive_post_parameters("password"), never_cache], name="dispatch")
class EmailChange(KeepsTextMixin, LoginRequiredMixin, OwnPasswordMixin, MailMixin, FormView):
    http_method_names = FORM_METHODS
    form_class = EmailForm
    template_name = "accounts/email_change.html"
    text_fields = ("email",)

    def get_initial(self) -> dict:
        return {"email": self.request.user.email} | super().get_initial()

    @transaction.atomic
    def form_valid(self, form: EmailForm) -> HttpResponse:
        address = form.cleaned_data["email"]
        change_email(self.request.user, address)
        if address and can_send():
            send_link(self.request, self.request.user, address)
        elif address:
            text = _("Your email address is now %(email)s.")
            messages.success(self.request, text % {"email": address})
        else:
            messages.success(self.request, _("Your email address was removed."))
        return redirect("accounts:account")


class EmailLinkSend(AccountAct):
    """Send the link again."""

    def post(self, request: HttpRequest) -> HttpResponse:
        address = request.user.email_to_confirm
        if address and can_send():
            send_link(request, request.user, address)
        return redirect("accounts:account")


class EmailChangeCancel(AccountAct):
    """Keep the present address."""

    def post(self, request: HttpRequest) -> HttpResponse:
        cancel_change(request.user)
        messages.success(request, _("Your email address stays the same."))
        return redirect("accounts:account")


@method_decorator(never_cache, name="dispatch")
class EmailConfirm(View):
    """Confirm an address by POST. A GET shows the button, because mail scanners open links."""

    http_method_names = FORM_METHODS
    template_name = "accounts/email_confirm.html"

    def get(self, request: HttpRequest, pk: int, token: str) -> HttpResponse:
        account = User.objects.filter(pk=pk).first()
        if account is None or not is_valid(account, token):
            account = None
        return render(request, self.template_name, {"account": account})

    def post(self, request: HttpRequest, pk: int, token: str) -> HttpResponse:
        try:
            account = confirm_email(pk, token)
        except LinkHasEnded:
            return render(request, self.template_name)
        except AddressIsTaken:
            return render(request, self.template_name, {"is_taken": True})
        text = _("%(email)s is now confirmed for the account %(username)s.")
        names = {"email": account.email, "username": account.username}
        messages.success(request, text % names)
        is_own = request.user.pk == account.pk
        return redirect("accounts:account" if is_own else "accounts:login")

    def ask_again(self, cause: str) -> HttpResponse:
        tell_to_repeat(self.request, cause)
        return redirect(self.request.path)
