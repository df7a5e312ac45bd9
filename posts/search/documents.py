"""What is indexed of a post: one row of tokens, written with the post."""

from django.db import transaction
from django.db.models import Exists, OuterRef, prefetch_related_objects

from accounts.models import User
from content.markup import plain_text
from posts.models import Post, SearchDocument, Tag, Tagging
from posts.search.tokens import tokenize

# Raise it whenever the same post gives another document, for example from another tokenizer.
# `prepare` then writes them all again.
INDEX_VERSION: int = 1
BATCH = 500
# Updating the index of a post takes up to a millisecond, and on SQLite other writers wait.
NAMED_AT_ONCE = 1_000
COLUMNS = ("title", "body", "tags", "author")
# No token, so no phrase goes from one name into the next; a token character to both databases.
BETWEEN_NAMES = "·"
# PostgreSQL takes 1 MB of different words a row. Only a text of more than 130,000 different pairs
# of Chinese characters comes near; its end is not found then, and saving it does not fail.
WORDS_MAX_BYTES = 800_000


def index_post(
    post: Post, tokens: dict[str, str] | None = None, tags: list[Tag] | None = None
) -> None:
    """Write the document of a saved `post`, in the caller's transaction.

    Pass `tokens` to have called `tokens_of` before the transaction, where time matters, and `tags`
    if they are known.
    """
    tags = post.tag_list if tags is None else tags
    names = _join_names([tag.name for tag in tags])
    write_documents([_make_document(post, tokens or tokens_of(post), names)])


def index_posts(posts: list[Post]) -> None:
    """Write the documents of saved `posts`, in three queries at most."""
    write_documents(make_documents(posts))


def index_tagged(tag: Tag) -> None:
    """Update the tags in the documents of all posts with `tag`, after it was renamed.

    Somebody may be saving a new text of one of them.
    """
    ties = Tagging.objects.filter(tag=tag).order_by("post_id")
    last = 0
    while pks := list(ties.filter(post__gt=last).values_list("post_id", flat=True)[:BATCH]):
        lock_documents(pks)
        documents = [SearchDocument(pk=pk, tags=tags) for pk, tags in _tags_of(pks).items()]
        SearchDocument.objects.bulk_update(documents, ["tags"])
        last = pks[-1]


def lock_documents(post_pks: list[int]) -> None:
    """Keep the documents of these posts as they are until the transaction ends.

    Who writes the tags into them reads those after this: of two who rename tags of one post, the
    second sees what the first has done. All lock them in one order, or two could wait for each
    other.
    """
    documents = SearchDocument.objects.filter(pk__in=post_pks).order_by("pk")
    list(documents.select_for_update().values_list("pk"))


def index_author(author: User) -> None:
    """Update the author's names in the documents of their newest posts.

    Of NAMED_AT_ONCE, because whoever changed a name waits; `index_names` writes the others.
    """
    newest = Post.objects.filter(author=author).order_by("-pk").values_list("pk", flat=True)
    _write_names(_names_of(author), list(newest[:NAMED_AT_ONCE]))


def index_names() -> int:
    """Update the authors' names in documents that hold old ones, and return their number.

    NAMED_AT_ONCE at a time, so that people can write in between.
    """
    written = 0
    for author in User.objects.filter(Exists(Post.objects.filter(author=OuterRef("pk")))):
        names = _names_of(author)
        last = 0
        others = SearchDocument.objects.filter(post__author=author).exclude(author=names)
        ids = others.order_by("pk").values_list("pk", flat=True)
        while batch := list(ids.filter(pk__gt=last)[:NAMED_AT_ONCE]):
            written += _write_names(names, batch)
            last = batch[-1]
    return written


@transaction.atomic
def _write_names(names: str, post_pks: list[int]) -> int:
    lock_documents(post_pks)
    others = SearchDocument.objects.filter(pk__in=post_pks).exclude(author=names)
    return others.update(author=names)


def write_documents(documents: list[SearchDocument]) -> None:
    SearchDocument.objects.bulk_create(
        documents, update_conflicts=True, unique_fields=["post"], update_fields=COLUMNS
    )


def make_documents(posts: list[Post]) -> list[SearchDocument]:
    """Return unsaved documents of `posts`, with their tags as they stand in the database."""
    prefetch_related_objects(posts, "author")
    tags = _tags_of([post.pk for post in posts])
    return [_make_document(post, tokens_of(post), tags[post.pk]) for post in posts]


def _make_document(post: Post, tokens: dict[str, str], tags: str) -> SearchDocument:
    return SearchDocument(post_id=post.pk, tags=tags, author=_names_of(post.author), **tokens)


def _tags_of(post_pks: list[int]) -> dict[int, str]:
    names = {pk: [] for pk in post_pks}
    for tie in Tagging.objects.filter(post__in=post_pks).order_by("position"):
        names[tie.post_id].append(tie.tag.name)
    return {pk: _join_names(found) for pk, found in names.items()}


def tokens_of(post: Post, text: str | None = None) -> dict[str, str]:
    """Return the tokens of title and body, which take up to half a second to make.

    `text` is the body as `text_of` returns it, where it is known.
    """
    return {
        "title": " ".join(tokenize(post.title)),
        "body": _fitting(tokenize(text_of(post) if text is None else text)),
    }


def _names_of(author: User) -> str:
    return _join_names([author.username, author.display_name])


def _join_names(names: list[str]) -> str:
    return f" {BETWEEN_NAMES} ".join(" ".join(tokenize(name)) for name in names)


def text_of(post: Post) -> str:
    """The body as a reader sees it; Markdown where it is not rendered yet."""
    return plain_text(post.body_html) if post.body_html else post.body


def _fitting(tokens: list[str]) -> str:
    """The tokens joined, cut where PostgreSQL would refuse them."""
    joined = " ".join(tokens)
    if len(joined.encode()) <= WORDS_MAX_BYTES:
        return joined
    seen = set()
    size = 0
    for place, token in enumerate(tokens):
        if token not in seen:
            seen.add(token)
            size += len(token.encode())
            if size > WORDS_MAX_BYTES:
                return " ".join(tokens[:place])
    return joined
