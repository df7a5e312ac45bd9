"""Views for new accounts that wait for approval."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from accounts import approving
from accounts.mixins import EditorAct, EditorRequiredMixin, OwnTimeMixin
from accounts.models import User

ROWS = 50


@method_decorator(require_safe, name="dispatch")
class WaitingList(OwnTimeMixin, EditorRequiredMixin, TemplateView):
    """The accounts that have waited longest. The others follow when these are decided."""

    template_name = "accounts/waiting_list.html"

    def get_context_data(self, **kwargs) -> dict:
        waiting = list(User.objects.waiting().order_by("waiting_since", "pk")[: ROWS + 1])
        return super().get_context_data(people=waiting[:ROWS], has_more=len(waiting) > ROWS)


class AccountApprove(EditorAct):
    page_name = "accounts:waiting_list"
    decide = staticmethod(approving.approve)
    done = _("%(username)s is approved and can log in now.")

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        user = self.decide(kwargs["number"])
        if user:
            messages.success(request, self.done % {"username": user.username})
        else:
            messages.warning(
                request, _("Someone else has already approved or refused this account.")
            )
        return redirect(self.page_name)


class AccountRefuse(AccountApprove):
    decide = staticmethod(approving.refuse)
    done = _("The account %(username)s was refused and deleted.")
