"""Lookups that both databases answer from an index, as SQL."""

from django.db.utils import ConnectionHandler

from accounts.models import User
from content.lookups import LAST


def test_a_prefix_is_matched_by_a_range_on_sqlite():
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    query = User.objects.filter(username__begins="an").order_by().query
    sql, params = query.get_compiler(
        connection=ConnectionHandler({"default": sqlite})["default"]
    ).as_sql()
    column = '"accounts_user"."username"'
    assert sql.endswith(f"WHERE ({column} >= %s AND {column} < %s)")
    assert params == ("an", f"an{LAST}")
