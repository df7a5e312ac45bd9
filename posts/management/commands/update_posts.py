"""`manage.py update_posts`: update posts that an older version saved, like `prepare`."""

from django.core.management import call_command
from django.core.management.base import BaseCommand

from posts.management import derived

TITLES = {
    "rendered": "Rendering posts, comments and biographies again",
    "indexed": "Indexing posts for search",
    "counted": "Counting likes, comments and lists of posts",
}


class Command(BaseCommand):
    help = (
        "Renders, indexes and counts posts again if an older version saved them. You can stop and "
        "restart it at any time, and the site keeps running."
    )

    def handle(self, **options) -> None:
        outdated = derived.outdated()
        if outdated and derived.mark_current_if_empty():
            return
        for name in outdated:
            self.stdout.write(TITLES[name])
            if name in derived.PASSES:
                derived.run(name)
            else:
                # This kind needs no pass over all posts, because each row stores the version that
                # rendered it.
                call_command("rerender_posts", stdout=self.stdout)
                derived.record_version(name)
        late = derived.render_late()
        if late:
            self.stdout.write(f"Rendered {late:,} posts and comments from an older version.")
