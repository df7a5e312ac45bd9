from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminSplitDateTime, AutocompleteSelect
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    ReadOnlyPasswordHashField,
    ReadOnlyPasswordHashWidget,
    UserChangeForm,
)
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.admin_roles import RoleRules, RolesMixin
from accounts.credentials import replace_email
from accounts.forms import DisplayNameRules, EmailRules, SavesPassword, UsernameRules
from accounts.models import User
from accounts.profiles import lock_username, reserve, show_changes
from accounts.usernames import username_key
from content.keys import is_key

SEARCH_WORDS_MAX = 10
# A list shows at most this many rows. Filters and the search find the others.
ROWS_MAX = 2_000
# Years that are valid in every time zone and every database.
YEARS = _("Choose a year from 1900 to 9000.")
TIMES = (
    MinValueValidator(datetime(1900, 1, 1, tzinfo=UTC), YEARS),
    MaxValueValidator(datetime(9001, 1, 1, tzinfo=UTC), YEARS),
)


class FirstRows(Paginator):
    """Paginator for the first ROWS_MAX rows, so that no list counts or skips more."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by().values("pk")[:ROWS_MAX].count()

    @property
    def is_cut(self) -> bool:
        return self.count == ROWS_MAX


class OfferedRows(ChangeList):
    """Changelist that sorts only by its clickable columns, even if a URL asks for others."""

    def get_ordering_field(self, field_name: str) -> str | None:
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_results(self, request: HttpRequest) -> None:
        # Read the newest id before the rows, so that the page offers no rows that are added in
        # between.
        keys = self.model._default_manager.order_by("-pk").values_list("pk", flat=True)
        self.newest = keys.first() or 0
        super().get_results(request)


class KeysField(forms.ModelMultipleChoiceField):
    """Form field that selects rows by id and refuses ids outside the database's range."""

    def clean(self, value: Any) -> models.QuerySet:
        for key in value or ():
            if not is_key(str(key)):
                message = self.error_messages["invalid_pk_value"]
                raise ValidationError(message, code="invalid_pk_value", params={"pk": key})
        return super().clean(value)


class KeySelect(AutocompleteSelect):
    """Django's widget, but it never looks up an id outside the database's range."""

    def optgroups(self, name: str, value: list[str], attr: dict | None = None) -> list:
        return super().optgroups(name, [key for key in value if is_key(str(key))], attr)


class NamedSplitDateTime(AdminSplitDateTime):
    """Django's widget, with a name for each of its two fields."""

    def get_context(self, *args) -> dict:
        context = super().get_context(*args)
        date, time = context["widget"]["subwidgets"]
        date["attrs"]["aria-label"] = context["date_label"]
        time["attrs"]["aria-label"] = context["time_label"]
        return context


