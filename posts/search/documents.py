"""What is indexed of a post: one row of tokens, written with the post."""

from collections import defaultdict

from django.db.models import prefetch_related_objects

from content.markup import plain_text
from posts.models import Post, SearchDocument, Tag, Tagging
from posts.search.tokens import tokenize

BATCH = 500
COLUMNS = ("title", "body", "tags", "author")
# No token, so no phrase goes from one name into the next; a token character to both databases.
BETWEEN_NAMES = "·"
# PostgreSQL takes 1 MB of different words a row. Only a text of more than 130,000 different pairs
# of Chinese characters comes near; its end is not found then, and saving it does not fail.
WORDS_MAX_BYTES = 800_000


def index_post(post: Post) -> None:
    """Write the document of a saved `post`, in the caller's transaction."""
    index_posts([post])


def index_posts(posts: list[Post]) -> None:
    """Write the documents of saved `posts`, in three queries at most."""
    write_documents(make_documents(posts))


def index_tagged(tag: Tag) -> None:
    """Write the documents of all posts with `tag` anew, after it got another name."""
    last = 0
    tagged = Post.objects.filter(taggings__tag=tag).select_related("author").order_by("pk")
    while posts := list(tagged.filter(pk__gt=last)[:BATCH]):
        index_posts(posts)
        last = posts[-1].pk


def write_documents(documents: list[SearchDocument]) -> None:
    SearchDocument.objects.bulk_create(
        documents, update_conflicts=True, unique_fields=["post"], update_fields=COLUMNS
    )


def make_documents(posts: list[Post]) -> list[SearchDocument]:
    """Return unsaved documents of `posts`, with their tags as they stand in the database."""
    prefetch_related_objects(posts, "author")
    tags = defaultdict(list)
    for tie in Tagging.objects.filter(post__in=posts).order_by("position"):
        tags[tie.post_id].append(tie.tag.name)
    return [_make_document(post, tags[post.pk]) for post in posts]


def _make_document(post: Post, tags: list[str]) -> SearchDocument:
    return SearchDocument(
        post_id=post.pk,
        title=" ".join(tokenize(post.title)),
        body=_fitting(tokenize(text_of(post))),
        tags=_join_names(tags),
        author=_join_names([post.author.username, post.author.display_name]),
    )


def _join_names(names: list[str]) -> str:
    return f" {BETWEEN_NAMES} ".join(" ".join(tokenize(name)) for name in names)


def text_of(post: Post) -> str:
    """The body as a reader sees it; Markdown where it is not rendered yet."""
    return plain_text(post.body_html) if post.body_html else post.body


def _fitting(tokens: list[str]) -> str:
    """The tokens joined, cut where PostgreSQL would refuse them."""
    seen, size = set(), 0
    for place, token in enumerate(tokens):
        if token not in seen:
            seen.add(token)
            size += len(token.encode())
            if size > WORDS_MAX_BYTES:
                return " ".join(tokens[:place])
    return " ".join(tokens)
