"""Search documents: one row of tokens per post, written with the post."""

from django.db import transaction
from django.db.models import Exists, OuterRef, prefetch_related_objects

from accounts.models import User
from content.markup import plain_text
from posts.models import Post, SearchDocument, Tag, Tagging
from posts.search.tokens import tokenize

# Increase this if the same post results in a different document, for example with a new tokenizer.
# `prepare` then writes all documents again.
INDEX_VERSION: int = 2
BATCH = 500
# Updating the index of a post takes up to a millisecond, and on SQLite other writers wait.
NAMED_AT_ONCE = 1_000
COLUMNS = ("title", "body", "tags", "author")
# This sign is not a token, so that no phrase extends from one name into the next. Both databases
# treat it as part of a word.
BETWEEN_NAMES = "·"
# PostgreSQL accepts 1 MB of different words per row. Only a text of more than 130,000 different
# pairs of Chinese characters comes close. It can be saved, but search doesn't find its end.
WORDS_MAX_BYTES = 800_000


def index_post(
    post: Post, tokens: dict[str, str] | None = None, tags: list[Tag] | None = None
) -> None:
    """Write the document of a saved `post`, in the caller's transaction.

    If time matters, call `tokens_of` before the transaction and pass `tokens`. Pass `tags` if they
    are known.
    """
    tags = post.tag_list if tags is None else tags
    names = _join_names([tag.name for tag in tags])
    write_documents([_make_document(post, tokens or tokens_of(post), names)])


def index_posts(posts: list[Post]) -> None:
    """Write the documents of saved `posts`, in at most three queries."""
    write_documents(make_documents(posts))


def index_tagged(tag: Tag) -> None:
    """Update the tags in the documents of all posts with `tag`, after it was renamed.

    Someone may save a new text of one of these posts at the same time.
    """
    taggings = Tagging.objects.filter(tag=tag).order_by("post_id")
    last = 0
    while pks := list(taggings.filter(post__gt=last).values_list("post_id", flat=True)[:BATCH]):
        lock_documents(pks)
        documents = [SearchDocument(pk=pk, tags=tags) for pk, tags in _tags_of(pks).items()]
        SearchDocument.objects.bulk_update(documents, ["tags"])
        last = pks[-1]


def lock_documents(post_pks: list[int]) -> None:
    """Lock the documents of these posts until the transaction ends.

    Read the tags after this. If two people rename tags of one post, the second then sees what the
    first one did. Always lock in the same order, because otherwise two transactions could wait for
    each other.
    """
    documents = SearchDocument.objects.filter(pk__in=post_pks).order_by("pk")
    list(documents.select_for_update().values_list("pk"))


def index_author(author: User) -> None:
    """Update the author's names in the documents of their newest posts.

    It stops after NAMED_AT_ONCE, because the person who changed the name is waiting. `index_names`
    updates the others.
    """
    newest = Post.objects.filter(author=author).order_by("-pk").values_list("pk", flat=True)
    _write_names(_names_of(author), list(newest[:NAMED_AT_ONCE]))


def index_names() -> int:
    """Update documents that contain old names of authors, and return how many there were.

    It updates NAMED_AT_ONCE at a time, so that people can write in between.
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
    """Return unsaved documents of `posts`, with their tags from the database."""
    prefetch_related_objects(posts, "author")
    tags = _tags_of([post.pk for post in posts])
    return [_make_document(post, tokens_of(post), tags[post.pk]) for post in posts]


def _make_document(post: Post, tokens: dict[str, str], tags: str) -> SearchDocument:
    return SearchDocument(post_id=post.pk, tags=tags, author=_names_of(post.author), **tokens)


def _tags_of(post_pks: list[int]) -> dict[int, str]:
    names = {pk: [] for pk in post_pks}
    for tagging in Tagging.objects.filter(post__in=post_pks).order_by("position"):
        names[tagging.post_id].append(tagging.tag.name)
    return {pk: _join_names(found) for pk, found in names.items()}


def tokens_of(post: Post, text: str | None = None) -> dict[str, str]:
    """Return the tokens of title, body and description. This takes up to half a second.

    `text` is the body as returned by `text_of`, if it is known.
    """
    body = tokenize(text_of(post) if text is None else text)
    described = [*tokenize(post.description), BETWEEN_NAMES] if post.description else []
    return {"title": " ".join(tokenize(post.title)), "body": _fitting(described + body)}


def _names_of(author: User) -> str:
    return _join_names([author.username, author.display_name])


def _join_names(names: list[str]) -> str:
    return f" {BETWEEN_NAMES} ".join(" ".join(tokenize(name)) for name in names)


def text_of(post: Post) -> str:
    """Return the body as a reader sees it, or as Markdown if it is not rendered yet."""
    return plain_text(post.body_html) if post.body_html else post.body


def _fitting(tokens: list[str]) -> str:
    """Return the joined tokens, cut to the size that PostgreSQL accepts."""
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
