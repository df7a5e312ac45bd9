"""Suggestions before a post is published. They never block publishing."""

from urllib.parse import unquote

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.checklist import (
    images_elsewhere,
    images_not_taken_over,
    images_without_alt,
    links_to_nowhere,
    skipped_headings,
    vague_links,
)
from content.front_matter import split
from content.slugs import slugify
from posts.models import Post

# Maximum number of suggestions of one kind: more would add nothing.
SAME_MAX = 10
# Maximum number of posts with the same slug that are compared.
TITLES_MAX = 100


def suggestions(post: Post, tags: list[str]) -> list[str]:
    """Return sentences that suggest improvements to the rendered `post` and its `tags`."""
    html = post.body_html
    found = [
        *about_images(html),
        *(
            _("The heading “%(title)s” skips a level.") % {"title": title}
            for title in skipped_headings(html)[:SAME_MAX]
        ),
        *(
            _("A link says only “%(text)s”. Say where it leads.") % {"text": text}
            for text in vague_links(html)[:SAME_MAX]
        ),
    ]
    found += [
        _("No heading has the address of the link “#%(name)s”.") % {"name": unquote(name)}
        for name in links_to_nowhere(html)[:SAME_MAX]
    ]
    if split(post.body):
        found.append(_("The text begins with front matter, which readers don’t see."))
    if not tags:
        found.append(_("The post has no tags. Tags help readers find related posts."))
    if is_title_taken(post):
        found.append(_("Another post already has this title."))
    return found


def about_images(html: str) -> list[str]:
    """Return sentences about images without alt text and images from other sites."""
    nameless = images_without_alt(html)
    elsewhere = images_elsewhere(html)
    found = []
    if nameless:
        text = ngettext(
            "An image in the text has no alt text.",
            "%(number)d images in the text have no alt text.",
            nameless,
        )
        found.append(text % {"number": nameless})
    if elsewhere:
        text = ngettext(
            "An image in the text is on another site, so readers see only a link to it. "
            "Upload it to this blog.",
            "%(number)d images in the text are on other sites, so readers see only links to "
            "them. Upload them to this blog.",
            elsewhere,
        )
        found.append(text % {"number": elsewhere})
    if inside := images_not_taken_over(html):
        text = ngettext(
            "An image was pasted as data and is not shown. Upload it to this blog.",
            "%(number)d images were pasted as data and are not shown. Upload them to this blog.",
            inside,
        )
        found.append(text % {"number": inside})
    return found


def is_title_taken(post: Post) -> bool:
    """Return whether another post that the author may see has this title, ignoring case."""
    # Titles have no index, but slugs do. C, C++ and C# share one slug.
    alike = Post.objects.visible_to(post.author).filter(slug=slugify(post.title))
    titles = alike.exclude(pk=post.pk).values_list("title", flat=True)[:TITLES_MAX]
    return bool(post.title) and normalized_title(post.title) in map(normalized_title, titles)


def normalized_title(title: str) -> str:
    return " ".join(title.casefold().split())
