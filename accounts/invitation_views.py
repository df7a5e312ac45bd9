"""Views for invitations: the list, a new one, revoking one, and the page that accepts one."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django.views.generic import FormView

from accounts import inviting
from accounts.csrf import AsksAgainMixin
from accounts.forms import RegisterForm
from accounts.invitation_forms import InvitationForm
from accounts.inviting import InvitationIsGone, find_open, is_promotion, may_invite, state_of
from accounts.limits import LimitMixin, counted
from accounts.mixins import EditorAct, EditorRequiredMixin, KeepsTextMixin, OwnTimeMixin
from accounts.models import Invitation, User
from accounts.roles import Role
from accounts.views import OwnAddressMixin, welcome
from content.addresses import absolute_url
from content.keys import is_key
from content.methods import FORM_METHODS
from content.typed import typed_in

ROWS_PER_PAGE = 20


@method_decorator([require_http_methods(["GET", "HEAD", "POST"]), never_cache], name="dispatch")
class InvitationList(KeepsTextMixin, OwnTimeMixin, EditorRequiredMixin, LimitMixin, FormView):
    """Show who invited whom. A POST creates an invitation and shows its link once."""

    form_class = InvitationForm
    template_name = "accounts/invitation_list.html"
    text_fields = ("note",)
    hidden_fields = ("role", "days", "use_limit")
    saved_status = 201
    limit = "invite"

    def get_form_kwargs(self) -> dict:
        return super().get_form_kwargs() | {
            "inviter": self.request.user,
            "instance": Invitation(),
        }

    def form_valid(self, form: InvitationForm) -> HttpResponse:
        token = inviting.invite(form.instance, self.request.user, now=timezone.now())
        path = reverse("accounts:invitation_accept", args=[token])
        form = self.form_class(inviter=self.request.user)
        link = absolute_url(self.request, path)
        return self.render_to_response(self.get_context_data(link=link, form=form), status=201)

    def get_context_data(self, **kwargs) -> dict:
        before = self.request.GET.get("before", "")
        found = Invitation.objects.select_related("inviter").prefetch_related("people")
        if is_key(before):
            found = found.filter(pk__lt=before)
        rows = list(found.order_by("-pk")[: ROWS_PER_PAGE + 1])
        now = timezone.now()
        for invitation in rows:
            invitation.state = state_of(invitation, now)
            invitation.is_open = invitation.state == inviting.State.OPEN
            invitation.may_revoke = may_invite(self.request.user, invitation.role)
        more = {"next_before": rows[ROWS_PER_PAGE - 1].pk} if rows[ROWS_PER_PAGE:] else {}
        return super().get_context_data(
            invitations=rows[:ROWS_PER_PAGE], is_closed=inviting.is_closed(), **more, **kwargs
        )


class InvitationRevoke(EditorAct):
    page_name = "accounts:invitation_list"

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        invitation = get_object_or_404(Invitation, pk=kwargs["number"])
        if not may_invite(request.user, invitation.role):
            raise PermissionDenied
        inviting.revoke(invitation, now=timezone.now())
        messages.success(request, _("The invitation was revoked. Its link no longer works."))
        return redirect(self.page_name)


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class InvitationAccept(AsksAgainMixin, OwnAddressMixin, FormView):
    """Register with an invitation, or accept it with an account. Only a POST uses it."""

    http_method_names = FORM_METHODS
    template_name = "accounts/invitation_accept.html"
    kept_fields = ("username", "email")

    @cached_property
    def invitation(self) -> Invitation | None:
        return None if inviting.is_closed() else find_open(self.request, self.kwargs["token"])

    def instead(self) -> HttpResponse | None:
        return None if self.invitation else self.refuse()

    def refuse(self) -> HttpResponse:
        """Respond alike to unknown, used, revoked and expired links. Return the typed texts."""
        context = {"typed": typed_in(self.request, *self.kept_fields)}
        if inviting.is_closed():
            return render(self.request, "accounts/registration_closed.html", context, status=403)
        return render(self.request, "accounts/invitation_gone.html", context, status=404)

    def get_form_class(self) -> type[forms.BaseForm]:
        return forms.Form if self.request.user.is_authenticated else RegisterForm

    def form_valid(self, form: forms.BaseForm) -> HttpResponse:
        now = timezone.now()
        try:
            if self.request.user.is_authenticated:
                return self.accept(self.request.user, now)
            return self.register(form, now)
        except InvitationIsGone:
            return self.refuse()

    def accept(self, user: User, now) -> HttpResponse:
        if inviting.accept(self.invitation, user, now=now):
            text = _("Your role is now: %(role)s.")
            role = self.invitation.get_role_display()
            messages.success(self.request, text % {"role": role})
        return HttpResponseRedirect(self.get_success_url())

    def register(self, form: RegisterForm, now) -> HttpResponse:
        form.instance.role = self.invitation.role
        with counted(self.request, "register"):
            user = form.save_unless_taken(lambda user: inviting.use(self.invitation, user, now=now))
        if user is None:
            return self.form_invalid(form)
        text = _("Welcome, %(username)s. You are registered and logged in.")
        greeting = text % {"username": user.username}
        return welcome(self.request, user, greeting, self.get_success_url())

    def get_default_redirect_url(self) -> str:
        is_writer = self.invitation.role != Role.READER
        return resolve_url(settings.WRITING_URL if is_writer else settings.LOGIN_REDIRECT_URL)

    def get_context_data(self, **kwargs) -> dict:
        user = self.request.user
        return super().get_context_data(
            invitation=self.invitation,
            rights=inviting.RIGHTS[self.invitation.role],
            is_useful=not user.is_authenticated or is_promotion(self.invitation, user),
            home=self.get_default_redirect_url(),
            **kwargs,
        )
