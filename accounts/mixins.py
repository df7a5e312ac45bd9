"""Mixins for views: who gets in, which time zone they use, and how forms lose no text."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.contrib.auth.views import redirect_to_login
from django.forms import BaseForm, CheckboxInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import View

from accounts.mail import can_send
from accounts.models import UnsavedText, User
from accounts.roles import Role, is_at_least
from accounts.time_zones import zone_for
from accounts.unsaved_text import WRITER, forget, keep, unsaved_texts_of, writer_of
from caching import fragments


class EditorRequiredMixin(UserPassesTestMixin):
    """Allow only owners and editors. Anonymous visitors log in first; others get a 403."""

    least_role = Role.EDITOR

    def test_func(self) -> bool:
        return is_at_least(self.request.user, self.least_role)


class OwnerRequiredMixin(EditorRequiredMixin):
    """Allow only owners."""

    least_role = Role.OWNER


@method_decorator(require_POST, name="dispatch")
class Act(LoginRequiredMixin, View):
    """A change from a button, only by POST. Logging in leads to the page with the button."""

    page_name: str

    def handle_no_permission(self) -> HttpResponse:
        if self.request.user.is_authenticated:
            return super().handle_no_permission()
        return redirect_to_login(reverse(self.page_name))


class EditorAct(Act, EditorRequiredMixin):
    """A change by an owner or editor."""


class AccountAct(Act):
    """A change from a button of the account page."""

    page_name = "accounts:account"


class OwnAccountMixin(LoginRequiredMixin):
    """Mixin for a page with a form that changes the visitor's own account."""

    # Django's default, "user", would replace the user whom the page's header names.
    context_object_name = "account"

    def get_object(self, queryset=None) -> User:
        # Use a copy: a refused form must not change the user whom the page's header names.
        return User.objects.get(pk=self.request.user.pk)


class OwnPasswordMixin:
    """Mixin for a view whose form asks for the visitor's password (`OwnPasswordRules`)."""

    def get_form_kwargs(self) -> dict:
        return super().get_form_kwargs() | {"request": self.request}


class OwnTimeMixin:
    """Mixin that shows and reads times in the visitor's own time zone."""

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        with timezone.override(zone_for(request)), fragments.settled():
            response = super().dispatch(request, *args, **kwargs)
            # Django renders a page after this method, when the thread has its zone back.
            return response.render() if hasattr(response, "render") else response


class MailMixin:
    """Mixin for pages that say whether the site can send email."""

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(can_send=can_send(), **kwargs)


class KeepsTextMixin:
    """Mixin that keeps the text of an expired form for the account that the form was shown to.

    Goes left of LoginRequiredMixin. The form contains `{% writer %}`, and its page includes
    `includes/recovered.html`. An unsaved text comes back as the form's initial values. It is
    deleted when a POST from that form ends in `saved_status`, which means that it was saved.
    """

    form_class: type[BaseForm]
    # The fields that people type in, and other fields that the form needs, but never passwords.
    text_fields: tuple[str, ...]
    hidden_fields: tuple[str, ...] = ()
    saved_status = 302
    # The fragment of the page's address that leads to the form.
    form_section = ""

    def get_form_path(self) -> str:
        """Return the path of the page that shows the form."""
        return self.request.path

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        writer = writer_of(request)
        is_another = writer is not None and writer.user_pk != request.user.pk
        if is_another or (WRITER in request.POST and not request.user.is_authenticated):
            return self.refuse_and_keep()
        response = super().dispatch(request, *args, **kwargs)
        if writer and response.status_code == self.saved_status:
            forget(writer)
        return response

    def refuse_and_keep(self) -> HttpResponse:
        """Keep the text and redirect to its form, or return the text if it can't be kept."""
        writer = writer_of(self.request)
        user = self.request.user
        is_kept = self.keep_typed()
        page = f"{self.get_form_path()}?recovered{self.form_section}"
        if is_kept and not user.is_authenticated:
            messages.info(self.request, _("Your text is kept. Log in to see it again."))
            return redirect_to_login(page)
        if is_kept and user.pk == writer.user_pk:
            return redirect(page)
        return return_typed_text(self.request, self.typed(self.text_fields), is_kept=is_kept)

    def keep_typed(self) -> bool:
        """Keep the text for its writer. Return False if it is too long or its writer is unknown."""
        writer = writer_of(self.request)
        if writer is None:
            return False
        text = UnsavedText(
            user_id=writer.user_pk,
            form_id=writer.form_id,
            path=self.get_form_path(),
            texts=self.typed(self.text_fields),
            hidden=self.typed(self.hidden_fields),
            has_files=bool(self.request.FILES),
            kept_at=timezone.now(),
        )
        return keep(text)

    def typed(self, names: tuple[str, ...]) -> dict[str, str]:
        """Return the submitted values, with "" for unchecked boxes, which browsers omit."""
        sent = self.request.POST
        fields = self.form_class.base_fields.items()
        boxes = {name for name, field in fields if isinstance(field.widget, CheckboxInput)}
        return {name: sent.get(name, "") for name in names if name in sent or name in boxes}

    @cached_property
    def recovered(self) -> UnsavedText | None:
        """Return the visitor's unsaved text, from the submitted form or for the form to show."""
        texts = unsaved_texts_of(self.request.user)
        if self.request.method != "POST":
            return texts.filter(path=self.get_form_path()).first()
        writer = writer_of(self.request)
        return texts.filter(form_id=writer.form_id).first() if writer else None

    def get_initial(self) -> dict:
        initial = super().get_initial()
        # A submitted form is compared with the saved values, or else recovered text would look
        # unchanged.
        if self.request.method == "POST" or not self.recovered:
            return initial
        return initial | self.recovered.initial

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(**{"recovered": self.recovered} | kwargs)


def return_typed_text(request: HttpRequest, texts: dict[str, str], **context) -> HttpResponse:
    """Return a 403 response for an expired form, with the typed text to copy."""
    typed = {name: text for name, text in texts.items() if text}
    return render(request, "403_csrf.html", {"typed": typed, **context}, status=403)
