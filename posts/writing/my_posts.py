"""The private list of an author's own posts."""

from datetime import datetime

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import EmptyPage, Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from accounts.mixins import OwnTimeMixin
from accounts.models import User
from caching import fragments
from content.methods import READ_METHODS
from content.slugs import slugify
from posts.listing import PostPage, parse_number, posts_by
from posts.models import NOT_PUBLISHED, Post, PostQuerySet, is_editor
from posts.writing import history

Status = Post.Status
SCHEDULED = "scheduled"
TO_REVIEW = "review"
# In the order of the tabs.
TABS = {
    TO_REVIEW: _("To review"),
    Status.DRAFT: _("Drafts"),
    SCHEDULED: _("Scheduled"),
    Status.PUBLISHED: _("Published"),
    Status.HIDDEN: _("Hidden"),
    Status.TRASH: _("Trash"),
}
ROWS_PER_PAGE = 20
COLUMNS = ("title", "slug", "status", "version", "publish_at", "updated_at", "trashed_at")
COLUMNS += ("review", "review_at", "author__username", "author__display_name")
# The filter compares titles one by one. These limit its number of words, its length and the number
# of posts that it finds.
WORDS_MAX = 5
WORDS_MAX_LENGTH = 100
FOUND_MAX = 500


class MyPosts(OwnTimeMixin, LoginRequiredMixin, TemplateView):
    """The visitor's own posts in one `?state=`. `?find=` filters them by words in the title."""

    http_method_names = READ_METHODS
    template_name = "posts/my_posts.html"

    def get_context_data(self, **kwargs) -> dict:
        author = self.request.user
        query = self.request.GET
        now = timezone.now()
        counts = count_tabs(author, now)
        filled = [state for state, count in counts.items() if count]
        state = query.get("state") or (filled or [Status.DRAFT])[0]
        if state not in counts:
            raise Http404
        find = query.get("find", "").replace("\0", "")[:WORDS_MAX_LENGTH].strip()
        if state == Status.PUBLISHED and not find:
            page = posts_by(author.pk).page(query, size=ROWS_PER_PAGE, now=now)
        else:
            page = page_of(posts_in(state, author, now), find, query)
        context = {
            "tabs": tabs(counts, state),
            "state": state,
            "find": find,
            "page": page,
            "rows": render_rows(read_posts(page.ids), state, self.request),
            "is_cut": find and page.last_number * ROWS_PER_PAGE >= FOUND_MAX,
        }
        return super().get_context_data(**context | kwargs)


def count_tabs(author: User, now: datetime) -> dict[str, int]:
    """Return the number of posts in each state. Published posts are not counted one by one.

    Only editors have posts to review.
    """
    own = Post.objects.filter(author=author)
    few = own.filter(status__in=NOT_PUBLISHED).values_list("status")
    counted = dict(few.annotate(number=Count("pk")))
    # Use a separate query. With a combined one, SQLite would read every post of the author.
    counted[SCHEDULED] = own.scheduled(now).count()
    counted[Status.PUBLISHED] = posts_by(author.pk).count(now)
    tabs = dict(TABS)
    if is_editor(author):
        counted[TO_REVIEW] = Post.objects.to_review().count()
    else:
        del tabs[TO_REVIEW]
    return {state: counted.get(state, 0) for state in tabs}


def tabs(counts: dict[str, int], chosen: str) -> list[tuple]:
    """Return state, label and count of each tab. Only authors with hidden posts get that tab."""
    return [
        (state, TABS[state], count)
        for state, count in counts.items()
        if state != Status.HIDDEN or count or state == chosen
    ]


def posts_in(state: str, author: User, now: datetime) -> PostQuerySet:
    own = Post.objects.filter(author=author)
    if state == TO_REVIEW:
        return Post.objects.to_review()
    if state == SCHEDULED:
        return own.scheduled(now).order_by("publish_at", "pk")
    if state == Status.PUBLISHED:
        return own.listed(now).newest_first()
    last = "-trashed_at" if state == Status.TRASH else "-updated_at"
    return own.filter(status=state).order_by(last, "-pk")


def page_of(posts: PostQuerySet, find: str, query: dict) -> PostPage:
    """Return the page with the number in `?page=`. Raise Http404 after the last page."""
    for word in find.split()[:WORDS_MAX]:
        posts = posts.filter(has_in_title(word))
    number = parse_number(query.get("page", "1"))
    ids = posts.values_list("pk", flat=True)
    paginator = Paginator(ids[:FOUND_MAX] if find else ids, ROWS_PER_PAGE)
    try:
        shown = list(paginator.page(number))
    except EmptyPage as error:
        raise Http404 from error
    return PostPage(shown, number, paginator.num_pages, newer_key="", older_key="")


def read_posts(ids: list[int]) -> list[Post]:
    """Return the posts in the order of `ids`, with the columns that a row of this page shows."""
    posts = Post.objects.select_related("author").only(*COLUMNS).in_bulk(ids)
    return [posts[pk] for pk in ids if pk in posts]


def has_in_title(word: str) -> Q:
    """Match `word` in any case. SQLite only folds ASCII, but slugs are already folded."""
    slug = slugify(word, empty="")
    in_slug = Q(slug__contains=slug) if slug == word.lower() else Q()
    return Q(title__icontains=word) | in_slug


def mark_edits(posts: list[Post]) -> None:
    """Add to each post the time of its last edit and whether that edit is still unpublished."""
    times = history.times_of_edits(posts)
    for post in posts:
        post.has_edits = post.pk in times
        post.edited_at = times.get(post.pk, post.updated_at)


def shown_in_row(post: Post) -> tuple:
    """Return what a row shows besides the title."""
    times = (post.publish_at, post.has_edits, post.edited_at)
    return post.pk, *times, post.review, post.review_at, post.author.name


def render_rows(posts: list[Post], state: str, request: HttpRequest) -> list[SafeString]:
    """Return the HTML of each row. The cache key contains everything that a row depends on."""
    mark_edits(posts)
    template = get_template("posts/_own_post.html")
    may_write = request.user.may_write
    context = {"state": state, "may_write": may_write}
    if state == Status.TRASH:
        # Don't cache these rows: each contains a form, whose token is always different.
        return [template.render({"post": post, **context}, request) for post in posts]
    # Titles change with the version. Times are in the visitor's time zone.
    by_key = {(post.version, state, may_write, *shown_in_row(post)): post for post in posts}

    def make(keys: list[tuple]) -> dict[tuple, SafeString]:
        return {key: template.render({"post": by_key[key], **context}) for key in keys}

    return list(fragments.many_until_next_change("own post", list(by_key), make).values())
