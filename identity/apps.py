from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from caching.fragments import register_dependency


class IdentityConfig(AppConfig):
    name = "identity"
    verbose_name = _("The blog")

    def ready(self) -> None:
        # Imported here, because it imports models, which were not ready before.
        from identity import current

        # Dates in fragments are in the language of the blog.
        register_dependency(lambda: current.site().language)
