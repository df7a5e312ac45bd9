"""Fill an instance and log writers in: `python -m benchmarks.writers 1000 people.json`.

Run with the settings of the site (INSTANCE_DIR, DATABASE_URL). Writes the sessions of fifty people,
and the number of queries of each action. Each action runs twice and is counted the second time.
"""

import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from benchmarks.instance import make_ready

# The import above has set Django up.
from django.test import Client  # isort: skip
from django.test.utils import CaptureQueriesContext  # isort: skip

from accounts import unsaved_text  # isort: skip
from accounts.models import User  # isort: skip
from benchmarks.people import ACTS, Writer  # isort: skip

PEOPLE = 50
# These statements begin and end transactions, and don't count as queries.
FRAME = ("BEGIN", "COMMIT")


def log_in(user: User) -> dict[str, Any]:
    """Return the session and CSRF cookies, and the hidden fields of forms."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: "t" * 32}
    return {"cookies": cookies, "fields": fields_of(user)}


def fields_of(user: User) -> dict[str, str]:
    """Return the hidden fields of each form."""
    writer = unsaved_text.Writer(user.pk, unsaved_text.new_form_id())
    return {unsaved_text.WRITER: unsaved_text.sign(writer)}


def count_queries(user: User, posts: int) -> dict[str, int]:
    """Return the number of queries of each action; raise AssertionError if one fails."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    form = fields_of(user)

    def post(path: str, **fields) -> tuple[int, dict[str, Any]]:
        response = client.post(path, fields | form)
        is_json = response.headers.get("Content-Type") == "application/json"
        return response.status_code, response.json() if is_json else {}

    writer, found = Writer(0, posts, post), {}
    for name in ACTS:
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                status = writer.act(name)
            assert status in (200, 302), (name, status)
        found[name] = sum(not query["sql"].startswith(FRAME) for query in queries)
    return found


def main() -> None:
    posts = int(sys.argv[1])
    make_ready(posts)
    # Leave out the first account, because it has far more posts than real people do.
    users = list(User.objects.order_by("pk")[1 : PEOPLE + 1])
    # A small instance has fewer people, so some use two sessions.
    people = [log_in(users[number % len(users)]) for number in range(PEOPLE)]
    found = {"people": people, "queries": count_queries(users[0], posts)}
    Path(sys.argv[2]).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
