"""Roles in the admin: the forms and pages for users keep the rules of `accounts.granting`."""

from django import forms
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import granting
from accounts.models import User
from accounts.roles import Role


class RoleRules:
    """Form mixin that checks the role and the closing of an account."""

    # The person who uses the form, set by `RolesMixin`.
    by: User

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].required = False
        if "groups" in self.fields:
            self.fields["groups"].help_text = _(
                "The groups Owner and Editor follow the role. Members of Moderators may use the "
                "admin, whatever their role is."
            )

    def clean_role(self) -> str:
        """Return the chosen role, or the present one if the form was sent without it."""
        return self.cleaned_data["role"] or self.instance.role

    def clean(self) -> dict | None:
        cleaned = super().clean()
        user = self.instance
        before = {"role": user.role, "is_active": user.is_active}
        wanted = {name: self.cleaned_data.get(name, value) for name, value in before.items()}
        if wanted != before:
            try:
                granting.check_change(self.by, user, **wanted)
            except ValidationError as error:
                self.add_error("role" if wanted["role"] != before["role"] else "is_active", error)
        return cleaned


LOGIN, PERSON, (PERMISSIONS, _flags), DATES = UserAdmin.fieldsets


class RolesMixin:
    """Admin mixin for users. Owners see all fields. Others act on accounts below their role."""

    fieldsets = (
        *(LOGIN, PERSON),
        (PERMISSIONS, {"fields": ("role", "is_active", "groups", "user_permissions")}),
        DATES,
    )
    fieldsets_for_others = (
        (None, {"fields": ("username", "email")}),
        (PERMISSIONS, {"fields": ("role", "is_active", "groups")}),
        DATES,
    )
    kept_by_others = ("username", "email", "groups", "last_login", "date_joined")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or granting.may_manage(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or granting.may_manage(request.user, obj))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> tuple:
        if obj is None or request.user.is_owner:
            return super().get_fieldsets(request, obj)
        return self.fieldsets_for_others

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple:
        if obj is None or request.user.is_owner:
            return super().get_readonly_fields(request, obj)
        return self.kept_by_others

    def formfield_for_choice_field(self, db_field: models.Field, request: HttpRequest, **kwargs):
        """Offer the roles that the visitor may give. The role is the only field with choices."""
        roles = granting.roles_to_grant(request.user)
        kwargs["choices"] = [(role, label) for role, label in Role.choices if role in roles]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: User | None = None, **kwargs) -> type:
        form = super().get_form(request, obj, **kwargs)
        form.by = request.user
        return form

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets, change) -> None:
        super().save_related(request, form, formsets, change)
        if change and not {"role", "groups"}.isdisjoint(form.changed_data):
            granting.apply_role(form.instance)

    def user_change_password(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        # With the password of someone else, a person could act in their name.
        if not request.user.is_owner:
            raise PermissionDenied
        return super().user_change_password(request, *args, **kwargs)

    def get_deleted_objects(self, objs, request: HttpRequest) -> tuple:
        """Add accounts that the visitor may not delete to those that the page refuses to delete."""
        *found, protected = super().get_deleted_objects(objs, request)
        kept = [str(user) for user in objs if not granting.may_delete(request.user, user)]
        return *found, [*protected, *kept]

    def delete_model(self, request: HttpRequest, obj: User) -> bool:
        """Delete the account. Return False if it must stay."""
        may = granting.may_delete(request.user, obj)
        if may:
            self.delete_account(request, obj)
        return may

    def delete_account(self, request: HttpRequest, obj: User) -> None:
        super().delete_model(request, obj)
