"""Writing, editing, deleting and reporting comments, and the permissions for each."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django.utils.html import escape

from content.markup import RENDERER_VERSION, render_comment
from posts.discussion import commenting
from posts.models import COMMENT_MAX_LENGTH, Comment, CommentReport, Post
from posts.tests.meanwhile import meanwhile

STATES = {
    "draft": {"status": Post.Status.DRAFT, "publish_at": None},
    "scheduled": {"publish_at": timezone.now() + timedelta(days=365)},
    "hidden": {"status": Post.Status.HIDDEN},
}
NO_ONE_ELSE = [("anonymous", 302), ("author", 403), ("moderator", 403)]
LATER = commenting.EDIT_LIMIT + timedelta(seconds=1)


def send(client, post, body: str, **fields):
    return client.post(f"/{post.pk}/comments/", {"body": body, **fields})


def counted(post: Post) -> int:
    return Post.objects.get(pk=post.pk).comment_count


# Writing


def test_a_comment_appears_with_name_time_and_markdown(client_of, post, reader):
    client = client_of("reader")
    response = send(client, post, "So *true*.\r\n\r\nhttps://a.example")
    comment = Comment.objects.get()
    assert response["Location"] == f"{post.get_absolute_url()}#comment-{comment.pk}"
    page = client.get(response["Location"]).text
    assert "Your comment is published." in page
    assert f'<li class="comment depth-0 comment-approved"\n  id="comment-{comment.pk}">' in page
    assert '<a class="author" href="/authors/reader/">reader</a>' in page
    assert f'<time datetime="{comment.created_at.isoformat(timespec="seconds")}"' in page
    assert '<p dir="auto">So <em>true</em>.</p>' in page
    assert 'rel="nofollow ugc noopener"' in page
    assert (comment.body, comment.author, counted(post)) == (
        "So *true*.\n\nhttps://a.example",
        reader,
        1,
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "Comment is required."),
        (" \r\n\t ", "Comment is required."),
        ("\u200b\u3164", "Comment is required."),
        ("&nbsp; &#8203;", "Comment is required."),
        ("[a]: http://a.example", "Comment is required."),
        ("x" * (COMMENT_MAX_LENGTH + 1), "at most 10000 characters (it has 10001)"),
        ("nul \0", "Null characters are not allowed."),
    ],
)
def test_a_refused_comment_comes_back_as_it_was_typed(client_of, post, body, message):
    response = send(client_of("reader"), post, body)
    assert response.status_code == 422
    assert post.title in response.text
    error = re.search(r'<ul class="errorlist" id="id_body_error"><li>(.*?)</li>', response.text)
    assert message in error[1]
    assert 'aria-describedby="id_body_error"' in response.text
    assert escape(body).strip("\0") in response.text
    assert not Comment.objects.exists()


@pytest.mark.parametrize("body", ["\U0001f600", "日", "`.`", "![](/a)", "[](http://a.example)"])
def test_a_short_comment_is_enough(client_of, post, body):
    assert send(client_of("reader"), post, body).status_code == 302


def test_the_longest_comment_is_taken_whole(client_of, post):
    body = "  " + "ß" * (COMMENT_MAX_LENGTH - 2)
    assert send(client_of("reader"), post, body).status_code == 302
    assert Comment.objects.get().body == body


def test_a_form_sent_twice_makes_one_comment_and_leads_to_it(client_of, post):
    client = client_of("reader")
    first, second = (send(client, post, "So true.") for _ in range(2))
    assert first["Location"] == second["Location"]
    assert (Comment.objects.count(), counted(post)) == (1, 1)


A_MINUTE_AGO = timezone.now() - commenting.RESENT_WITHIN


@pytest.mark.parametrize(
    "other",
    [
        {"body": "So true!"},
        {"author": "author"},
        {"parent": True},
        {"post": "other"},
        {"created_at": A_MINUTE_AGO},
        {"status": "hidden"},
    ],
)
def test_a_comment_that_only_looks_sent_twice_is_another(
    make_comment, make_post, make_user, reader, other
):
    made = {
        "author": lambda _: make_user("somebody"),
        "parent": lambda _: make_comment("Asked."),
        "post": lambda _: make_post(title="Another"),
    }
    fields = {name: made.get(name, lambda value: value)(value) for name, value in other.items()}
    before = make_comment(**{"body": "So true."} | fields)
    assert make_comment("So true.") != before


def test_a_field_that_is_missing_is_an_empty_comment(client_of, post):
    assert client_of("reader").post(f"/{post.pk}/comments/").status_code == 422


def test_an_anonymous_visitor_is_sent_to_the_login_page_and_back(client, post):
    response = send(client, post, "words")
    assert response["Location"] == f"/auth/login/?next=/{post.pk}/%23comments"
    page = client.get(post.get_absolute_url()).text
    assert f'href="/auth/login/?next=/{post.pk}-test-title/%23comment-form"' in page
    assert 'method="post"' not in page
    assert not Comment.objects.exists()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("visitor", "status"), [("reader", 404), ("author", 403), ("moderator", 403)]
)
def test_an_unlisted_post_takes_no_comments(client_of, make_post, state, visitor, status):
    post = make_post(**STATES[state])
    client = client_of(visitor)
    assert send(client, post, "words").status_code == status
    assert not Comment.objects.exists()
    if status == 403:
        assert 'id="comment-form"' not in client.get(post.get_absolute_url()).text


def test_a_closed_post_takes_no_comments_and_returns_the_text(client_of, post, make_comment):
    make_comment("Said before.")
    Post.objects.update(comments_open=False)
    client = client_of("reader")
    response = send(client, post, "Too late, I fear.")
    assert response.status_code == 403
    assert "Comments are closed. Copy your text" in response.text
    assert "Too late, I fear." in response.text
    page = client.get(post.get_absolute_url()).text
    assert "Said before." in page and "Comments are closed." in page
    assert 'id="comment-form"' not in page and "?reply=" not in page
    assert counted(post) == 1


@pytest.mark.parametrize(
    "change", [{"comments_open": False}, STATES["draft"], STATES["scheduled"], STATES["hidden"]]
)
def test_a_post_closed_or_unpublished_meanwhile_takes_no_comment(client_of, post, change):
    client = client_of("moderator")
    with meanwhile(lambda: Post.objects.update(**change), before='UPDATE "posts_post"'):
        response = send(client, post, "My words.")
    assert response.status_code == 403
    assert "My words." in response.text
    assert (counted(post), Comment.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("visitor", "message"),
    [
        ("anonymous", "No comments yet. Be the first."),
        ("reader", "No comments yet. What do you think?"),
    ],
)
def test_an_empty_state_says_what_to_do(client_of, post, visitor, message):
    assert message in client_of(visitor).get(post.get_absolute_url()).text


def test_comments_can_be_turned_off(client_of, post, make_comment, set_site):
    comment = make_comment("Unseen words.")
    set_site(comments_enabled=False)
    client = client_of("reader")
    page = client.get(post.get_absolute_url()).text
    assert "Unseen words." not in page and 'id="comments"' not in page
    assert send(client, post, "words").status_code == 404
    for verb in ("", "edit/", "delete/", "report/", "hide/"):
        assert client.get(f"/{post.pk}/comments/{comment.pk}/{verb}").status_code == 404
    # Likes don't depend on comments.
    assert 'class="like"' in page


def test_text_by_people_is_escaped(client_of, post):
    send(client_of("reader"), post, "<script>alert(1)</script> [x](javascript:alert(1))")
    page = client_of("anonymous").get(post.get_absolute_url()).text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


# Editing


def test_a_writer_can_edit_their_comment_for_a_while(client_of, post, make_comment):
    comment = make_comment("First words.")
    client, path = client_of("reader"), f"/{post.pk}/comments/{comment.pk}/edit/"
    assert f'href="{path}"' in client.get(post.get_absolute_url()).text
    assert "First words." in client.get(path).text
    response = client.post(path, {"body": "Second *words*."})
    assert response["Location"] == f"{post.get_absolute_url()}#comment-{comment.pk}"
    page = client.get(response["Location"]).text
    assert "Your comment was updated." in page
    assert "Second <em>words</em>." in page and "<span>edited</span>" in page
    assert counted(post) == 1


@pytest.mark.parametrize("body", ["", "x" * (COMMENT_MAX_LENGTH + 1)])
def test_a_refused_change_comes_back_as_it_was_typed(client_of, post, make_comment, body):
    comment = make_comment("First words.")
    response = client_of("reader").post(f"/{post.pk}/comments/{comment.pk}/edit/", {"body": body})
    assert response.status_code == 422
    assert body in response.text and "errorlist" in response.text
    assert Comment.objects.get().body == "First words."


@pytest.mark.parametrize(
    "fields",
    [{"created_at": timezone.now() - LATER}, {"status": "hidden"}],
    ids=["too late", "hidden"],
)
def test_a_late_edit_is_refused_and_its_text_returned(client_of, post, make_comment, fields):
    comment = make_comment("First words.", **fields)
    client, path = client_of("reader"), f"/{post.pk}/comments/{comment.pk}/edit/"
    assert f'href="{path}"' not in client.get(post.get_absolute_url()).text
    assert client.get(path).status_code == 403
    response = client.post(path, {"body": "Second words."})
    assert response.status_code == 403
    assert "You can edit a comment for 15 minutes." in response.text
    assert "Second words." in response.text
    comment.refresh_from_db()
    assert (comment.body, comment.edited_at) == ("First words.", None)


def test_a_comment_deleted_meanwhile_is_not_changed(make_comment):
    comment = make_comment()
    Comment.objects.all().delete()
    assert commenting.edit_comment(comment, "words", now=timezone.now()) is False
    commenting.delete_comment(comment)


@pytest.mark.parametrize("rendered_by", [0, RENDERER_VERSION])
def test_comments_of_an_older_renderer_are_rendered_again(make_comment, capsys, rendered_by):
    comment = make_comment("So *true*.")
    Comment.objects.update(body_html="<p>Old.</p>", rendered_by=rendered_by)
    call_command("rerender_posts")
    comment.refresh_from_db()
    is_old = rendered_by != RENDERER_VERSION
    assert ("<em>true</em>" in comment.body_html) == is_old
    assert comment.rendered_by == RENDERER_VERSION
    assert f"Rendered {int(is_old)} comments again." in capsys.readouterr().out


# Deleting


def test_a_right_to_left_name_does_not_reverse_the_text_around_it(
    client_of, post, make_comment, reader
):
    reader.display_name = "\u202ereader"
    reader.save()
    path = f"/{post.pk}/comments/{make_comment().pk}/hide/"
    sentence = "<span><bdi>\u202ereader</bdi> on “<bdi>Test title</bdi>”</span>"
    assert sentence in client_of("author").get(path).text


def test_a_writer_confirms_before_a_comment_is_deleted(client_of, post, make_comment):
    comment = make_comment("Rash words.")
    client, path = client_of("reader"), f"/{post.pk}/comments/{comment.pk}/delete/"
    page = client.get(path).text
    assert "Delete your comment?" in page and "Rash words." in page
    response = client.post(path)
    assert response["Location"] == f"{post.get_absolute_url()}#comments"
    page = client.get(response["Location"]).text
    assert "Your comment was deleted." in page and "Rash words." not in page
    assert counted(post) == 0
    assert client.post(path).status_code == 404


@pytest.mark.parametrize("status", Comment.Status.values[:3])
def test_the_count_includes_only_approved_comments(post, make_comment, status):
    comment = make_comment(status=status)
    assert counted(post) == (status == "approved")
    commenting.delete_comment(comment)
    assert counted(post) == 0


# Reporting


def test_a_reader_reports_a_comment_once(client_of, post, make_comment, author):
    comment = make_comment("Rude words.", author=author)
    client, path = client_of("reader"), f"/{post.pk}/comments/{comment.pk}/report/"
    assert f'href="{path}"' in client.get(post.get_absolute_url()).text
    assert "Rude words." in client.get(path).text
    for reason in ("It is rude.", "Still."):
        response = client.post(path, {"reason": reason}, follow=True)
        assert "Thank you. The moderators will review it." in response.text
    report = CommentReport.objects.get()
    assert (report.comment, report.reason, str(report)) == (
        comment,
        "It is rude.",
        f"Report {report.pk}",
    )


def test_a_reason_may_be_too_long(client_of, post, make_comment, author):
    comment = make_comment(author=author)
    path = f"/{post.pk}/comments/{comment.pk}/report/"
    response = client_of("reader").post(path, {"reason": "x" * 501})
    assert response.status_code == 422
    assert not CommentReport.objects.exists()


def test_no_one_reports_themselves(client_of, post, make_comment):
    comment = make_comment()
    client, path = client_of("reader"), f"/{post.pk}/comments/{comment.pk}/report/"
    assert client.post(path).status_code == 403
    assert f'href="{path}"' not in client.get(post.get_absolute_url()).text


# Permissions


@pytest.mark.parametrize("verb", ["edit", "delete"])
@pytest.mark.parametrize(("visitor", "status"), NO_ONE_ELSE)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_persons_comment_is_theirs(
    client_of, post, make_comment, verb, visitor, status, method
):
    comment = make_comment("First words.")
    client, path = client_of(visitor), f"/{post.pk}/comments/{comment.pk}/{verb}/"
    assert getattr(client, method)(path, {"body": "x"}).status_code == status
    assert f'href="{path}"' not in client.get(post.get_absolute_url()).text
    assert Comment.objects.get().body == "First words."


@pytest.mark.parametrize("verb", ["", "edit/", "delete/", "report/", "approve/", "hide/"])
def test_a_comment_is_found_only_under_its_own_post(client_of, make_post, make_comment, verb):
    comment, other = make_comment(), make_post(title="Other")
    client = client_of("moderator")
    assert client.get(f"/{other.pk}/comments/{comment.pk}/{verb}").status_code == 404
    assert client.get(f"/{other.pk}/comments/{'9' * 40}/{verb}").status_code == 404


@pytest.mark.parametrize("verb", ["edit", "delete", "report"])
@pytest.mark.parametrize("state", STATES)
def test_under_a_post_that_is_not_seen_nothing_is_done(client_of, post, make_comment, verb, state):
    comment = make_comment()
    Post.objects.update(**STATES[state])
    path = f"/{post.pk}/comments/{comment.pk}/{verb}/"
    assert client_of("reader").post(path, {"body": "x"}).status_code == 404


@pytest.mark.parametrize("status", ["waiting", "hidden"])
def test_the_only_comment_is_there_for_its_writer_while_others_do_not_see_it(
    client_of, post, make_comment, status
):
    make_comment("Words of mine.", status=status)
    found = {
        visitor: "Words of mine." in client_of(visitor).get(post.get_absolute_url()).text
        for visitor in ("anonymous", "reader", "author", "moderator")
    }
    assert found == {"anonymous": False, "reader": True, "author": True, "moderator": True}


def test_a_comment_is_rendered_once(client_of, post):
    render_comment.cache_clear()
    body = "```java\nint a;\n```"
    assert client_of("reader").post(f"/{post.pk}/comments/", {"body": body}).status_code == 302
    assert (render_comment.cache_info().misses, render_comment.cache_info().hits) == (1, 1)
    comment = Comment.objects.get()
    path = f"/{post.pk}/comments/{comment.pk}/edit/"
    assert client_of("reader").post(path, {"body": f"Changed: {body}"}).status_code == 302
    assert (render_comment.cache_info().misses, render_comment.cache_info().hits) == (2, 2)
