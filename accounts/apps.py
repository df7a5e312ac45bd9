from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    default = True
    name = "accounts"
    verbose_name = _("Accounts")


class StaffConfig(admin_apps.AdminConfig):
    default = False
    default_site = "accounts.admin_site.StaffSite"

    def ready(self) -> None:
        super().ready()
        from accounts import job_admin, redirect_admin  # noqa: F401  registered by being imported
