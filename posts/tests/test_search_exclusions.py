"""Exclusions are looked for only in the newest posts that match the rest. The result says so."""

import pytest
from django.utils import timezone

from posts.search import find, find_for_moderators, results

SIFTED = 4
EXCLUSIONS = ["-tag:plain", "-cheese", '-"with cheese"', "-author:author", "-tag:plain -cheese"]


@pytest.fixture(autouse=True)
def sifted(monkeypatch):
    monkeypatch.setattr(results, "SIFTED_MAX", SIFTED)


@pytest.fixture
def write(make_post, make_user):
    """Return a function that writes posts: plain ones, which exclusions remove, or others."""
    other = make_user("other")

    def write_posts(number: int, *, plain: bool, text: str = "bread") -> None:
        for _ in range(number):
            if plain:
                make_post(title=text, body="with cheese", tags="🎉, plain")
            else:
                make_post(title=text, body="with butter", tags="🎉", author=other)

    return write_posts


def ask(text: str, **options) -> tuple[int, bool, bool]:
    """Return the number of posts found, `is_more` and `is_partial`."""
    found = find(text, now=timezone.now(), **options)
    return len(found.ids), found.is_more, found.is_partial


@pytest.mark.parametrize("excluded", EXCLUSIONS)
@pytest.mark.parametrize("wanted", ["bread", "tag:🎉"])
def test_exclusions_are_checked_only_in_the_newest_posts(write, wanted, excluded):
    write(2, plain=False)
    write(3, plain=True)
    write(1, plain=False)
    assert ask(f"{wanted} {excluded}") == (1, False, True)
    assert len(find_for_moderators(f"{wanted} {excluded}")) == 1


@pytest.mark.parametrize("excluded", EXCLUSIONS)
@pytest.mark.parametrize("wanted", ["bread", "tag:🎉"])
def test_the_oldest_post_that_is_checked_is_found(write, wanted, excluded):
    write(2, plain=False)
    write(SIFTED - 1, plain=True)
    assert ask(f"{wanted} {excluded}") == (1, False, True)


@pytest.mark.parametrize("excluded", EXCLUSIONS)
@pytest.mark.parametrize("wanted", ["salt", "bread salt"])
def test_few_matches_are_all_found_however_old(write, wanted, excluded):
    write(2, plain=False, text="bread and salt")
    write(2, plain=True, text="bread and salt")
    write(3 * SIFTED, plain=True)
    assert ask(f"{wanted} {excluded}") == (2, False, False)


@pytest.mark.parametrize("excluded", EXCLUSIONS)
def test_a_full_check_counts_as_complete(write, excluded):
    write(2, plain=False)
    write(SIFTED - 2, plain=True)
    assert ask(f"bread {excluded}") == (2, False, False)


@pytest.mark.parametrize("wanted", ["bread", "tag:🎉"])
def test_more_matches_than_are_ranked_do_not_count_as_partial(write, wanted):
    write(SIFTED + 1, plain=False)
    assert ask(f"{wanted} -cheese", limit=2) == (2, True, False)


def test_without_an_exclusion_all_posts_are_searched(write):
    write(SIFTED + 1, plain=True)
    assert ask("bread tag:plain") == (SIFTED + 1, False, False)


def test_drafts_do_not_count_among_the_newest(write, make_post):
    write(1, plain=False)
    for _ in range(SIFTED + 1):
        make_post(title="bread", status="draft", publish_at=None)
    assert ask("bread -cheese") == (1, False, False)


def test_the_page_says_that_older_posts_were_not_checked(client, write):
    write(SIFTED + 1, plain=True)
    page = client.get("/", {"q": "bread -cheese"}).text
    assert "No posts found." in page and "Older posts are not listed" in page
    assert "Older posts are not listed" not in client.get("/", {"q": "bread"}).text


@pytest.mark.parametrize(
    "query", ["tag:++ -word", 'tag:!!! -"a b"', "tag:🙂 -author:x", "tag:☃ -author:author -word"]
)
def test_excluding_a_tag_of_signs_that_does_not_exist_finds_nothing(make_post, query):
    make_post(tags="☃")
    assert find(query, now=timezone.now()).ids == []
    assert find_for_moderators(query) == []
