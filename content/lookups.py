"""Lookups that both databases answer from an index."""

from django.db.models.lookups import StartsWith

LAST = "\U0010ffff"


class Begins(StartsWith):
    """Lookup `begins`: `startswith`, but as a range on SQLite, which otherwise reads every row.

    SQLite compares text by code points. PostgreSQL does not, and has an index for `LIKE`.
    """

    def as_sqlite(self, compiler, connection) -> tuple[str, list]:
        column, params = self.process_lhs(compiler, connection)
        ends = [*params, self.rhs, *params, f"{self.rhs}{LAST}"]
        return f"({column} >= %s AND {column} < %s)", ends
