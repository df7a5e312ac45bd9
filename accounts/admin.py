from django.contrib import admin
from django.contrib.auth import admin as auth_admin

from accounts.models import User


@admin.register(User)
class UserAdmin(auth_admin.UserAdmin):
    """Django's own, without a filter or a count that reads every row."""

    list_display = ("username", "email", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined")
    search_fields = ("username", "username_key", "email")
    show_full_result_count = False
