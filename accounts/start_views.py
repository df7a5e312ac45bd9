"""The first page of a new blog, behind a secret link: it makes its visitor the owner."""

from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts.csrf import AsksAgainMixin
from accounts.first_run import HasOwner, first_pages, is_token, take_over
from accounts.models import User
from accounts.start_forms import FirstOwnerForm, PromotionForm
from accounts.views import welcome
from content.methods import FORM_METHODS
from identity.models import Site


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class Start(AsksAgainMixin, FormView):
    """Make a new account, or that of the logged-in visitor, the first owner.

    Without a valid token, the response is that of an unknown address. Only a POST uses the link up,
    because chat programs open links to show a preview.
    """

    http_method_names = FORM_METHODS
    template_name = "accounts/start.html"
    kept_fields = ("blog_name", "username", "email", "writers")

    def instead(self) -> None:
        site = Site.objects.first()
        if not site or not is_token(self.kwargs["token"], site):
            raise Http404

    def get_form_class(self) -> type:
        return PromotionForm if self.request.user.is_authenticated else FirstOwnerForm

    def form_valid(self, form: FirstOwnerForm | PromotionForm) -> HttpResponse:
        def then(user: User) -> None:
            take_over(user, self.kwargs["token"], form.site_values())

        try:
            user = self.promoted(then) if self.request.user.is_authenticated else form.create(then)
        except HasOwner:
            raise Http404 from None
        if user is None:
            return self.form_invalid(form)
        text = _("This is your blog now. Here is a first draft.")
        (find_page,) = first_pages
        return welcome(self.request, user, text, find_page(user, timezone.now()))

    def promoted(self, then) -> User:
        # A copy: if this fails, the user of the request must not be an owner.
        user = User.objects.get(pk=self.request.user.pk)
        with transaction.atomic():
            then(user)
        return user
