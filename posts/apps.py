from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from caching.pages import register_next_change


class PostsConfig(AppConfig):
    name = "posts"
    verbose_name = _("Posts")

    def ready(self) -> None:
        # Import these modules here, because they import models, which are not ready any earlier.
        from accounts.first_run import register_first_page
        from accounts.granting import register_effect
        from accounts.profiles import register_update_of_names
        from identity import current
        from posts.renaming import follow_rename
        from posts.writing.first_draft import find_first_page
        from posts.writing.punctuation import note_punctuation
        from posts.writing.reviewing import unschedule_posts

        register_update_of_names(follow_rename)
        register_first_page(find_first_page)
        register_effect(unschedule_posts)
        current.register_effect(note_punctuation)
        register_next_change(self.get_model("Post").objects.next_publication)
