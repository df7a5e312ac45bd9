"""The history describes the changes in each revision, and shows relative times."""

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.templatetags.times import ago
from posts.models import PostText, Revision
from posts.writing import history

NOW = timezone.now()


@pytest.fixture
def save(post):
    """Return a function that adds revisions with these fields and returns the changes shown."""

    def save(client, *revisions: dict) -> list[str]:
        post.revisions.bulk_create(
            Revision(post=post, number=number, saved_at=NOW, **fields)
            for number, fields in enumerate(revisions, 1)
        )
        page = client.get(f"/{post.pk}/history/").text
        return [" ".join(said.split()) for said in re.findall(r'<p class="changes">([^<]*)', page)]

    return save


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"body": "one two three"}, "1 word added"),
        ({"body": "one two three four"}, "2 words added"),
        ({"body": "one"}, "1 word removed"),
        ({"body": "two"}, "1 word removed"),
        ({"body": "1 2"}, "2 words added · 2 words removed"),
        ({"body": "one, two"}, "Only punctuation, spaces or the order changed"),
        ({"body": "two one"}, "Only punctuation, spaces or the order changed"),
        ({"title": "Other"}, "Title changed"),
        ({"tags": "tea"}, "Tags changed"),
        ({"cover_alt": "A sea"}, "Cover image alt text changed"),
        ({"body": "one", "title": "Other"}, "1 word removed · Title changed"),
    ],
)
def test_each_revision_says_what_it_changed(client_of, save, change, said):
    first = {"title": "Title", "body": "one two"}
    assert save(client_of("author"), first, first | change) == [said, "First version"]


def test_a_revision_that_repeats_the_text_says_nothing(client_of, save):
    assert save(client_of("author"), {"body": "one"}, {"body": "one"}) == ["First version"]


def test_long_texts_are_compared_only_as_a_whole(client_of, save, monkeypatch):
    monkeypatch.setattr(history, "COMPARED_MAX", 12)
    bodies = ["", "one two", "one", "1", "uno", "uno", "dos", "one two three"]
    said = [
        "10 characters added",
        "Body changed",
        "2 characters added",
        "2 characters removed",
        "4 characters removed",
        "7 characters added",
    ]
    assert save(client_of("author"), *({"body": body} for body in bodies)) == [
        *said,
        "First version",
    ]


def test_only_the_first_revision_of_all_pages_is_called_the_first(
    client_of, save, post, monkeypatch
):
    monkeypatch.setattr("posts.writing.revisions.REVISIONS_PER_PAGE", 2)
    client = client_of("author")
    said = save(client, {"body": "one"}, {"body": "one two"}, {"body": "one two three"})
    assert said == ["1 word added"] * 2
    page = client.get(f"/{post.pk}/history/?page=2").text
    assert page.count("First version") == 1


def test_all_text_fields_are_described():
    old, new = (Revision(pk=n, **dict.fromkeys(PostText._fields, str(n))) for n in (1, 2))
    said = history.describe_changes(old, new, {1: "1", 2: "2"})
    assert len(said) == 2 + len(PostText._fields) - 1


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=-5), "Just now"),
        (timedelta(seconds=59), "Just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5, minutes=40), "5 hours ago"),
        (timedelta(days=29), "4 weeks ago"),
    ],
)
def test_a_time_is_said_relative_to_now(age, said):
    assert ago(timezone.now() - age).replace("\xa0", " ") == said


def test_an_old_time_is_its_date(settings):
    assert ago(datetime(2020, 3, 2, 12, tzinfo=timezone.get_current_timezone())) == "March 2, 2020"


def test_the_exact_time_stands_beside_the_relative_one(client_of, save, post):
    User.objects.update(time_zone="Asia/Tokyo")
    client = client_of("author")
    save(client, {})
    Revision.objects.update(
        saved_at=NOW.replace(year=NOW.year - 1, month=3, day=1, hour=20, minute=30)
    )
    page = client.get(f"/{post.pk}/history/").text
    assert f">March 2, {NOW.year - 1}</time>" in page
    assert f"March 2, {NOW.year - 1}, 5:30 a.m.</span>" in page
