"""The private list of an author's own posts."""

from datetime import datetime

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import EmptyPage, Paginator
from django.db.models import Count
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
from posts.listing import PostPage, parse_number, posts_by
from posts.models import NOT_PUBLISHED, Post, PostQuerySet, is_editor
from posts.writing import history
from posts.writing.finding import SCHEDULED, TO_REVIEW, WORDS_MAX_LENGTH, find_own

Status = Post.Status
# In the order of the tabs.
TABS = {
    TO_REVIEW: _("To review"),
    Status.DRAFT: _("Drafts"),
    SCHEDULED: _("Scheduled"),
    Status.PUBLISHED: _("Published"),
    Status.HIDDEN: _("Hidden"),
    Status.TRASH: _("Trash"),
}
LAST_EDITED = ("-updated_at", "-pk")
ORDERS = {
    TO_REVIEW: ("review_at", "pk"),
    SCHEDULED: ("publish_at", "pk"),
    Status.PUBLISHED: ("-publish_at", "-pk"),
    Status.TRASH: ("-trashed_at", "-pk"),
}
ROWS_PER_PAGE = 20
COLUMNS = ("title", "slug", "status", "version", "publish_at", "updated_at", "trashed_at")
COLUMNS += ("review", "review_at", "author__username", "author__display_name")
COLUMNS += ("like_count", "comment_count")


class MyPosts(OwnTimeMixin, LoginRequiredMixin, TemplateView):
    """The visitor's own posts in one `?state=`. `?find=` searches the text of all their posts."""

    http_method_names = READ_METHODS
    template_name = "posts/my_posts.html"

    def get_context_data(self, **kwargs) -> dict:
        author = self.request.user
        query = self.request.GET
        now = timezone.now()
        find = query.get("find", "").replace("\0", "")[:WORDS_MAX_LENGTH].strip()
        found = find_own(author, find, now) if find else None
        counts = count_found(author, found) if find else count_tabs(author, now)
        filled = [state for state, count in counts.items() if count]
        state = query.get("state") or (filled or [Status.DRAFT])[0]
        if state not in counts:
            raise Http404
        page = page_in(state, author, found, query, now)
        context = {
            "tabs": tabs(counts, state),
            "state": state,
            "find": find,
            "is_kept": "kept" in query,
            "is_found_elsewhere": find and filled,
            "page": page,
            "rows": render_rows(read_posts(page.ids), state, self.request),
        }
        return super().get_context_data(**context | kwargs)


def page_in(state: str, author: User, found: dict | None, query: dict, now: datetime) -> PostPage:
    """Return a page of the author's posts in `state`, or of those `found` there."""
    if state == Status.PUBLISHED and found is None:
        return posts_by(author.pk).page(query, size=ROWS_PER_PAGE, now=now)
    posts = posts_in(state, author, now)
    if found is not None:
        # With another condition, the database may read all posts of the author.
        posts = Post.objects.filter(pk__in=found.get(state, ()))
    return page_of(posts.order_by(*ORDERS.get(state, LAST_EDITED)), query)


def count_found(author: User, found: dict[str, list[int]]) -> dict[str, int]:
    """Return the number of posts found in each state."""
    return {state: len(found.get(state, ())) for state in states_for(author)}


def states_for(author: User) -> list[str]:
    """Return the states in the order of their tabs. Only editors have posts to review."""
    return [state for state in TABS if state != TO_REVIEW or is_editor(author)]


def count_tabs(author: User, now: datetime) -> dict[str, int]:
    """Return the number of posts in each state. Published posts are not counted one by one."""
    own = Post.objects.filter(author=author)
    few = own.filter(status__in=NOT_PUBLISHED).values_list("status")
    counted = dict(few.annotate(number=Count("pk")))
    # Use a separate query. With a combined one, SQLite would read every post of the author.
    counted[SCHEDULED] = own.scheduled(now).count()
    counted[Status.PUBLISHED] = posts_by(author.pk).count(now)
    states = states_for(author)
    if TO_REVIEW in states:
        counted[TO_REVIEW] = Post.objects.to_review().count()
    return {state: counted.get(state, 0) for state in states}


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
        return own.scheduled(now)
    if state == Status.PUBLISHED:
        return own.listed(now)
    return own.filter(status=state)


def page_of(posts: PostQuerySet, query: dict) -> PostPage:
    """Return the page with the number in `?page=`. Raise Http404 after the last page."""
    number = parse_number(query.get("page", "1"))
    paginator = Paginator(posts.values_list("pk", flat=True), ROWS_PER_PAGE)
    try:
        shown = list(paginator.page(number))
    except EmptyPage as error:
        raise Http404 from error
    return PostPage(shown, number, paginator.num_pages, newer_key="", older_key="")


def read_posts(ids: list[int]) -> list[Post]:
    """Return the posts in the order of `ids`, with the columns that a row of this page shows."""
    posts = Post.objects.select_related("author").only(*COLUMNS).in_bulk(ids)
    return [posts[pk] for pk in ids if pk in posts]


def mark_edits(posts: list[Post]) -> None:
    """Add to each post the time of its last edit and whether that edit is still unpublished."""
    times = history.times_of_edits(posts)
    for post in posts:
        post.has_edits = post.pk in times
        post.edited_at = times.get(post.pk, post.updated_at)


def shown_in_row(post: Post) -> tuple:
    """Return what a row shows besides the title."""
    times = (post.publish_at, post.has_edits, post.edited_at)
    counts = (post.like_count, post.comment_count)
    return post.pk, *times, *counts, post.review, post.review_at, post.author.name


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
