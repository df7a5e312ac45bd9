"""Search documents: the write path keeps them up to date, and a command rebuilds them."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from posts import tagging
from posts.models import Post, SearchDocument, Tag
from posts.search import documents, find, index_author, index_posts
from posts.tests.meanwhile import meanwhile
from posts.writing import publishing
from posts.writing.edit import Edit

NOW = timezone.now()


@pytest.fixture
def saved(author):
    """A post saved through the write path."""
    author.display_name = "Anna Lindström"
    author.save()
    post = Post(author=author, title="Crème *brûlée*", body="# Of **milk**\n\nand [eggs](/x)")
    return publishing.publish(post, Edit(NOW, tags=["Slow Food", "C++"]))


def columns_of(post: Post) -> list[str]:
    document = SearchDocument.objects.get(post=post)
    return [getattr(document, name) for name in documents.COLUMNS]


def reindex(*arguments: str) -> str:
    output = StringIO()
    call_command("reindex_posts", *arguments, stdout=output)
    return output.getvalue()


def test_saving_a_post_writes_its_document(saved):
    assert columns_of(saved) == [
        "creme brulee",
        "of milk and eggs",
        "slow food · cpp",
        "author · anna lindstrom",
    ]
    assert str(SearchDocument.objects.get()) == f"words of {saved.pk}"


def test_saving_again_replaces_it(saved):
    saved.title, saved.body = "Soup", "salt"
    publishing.save_post(saved, Edit(NOW, tags=["Lunch"]))
    assert columns_of(saved) == ["soup", "salt", "lunch", "author · anna lindstrom"]
    assert find("creme", now=NOW).ids == find("tag:c++", now=NOW).ids == []
    assert find("soup tag:lunch", now=NOW).ids == [saved.pk]


def test_a_post_that_is_not_rendered_yet_is_indexed_as_typed(make_post):
    post = make_post(body="*milk*")
    Post.objects.update(body_html="")
    index_posts([Post.objects.get()])
    assert columns_of(post)[1] == "milk"


def test_a_refused_write_leaves_the_index_as_it_was(saved):
    saved.title, saved.status, saved.publish_at = "Soup", Post.Status.PUBLISHED, None
    with pytest.raises(Exception, match="posts_published_has_time"):
        publishing.save_post(saved, Edit(NOW))


def test_a_tag_is_found_by_its_new_name(monkeypatch, make_post):
    monkeypatch.setattr(documents, "BATCH", 2)
    found = [make_post(tags="JS").pk for _ in range(3)]
    tagging.rename_tag(Tag.objects.get(), "JavaScript")
    assert sorted(find("javascript", now=NOW).ids) == found
    assert sorted(find("tag:javascript", now=NOW).ids) == found
    assert find("tag:js", now=NOW).ids == []
    make_post(tags="ECMAScript")
    tagging.rename_tag(Tag.objects.get(name="JavaScript"), "ECMAScript")
    assert len(find("tag:ecmascript", now=NOW).ids) == 4


def test_an_author_is_found_by_their_new_name(client_of, saved, make_post):
    client = client_of("author")
    make_post(title="Another", author=User.objects.create_user("anna"))
    client.post("/auth/account/", {"display_name": "Berta Ström"})
    assert find("berta", now=NOW).ids == find('author:"Berta Ström"', now=NOW).ids == [saved.pk]
    assert find("author:lindstrom", now=NOW).ids == []
    assert columns_of(saved)[:3] == ["creme brulee", "of milk and eggs", "slow food · cpp"]
    assert "Wrote 0 search documents" in reindex()


def test_an_author_is_found_by_the_username_a_moderator_gave(admin_client, saved):
    change = f"/admin/accounts/user/{saved.author_id}/change/"
    form = admin_client.get(change).context["adminform"].form
    typed = {name: value for name, value in form.initial.items() if isinstance(value, str)}
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00", "is_active": "on"}
    response = admin_client.post(change, typed | joined | {"username": "berta"})
    assert response.status_code == 302
    assert find("author:berta", now=NOW).ids == [saved.pk]


def test_a_refused_name_changes_nothing(client_of, saved):
    client_of("author").post("/auth/account/", {"display_name": "x" * 101})
    assert find("lindstrom", now=NOW).ids == [saved.pk]


def test_a_name_that_the_search_cannot_take_is_not_saved_either(client_of, saved):
    def lock() -> None:
        raise OperationalError("database is locked")

    client = client_of("author")
    client.raise_request_exception = False
    with meanwhile(lock, before='UPDATE "posts_searchdocument"'):
        assert client.post("/auth/account/", {"display_name": "Ada"}).status_code >= 500
    assert User.objects.get(pk=saved.author_id).display_name == "Anna Lindström"
    assert client.post("/auth/account/", {"display_name": "Ada"}).status_code == 302
    assert find("ada", now=NOW).ids == [saved.pk]


@pytest.mark.parametrize("arguments", [(), ("--names",)])
def test_a_new_name_reaches_the_newest_posts_at_once_and_all_by_the_command(
    monkeypatch, author, make_post, django_assert_num_queries, arguments
):
    monkeypatch.setattr(documents, "NAMED_AT_ONCE", 2)
    posts = [make_post(title=f"Bread {number}").pk for number in range(3)]
    author.display_name = "Berta"
    author.save()
    with django_assert_num_queries(5):  # including the transaction's start and end
        index_author(author)
    assert find("berta", now=NOW).ids == [posts[2], posts[1]]
    assert "Wrote 1 search documents" in reindex(*arguments)
    assert len(find("berta", now=NOW).ids) == 3
    assert "Wrote 0 search documents" in reindex(*arguments)


@pytest.mark.parametrize("act", ["name", "all names", "tag"])
def test_documents_are_always_locked_in_the_same_order(saved, act):
    """Otherwise two writers of the same documents could deadlock on PostgreSQL."""
    acts = {
        "name": lambda: index_author(saved.author),
        "all names": documents.index_names,
        "tag": lambda: documents.index_tagged(saved.tag_list[0]),
    }
    User.objects.update(display_name="Berta")
    saved.author.refresh_from_db()
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        acts[act]()
    statements = [one["sql"] for one in asked if '"posts_searchdocument"' in one["sql"]]
    changes = next(n for n, sql in enumerate(statements) if sql.startswith("UPDATE"))
    assert "ORDER BY 1 ASC" in statements[changes - 1]  # the key is the only column
    assert ("FOR UPDATE" in statements[changes - 1]) == (connection.vendor == "postgresql")


def test_new_names_are_written_in_batches_and_nothing_else_is(monkeypatch, reader, make_post):
    monkeypatch.setattr(documents, "NAMED_AT_ONCE", 2)
    posts = [make_post(title=f"Bread {number}") for number in range(5)]
    other = make_post(title="Soup", author=reader)
    SearchDocument.objects.filter(post=other).update(title="old")
    User.objects.update(display_name="Berta")
    assert "Wrote 6 search documents" in reindex("--names")
    assert sorted(find("berta", now=NOW).ids) == [*(post.pk for post in posts), other.pk]
    assert columns_of(other)[0] == "old"


def test_many_are_written_in_three_queries(make_post, django_assert_num_queries):
    for number in range(5):
        make_post(title=f"Bread {number}", tags="Kitchen, Food")
    posts = list(Post.objects.all())
    with django_assert_num_queries(3):
        index_posts(posts)
    assert len(find("bread tag:kitchen", now=NOW).ids) == 5


def test_the_longest_text_of_any_script_can_be_saved(make_post):
    # About 200,000 different pairs of four-byte characters.
    first, count = 0x20000, 450
    pairs = (chr(first + a) + chr(first + b) for a in range(count) for b in range(count))
    body = " ".join(pairs)[:200_000]
    post = make_post(body=body)
    assert find(body[:2], now=NOW).ids == [post.pk]


def test_a_text_with_too_many_different_words_for_postgresql_is_cut(monkeypatch):
    monkeypatch.setattr(documents, "WORDS_MAX_BYTES", 10)
    assert documents._fitting(["bread", "butte", "bread", "x", "y"]) == "bread butte bread"


def test_the_command_writes_only_missing_and_outdated_documents(make_post, saved):
    SearchDocument.objects.filter(post=make_post(title="Bread")).delete()
    SearchDocument.objects.filter(post=saved).update(title="old")
    assert find("creme", now=NOW).ids == find("bread", now=NOW).ids == []
    assert "Wrote 2 search documents" in reindex()
    assert find("creme", now=NOW).ids == [saved.pk]
    assert len(find("bread", now=NOW).ids) == 1
    assert "Wrote 0 search documents" in reindex()


def test_the_command_goes_through_all_in_batches(monkeypatch, make_post):
    monkeypatch.setattr("posts.management.commands.reindex_posts.BATCH", 2)
    for number in range(5):
        make_post(title=f"Bread {number}")
    SearchDocument.objects.all().delete()
    assert "Wrote 5 search documents" in reindex()
    assert len(find("bread", now=NOW).ids) == 5


def test_the_command_can_rebuild_the_index_of_the_database(saved):
    assert "Wrote 0 search documents" in reindex("--rebuild")
    assert find("creme", now=NOW).ids == [saved.pk]


def test_an_empty_blog_has_nothing_to_index(db):
    assert "Wrote 0 search documents" in reindex()


def test_the_sample_blog_is_indexed(db, small_sample):
    call_command("seed_demo", "--posts", "20", "--users", "3", stdout=StringIO())
    published = Post.objects.filter(status=Post.Status.PUBLISHED)
    assert not published.exclude(pk__in=SearchDocument.objects.values("post")).exists()
    assert find("train", now=timezone.now()).ids
    # The three are autosaved drafts, which search can't find yet.
    assert "Wrote 3 search documents" in reindex()
    assert "Wrote 0 search documents" in reindex()


def objects_of_the_index() -> set[str]:
    questions = {
        "sqlite": "SELECT name FROM sqlite_master WHERE name IN ('posts_search', "
        "'posts_search_added', 'posts_search_removed', 'posts_search_changed')",
        "postgresql": "SELECT indexname FROM pg_indexes "
        "WHERE indexname IN ('posts_search_words', 'posts_search_names') UNION "
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_name = 'posts_searchdocument' AND data_type = 'tsvector'",
    }
    with connection.cursor() as cursor:
        cursor.execute(questions[connection.vendor])
        return {name for (name,) in cursor.fetchall()}


ALL_OBJECTS = {
    "sqlite": {
        "posts_search",
        "posts_search_added",
        "posts_search_removed",
        "posts_search_changed",
    },
    "postgresql": {"posts_search_words", "posts_search_names", "words", "names"},
}


@pytest.mark.django_db
def test_after_all_migrations_the_index_exists():
    assert objects_of_the_index() == ALL_OBJECTS[connection.vendor]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_index_follows_its_migration_and_keeps_its_content(make_post):
    post = make_post(title="Bread")
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("posts")
    MigrationExecutor(connection).migrate([("posts", "0003_nine_ideas")])
    assert objects_of_the_index() == set()
    MigrationExecutor(connection).migrate(latest)
    assert objects_of_the_index() == ALL_OBJECTS[connection.vendor]
    assert find("bread", now=NOW).ids == [post.pk]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="FTS5 alone merges while one saves")
def test_new_entries_are_not_merged_while_others_wait(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT k, v FROM posts_search_config")
        found = dict(cursor.fetchall())
    assert (found["automerge"], found["crisismerge"]) == (0, 1000)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="FTS5 alone keeps segments")
def test_a_rebuilt_index_is_one_segment(make_post):
    for number in range(5):
        make_post(title=f"Bread {number}")
    with connection.cursor() as cursor:
        # By default, one segment takes a thousand posts.
        cursor.execute("INSERT INTO posts_search (posts_search, rank) VALUES ('hashsize', 1)")
        reindex("--rebuild")
        cursor.execute("SELECT count(DISTINCT segid) FROM posts_search_idx")
        assert cursor.fetchone() == (1,)
    assert len(find("bread", now=NOW).ids) == 5