class GuardedAdmin(admin.ModelAdmin):
    """Admin that accepts only requests that its own pages offer, and responds to others with 400.

    Django lets staff query every column with any operator, and passes on numbers and times that no
    database can store. Nothing here hides errors: a bug in a form or a view is a 500.
    """

    formfield_overrides = {
        models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": NamedSplitDateTime}
    }
    offered_lookups: tuple[str, ...] = ()
    paginator = FirstRows
    show_full_result_count = False
    # Sorting by a column without an index would sort all rows for each page.
    sortable_by: tuple[str, ...] = ()

    def get_changelist(self, request: HttpRequest, **kwargs) -> type[ChangeList]:
        return OfferedRows

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in self.offered_lookups and fits_in_utc(value)

    def get_search_results(self, request: HttpRequest, queryset, search_term: str) -> tuple:
        words = search_term.split()[:SEARCH_WORDS_MAX]
        return super().get_search_results(request, queryset, " ".join(words))

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs):
        if isinstance(db_field, models.ManyToManyField):
            kwargs["form_class"] = KeysField
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(db_field, models.DateTimeField):
            field.validators.extend(TIMES)
        return field

    def formfield_for_foreignkey(self, db_field: models.Field, request: HttpRequest, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = KeySelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.Model | None:
        found = super().get_object(request, object_id, from_field)
        if found is None and request.method == "POST":
            # Django redirects to the index and loses the text. The 404 page returns it.
            raise Http404
        return found

    def changeform_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            # Someone saved the same name after the form was checked. Now the form finds it.
            return super().changeform_view(request, *args, **kwargs)

    def deletable(self, queryset: models.QuerySet) -> models.QuerySet:
        """Return the rows that the delete action applies to."""
        return queryset

    def response_action(self, request: HttpRequest, queryset) -> HttpResponse | None:
        """Run the action on the selected rows of the page, or on the whole list.

        Django would run it on every row that matches, even on rows beyond the list.
        """
        sent = request.POST.copy()
        if forms.BooleanField(required=False).clean(sent.get("select_across", "")):
            keys = offered_keys(queryset, sent.get("newest", ""))
        else:
            keys = [key for key in sent.getlist(ACTION_CHECKBOX_NAME) if is_key(key)][:ROWS_MAX]
        sent.setlist(ACTION_CHECKBOX_NAME, keys)
        sent["select_across"] = ""
        request.POST = sent
        return super().response_action(request, queryset)


def offered_keys(queryset: models.QuerySet, newest: str) -> list[int]:
    """Return the ids that a list contained when `newest` was the highest id."""
    if is_key(newest):
        queryset = queryset.filter(pk__lte=int(newest))
    return list(queryset.values_list("pk", flat=True)[:ROWS_MAX])


def fits_in_utc(text: str) -> bool:
    """Return False only if `text` is a time that UTC can't express."""
    try:
        at = parse_datetime(text)
        if at:
            (at if timezone.is_aware(at) else timezone.make_aware(at)).astimezone(UTC)
    except OverflowError:
        return False
    except ValueError:
        return True  # Not a time, such as June 31. Django redirects to the whole list.
    return True


class PasswordHashWidget(ReadOnlyPasswordHashWidget):
    """Django's widget, without `disabled` on its <div>, which HTML forbids."""

    def get_context(self, *args) -> dict:
        context = super().get_context(*args)
        context["widget"]["attrs"].pop("disabled", None)
        return context


class NewUserForm(UsernameRules, AdminUserCreationForm):
    pass


class NewPasswordForm(SavesPassword, AdminPasswordChangeForm):
    pass


class UserForm(UsernameRules, DisplayNameRules, EmailRules, RoleRules, UserChangeForm):
    password = ReadOnlyPasswordHashField(
        label=UserChangeForm.base_fields["password"].label,
        help_text=UserChangeForm.base_fields["password"].help_text,
        widget=PasswordHashWidget,
    )


@admin.register(User)
class UserAdmin(RolesMixin, GuardedAdmin, auth_admin.UserAdmin):
    """Django's admin for users, without a filter or a count that reads every row."""

    form = UserForm
    fieldsets = (
        *RolesMixin.fieldsets[:2],
        (_("Email"), {"fields": ("email_confirmed_at", "new_email")}),
        *RolesMixin.fieldsets[2:],
    )
    add_form = NewUserForm
    change_password_form = NewPasswordForm
    readonly_fields = ("email_confirmed_at", "new_email")
    list_display = (
        "username",
        "email",
        "is_confirmed",
        "role",
        "is_active",
        "is_staff",
        "date_joined",
    )
    list_filter = ("role", "is_active", "is_staff")
    sortable_by = ("username", "date_joined")
    offered_lookups = ("role__exact", "is_active__exact", "is_staff__exact")
    search_fields = ("username_key__begins", "email__begins")
    search_help_text = _("The start of a username or email address")

    def get_search_results(self, request: HttpRequest, queryset, search_term: str) -> tuple:
        key = username_key(search_term)
        # Usernames have a folded key. An email address is stored as its owner typed it. Search for
        # it as typed and in lowercase.
        by_email = models.Q(email__begins=search_term) | models.Q(email__begins=key)
        found = queryset.filter(by_email | models.Q(username_key__begins=key))
        return (found if search_term else queryset), False

    def save_model(
        self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool
    ) -> None:
        former = lock_username(obj) if change else obj.username
        if "username" not in form.changed_data:
            # They may have changed it since this request read their account.
            obj.username = former
        if "is_active" in form.changed_data:
            # An account that is opened here and closed later does not wait for approval again.
            obj.waiting_since = None
        if change and "email" in form.changed_data:
            obj.email = form.initial["email"]
            replace_email(obj, form.cleaned_data["email"])
        super().save_model(request, obj, form, change)
        reserve(former, obj)
        show_changes(obj, form.changed_data, former)

    @admin.display(boolean=True, description=_("email confirmed"))
    def is_confirmed(self, user: User) -> bool:
        return user.has_confirmed_email


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(GuardedAdmin, auth_admin.GroupAdmin):
    """Django's admin for groups, with the same limits."""

    search_fields = ("name__begins",)
