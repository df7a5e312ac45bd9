"""Background jobs in the admin: superusers see them and let failed ones run again."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import Job

JOBS = "/admin/jobs/job/"


@pytest.fixture
def client(client, make_user):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def make_job(db):
    """Return a function that creates a job, which has been due for a minute."""

    def make(**fields) -> Job:
        now = timezone.now()
        values = {"task": "posts.tasks.send_news", "arguments": {"args": [], "kwargs": {}}}
        values |= {"enqueued_at": now, "due_at": now - timedelta(minutes=1)}
        return Job.objects.create(**values | fields)

    return make


@pytest.fixture
def failed(make_job) -> Job:
    error = "Traceback:\n  line 1\nConnectionError: The mail server is away.\n"
    return make_job(failed_at=timezone.now(), attempts=7, error=error)


@pytest.mark.parametrize("page", ["", "{pk}/change/"])
def test_a_moderator_sees_no_jobs(client_of, failed, page):
    moderator = client_of("moderator")
    assert moderator.get(JOBS + page.format(pk=failed.pk)).status_code == 403


def test_the_list_shows_the_state_of_each_job_and_the_last_line_of_its_error(
    client, failed, make_job
):
    make_job(due_at=timezone.now() + timedelta(hours=1))
    make_job()
    page = client.get(JOBS).text
    assert all(f">{state}<" in page for state in ("failed", "waiting", "due"))
    assert "send news" in page
    assert "ConnectionError: The mail server is away." in page and "line 1" not in page


def test_the_filter_shows_only_failed_jobs(client, failed, make_job):
    make_job(task="posts.tasks.another")
    page = client.get(JOBS).text
    link = re.search(r'<a href="(\?[^"]*)">\s*Failed', page)[1]
    assert ">another<" in page
    page = client.get(JOBS + link).text
    assert "send news" in page and ">another<" not in page


def test_the_action_lets_the_failed_ones_of_the_selected_jobs_run_again(client, failed, make_job):
    waiting = make_job(attempts=2)
    form = {"action": "retry", "_selected_action": [failed.pk, waiting.pk]}
    assert "1 job will run again." in client.post(JOBS, form, follow=True).text
    failed.refresh_from_db()
    waiting.refresh_from_db()
    assert (failed.failed_at, failed.attempts, waiting.attempts) == (None, 0, 2)


def test_the_page_of_a_failed_job_has_its_error_and_a_button_to_retry(client, failed):
    page = client.get(f"{JOBS}{failed.pk}/change/").text
    assert "line 1" in page and 'value="Retry"' in page
    page = client.post(f"{JOBS}{failed.pk}/change/", {"_save": "Retry"}, follow=True).text
    assert "1 job will run again." in page and "changed successfully" not in page
    failed.refresh_from_db()
    assert failed.failed_at is None


def test_the_page_of_a_waiting_job_has_no_button(client, make_job):
    assert 'value="Retry"' not in client.get(f"{JOBS}{make_job().pk}/change/").text


def test_jobs_can_not_be_added_in_the_admin(client):
    assert client.get(f"{JOBS}add/").status_code == 403
