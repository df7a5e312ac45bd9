"""What to look at before a post is published: it helps and never blocks."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.checklist import (
    images_elsewhere,
    images_without_alt,
    skipped_headings,
    vague_links,
)
from content.slugs import slugify
from posts.models import Post

# So many of one kind make the point.
SAME_MAX = 10
# So many posts with one slug are looked at.
TITLES_MAX = 100


def suggestions(post: Post, tags: list[str]) -> list[str]:
    """Return sentences on what `post`, rendered, could do better, with `tags`."""
    html = post.body_html
    found = [
        *about_images(html),
        *(
            _("“%(title)s” skips a level of headings.") % {"title": title}
            for title in skipped_headings(html)[:SAME_MAX]
        ),
        *(
            _("A link says only “%(words)s”: say where it leads.") % {"words": words}
            for words in vague_links(html)[:SAME_MAX]
        ),
    ]
    if not tags:
        found.append(_("It has no tags, by which readers find more of a kind."))
    if is_title_taken(post):
        found.append(_("Another post has this title already."))
    return found


def about_images(html: str) -> list[str]:
    """Return sentences on the images in a rendered text: without words, or of another site."""
    nameless = images_without_alt(html)
    elsewhere = images_elsewhere(html)
    found = []
    if nameless:
        text = ngettext(
            "A picture in the text has no words that say what it shows.",
            "%(number)d pictures in the text have no words that say what they show.",
            nameless,
        )
        found.append(text % {"number": nameless})
    if elsewhere:
        text = ngettext(
            "A picture in the text is on another site. Readers don’t see it: upload it here.",
            "%(number)d pictures in the text are on other sites. Readers don’t see them: upload "
            "them here.",
            elsewhere,
        )
        found.append(text % {"number": elsewhere})
    return found


def is_title_taken(post: Post) -> bool:
    """Tell whether a post that its author may see has this title, in whatever case."""
    # Titles have no index; their slugs have, and C, C++ and C# share one.
    alike = Post.objects.visible_to(post.author).filter(slug=slugify(post.title))
    titles = alike.exclude(pk=post.pk).values_list("title", flat=True)[:TITLES_MAX]
    return bool(post.title) and folded(post.title) in map(folded, titles)


def folded(title: str) -> str:
    return " ".join(title.casefold().split())
