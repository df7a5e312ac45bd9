"""Views for registering, logging in and out, passwords and the account page."""

from urllib.parse import urlencode, urljoin, urlsplit

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.views import redirect_to_login
from django.contrib.messages.views import SuccessMessageMixin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django.views.generic import FormView, UpdateView

from accounts import approving
from accounts.credentials import LinkHasEnded
from accounts.csrf import AsksAgainMixin, tell_to_repeat
from accounts.email_views import send_first_link
from accounts.emails import email_key, login_key
from accounts.forms import (
    AccountForm,
    LoginForm,
    OwnPasswordForm,
    RegisterForm,
    ResetForm,
    ResetPasswordForm,
)
from accounts.guessing import remember_device
from accounts.inviting import is_closed
from accounts.limits import count_use, counted
from accounts.mixins import (
    AccountAct,
    KeepsTextMixin,
    MailMixin,
    OwnAccountMixin,
    OwnPasswordMixin,
    OwnTimeMixin,
)
from accounts.models import User
from accounts.profiles import show_changes
from accounts.tasks import send_reset
from accounts.unsaved_text import unsaved_texts_of
from accounts.usernames import USERNAME_MAX_LENGTH
from content.addresses import site_url
from content.methods import FORM_METHODS
from content.typed import typed_in
from identity import current

REGISTERED = _("Welcome, %(username)s. You are registered and can log in now.")
WAITING = _(
    "Welcome, %(username)s. You are registered. You can log in once your account is approved."
)


class OwnAddressMixin(auth_views.RedirectURLMixin):
    def get_success_url_allowed_hosts(self) -> set[str]:
        """Allow the host of SITE_URL too, because a proxy may have replaced it in the request."""
        return super().get_success_url_allowed_hosts() | {urlsplit(settings.SITE_URL).netloc}


def welcome(request: HttpRequest, user: User, text: str, url: str) -> HttpResponse:
    """Log in someone who has just joined, greet them with `text`, and redirect to `url`."""
    auth.login(request, user)
    messages.success(request, text)
    send_first_link(request, user)
    response = HttpResponseRedirect(url)
    remember_device(response, user)
    return response


class NextMixin(AsksAgainMixin, OwnAddressMixin):
    """Mixin that redirects to `next`, at once if the visitor is logged in already."""

    def instead(self) -> HttpResponse | None:
        return self.redirect_to_next() if self.request.user.is_authenticated else None

    def redirect_to_next(self) -> HttpResponse:
        """Redirect to the requested page, with a warning if the form named another account."""
        user = self.request.user
        typed = self.request.POST.get("username", "").strip()
        if typed and login_key(typed) not in (user.username_key, user.confirmed_email):
            text = _("You are logged in as %(username)s. To use another account, log out first.")
            messages.warning(self.request, text % {"username": user.username})
        return HttpResponseRedirect(self.get_success_url())

    def get_redirect_url(self) -> str:
        """Return the safe `next`, but never this page in any spelling, because that would loop."""
        url = super().get_redirect_url()
        path = urlsplit(urljoin(self.request.path, url)).path
        return "" if path == self.request.path else url


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class Register(NextMixin, FormView):
    """Create an account and redirect to the login page, which leads on to `next`."""

    http_method_names = FORM_METHODS
    form_class = RegisterForm
    template_name = "accounts/register.html"
    next_page = settings.LOGIN_REDIRECT_URL
    kept_fields = ("username", "email")

    def instead(self) -> HttpResponse | None:
        response = super().instead()
        return response if response or current.site().is_registration_open else self.refuse()

    def refuse(self) -> HttpResponse:
        context = {
            "is_by_invitation": not is_closed(),
            "typed": typed_in(self.request, *self.kept_fields),
        }
        return render(self.request, "accounts/registration_closed.html", context, status=403)

    def form_valid(self, form: RegisterForm) -> HttpResponse:
        approving.apply_settings(form.instance, now=timezone.now())
        with counted(self.request, "register"):
            user = form.save_unless_taken()
        if user is None:
            return self.form_invalid(form)
        text = WAITING if user.is_waiting else REGISTERED
        messages.success(self.request, text % {"username": user.username})
        send_first_link(self.request, user)
        return redirect(self.get_success_url() if user.is_waiting else self.login_url(user))

    def login_url(self, user: User) -> str:
        """Return the login page's address with the username, and with `next` if there is one."""
        url = self.get_redirect_url()
        query = {self.redirect_field_name: url} if url else {}
        query["username"] = user.username
        return f"{resolve_url(settings.LOGIN_URL)}?{urlencode(query)}"

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(next=self.get_redirect_url(), **kwargs)


class Login(NextMixin, auth_views.LoginView):
    http_method_names = FORM_METHODS
    form_class = LoginForm
    template_name = "accounts/login.html"
    kept_fields = ("username", "remember")

    def get_initial(self) -> dict:
        """Fill in the username after registration."""
        username = self.request.GET.get("username", "")[:USERNAME_MAX_LENGTH]
        return {**super().get_initial(), "username": username}

    def form_valid(self, form: LoginForm) -> HttpResponse:
        response = super().form_valid(form)
        # None means SESSION_COOKIE_AGE. With 0, the cookie ends with the browser, but the row
        # expires as usual.
        self.request.session.set_expiry(None if form.cleaned_data["remember"] else 0)
        remember_device(response, form.get_user())
        return response


