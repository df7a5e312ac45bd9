"""What a query costs, counted in rows and steps, not in time, and what its plan says."""

import json
import re
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection

# SQLite calls back after so many steps of its machine.
STEPS = 10
# What `EXPLAIN QUERY PLAN` says of a table that is read row by row.
SCAN = re.compile(r"SCAN (?!CONSTANT ROW|\(|.* VIRTUAL TABLE)")
SORT = re.compile("USE TEMP B-TREE FOR ORDER BY")


# What PostgreSQL may be kept from. Its statistics come from a sample, so its first choice varies.
JOINS = ("mergejoin", "hashjoin")
WAYS = [(), ("sort",), JOINS, ("sort", *JOINS), ("sort", "bitmapscan", *JOINS)]


class Question(NamedTuple):
    sql: str
    params: tuple


@contextmanager
def questions():
    """Collect what the block asks the database: its SELECTs, but for those of a savepoint."""
    asked = []

    def note(execute, sql, params, many, context):
        if sql.lstrip().startswith("SELECT"):
            asked.append(Question(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield asked


def cost(question: Question) -> int:
    """Return how many steps SQLite takes for it, or how many rows PostgreSQL reads."""
    if connection.vendor == "sqlite":
        return steps(question)
    # PostgreSQL would rather sort or merge some thousand rows than look up those that match, and
    # where there are a million, not: what counts is that it has the choice.
    return min(rows_read(plan(question, without=without), question.sql) for without in WAYS)


def objections(question: Question) -> list[str]:
    """Return what its plan says of whole tables and sorts."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {question.sql}", question.params)
            lines = [line for *_, line in cursor.fetchall()]
        bounded = {SCAN: " LIMIT ", SORT: " IN (%s"}
        return [
            line
            for line in lines
            for said, bound in bounded.items()
            if said.match(line) and bound not in question.sql
        ]
    return [f"Seq Scan on {node['Relation Name']}" for node in nodes(plan(question), "Seq Scan")]


def steps(question: Question) -> int:
    taken = 0

    def count() -> None:
        nonlocal taken
        taken += STEPS

    with connection.cursor() as cursor:
        connection.connection.set_progress_handler(count, STEPS)
        try:
            cursor.execute(*question)
            cursor.fetchall()
        finally:
            connection.connection.set_progress_handler(None, 0)
    return taken


def plan(question: Question, *, without: tuple[str, ...] = ()) -> dict:
    with connection.cursor() as cursor:
        # Helpers read on until they are told that there is enough.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        # Small tables are read whole because they are small; what then still is has no index.
        for way in ("seqscan", *without):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {question.sql}", question.params)
        found = cursor.fetchone()[0]
        for way in without:
            cursor.execute(f"SET LOCAL enable_{way} = on")
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def nodes(plan: dict, *kinds: str):
    """Yield the nodes of a plan; of all kinds where none is named."""
    if not kinds or plan["Node Type"] in kinds:
        yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child, *kinds)


def rows_read(plan: dict, sql: str) -> int:
    """Return how many rows and entries of indexes all scans of a plan looked at."""
    return sum(
        looked_at(node, sql) * node["Actual Loops"]
        for node in nodes(plan)
        if "Scan" in node["Node Type"]
    )


def looked_at(node: dict, sql: str) -> int:
    found = node["Actual Rows"] + sum(node.get(name, 0) for name in REMOVED)
    has_enough = re.search(rf" LIMIT {found:.0f}\b", sql)
    if "Index Cond" not in node or has_enough:
        return found
    return max(found, read_in_vain(node["Index Name"], node["Index Cond"]))


def read_in_vain(index: str, condition: str) -> int:
    """Return how many entries an index has, where a condition leaves out its first column.

    PostgreSQL before 18 then reads all of them, and tells only of those that match.
    """
    told = "SELECT pg_get_indexdef(oid, 1, true), reltuples FROM pg_class WHERE relname = %s"
    with connection.cursor() as cursor:
        cursor.execute(told, [index])
        first, entries = cursor.fetchone()
    return 0 if first in condition else int(entries)


REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