class Logout(OwnAddressMixin, auth_views.LogoutView):
    """End the session by POST; a GET shows the button."""

    http_method_names = FORM_METHODS
    template_name = "accounts/logout.html"

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        messages.success(request, _("You are logged out."))
        return response

    def ask_again(self, cause: str) -> HttpResponse:
        """Log out from an older tab if that is safe; otherwise show the button again."""
        if not self.request.user.is_authenticated:
            messages.success(self.request, _("You are logged out."))
            return HttpResponseRedirect(self.get_success_url())
        # This header, which scripts can't set, proves that a page of ours sent the form; Django has
        # checked it. On a shared computer, one click has to be enough.
        if "HTTP_ORIGIN" in self.request.META:
            return self.post(self.request)
        tell_to_repeat(self.request, cause)
        return self.render_to_response(self.get_context_data(), status=403)


class Account(
    KeepsTextMixin, OwnTimeMixin, OwnAccountMixin, MailMixin, SuccessMessageMixin, UpdateView
):
    http_method_names = FORM_METHODS
    model = User
    form_class = AccountForm
    template_name = "accounts/account.html"
    success_url = reverse_lazy("accounts:account")
    success_message = _("Your account is saved.")
    text_fields = ("display_name", "website", "biography", "time_zone", "remove_image")

    @transaction.atomic
    def form_valid(self, form: AccountForm) -> HttpResponse:
        response = super().form_valid(form)
        show_changes(self.object, form.changed_data)
        return response

    def get_context_data(self, **kwargs) -> dict:
        elsewhere = unsaved_texts_of(self.request.user).exclude(path=self.request.path)
        return super().get_context_data(unsaved_texts=elsewhere, **kwargs)


class UnsavedTextDiscard(AccountAct):
    """Delete an unsaved text of the visitor, and show its form without it."""

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        text = get_object_or_404(unsaved_texts_of(request.user), pk=kwargs["number"])
        text.delete()
        messages.success(request, _("The unsaved text was discarded."))
        return redirect(text.path)


class PasswordChange(
    AsksAgainMixin, OwnPasswordMixin, SuccessMessageMixin, auth_views.PasswordChangeView
):
    http_method_names = FORM_METHODS
    form_class = OwnPasswordForm
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("accounts:account")
    success_message = _("Your password was changed.")

    def instead(self) -> HttpResponse | None:
        is_authenticated = self.request.user.is_authenticated
        return None if is_authenticated else redirect_to_login(self.request.get_full_path())


class PasswordReset(AsksAgainMixin, MailMixin, auth_views.PasswordResetView):
    http_method_names = FORM_METHODS
    form_class = ResetForm
    kept_fields = ("email",)
    template_name = "accounts/password_reset.html"
    success_url = reverse_lazy("accounts:password_reset_done")

    def form_valid(self, form: ResetForm) -> HttpResponse:
        """Create a job for any address, so that the response does not reveal which are known."""
        email = form.cleaned_data["email"]
        count_use(self.request, "reset", f"email {email_key(email)}")
        send_reset.enqueue(email, site_url(self.request))
        return redirect(self.get_success_url())


class PasswordResetDone(MailMixin, auth_views.PasswordResetDoneView):
    template_name = "accounts/password_reset_done.html"


# Django's view responds to a stale link even if the method is not allowed.
@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
class PasswordResetConfirm(SuccessMessageMixin, auth_views.PasswordResetConfirmView):
    form_class = ResetPasswordForm
    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("accounts:login")
    success_message = _("Your new password is set. You can log in with it now.")

    def dispatch(self, *args, **kwargs) -> HttpResponse:
        self.take_token_of_form()
        return super().dispatch(*args, **kwargs)

    def form_valid(self, form) -> HttpResponse:
        try:
            response = super().form_valid(form)
        except LinkHasEnded:
            self.validlink = False
            return self.render_to_response(self.get_context_data())
        # Now someone who was locked out by another person's guesses can log in.
        remember_device(response, self.user)
        return response

    def take_token_of_form(self) -> None:
        """Use the form's token, because another tab may have removed the session's.

        It gives the same access as the link in the email.
        """
        if token := self.request.POST.get("reset_token"):
            self.request.session[auth_views.INTERNAL_RESET_SESSION_TOKEN] = token

    def get_context_data(self, **kwargs) -> dict:
        token = self.request.session.get(auth_views.INTERNAL_RESET_SESSION_TOKEN)
        return super().get_context_data(reset_token=token, **kwargs)

    def ask_again(self, cause: str) -> HttpResponse:
        self.take_token_of_form()
        tell_to_repeat(self.request, cause)
        return redirect(self.request.path)
