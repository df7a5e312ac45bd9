"""The cost of a query in rows or steps, not in time, and faults of its plan."""

import json
import re
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection

# SQLite calls back after this many steps of its virtual machine.
STEPS = 10
# The line that `EXPLAIN QUERY PLAN` shows for a table that is read row by row.
SCAN = re.compile(r"SCAN (?!CONSTANT ROW|\(|.* VIRTUAL TABLE)")
SORT = re.compile("USE TEMP B-TREE FOR ORDER BY")


# Planner features that are turned off one after another, because PostgreSQL's first choice varies:
# its statistics come from a sample.
JOINS = ("mergejoin", "hashjoin")
WAYS = [(), ("sort",), JOINS, ("sort", *JOINS), ("sort", "bitmapscan", *JOINS)]


class Question(NamedTuple):
    sql: str
    params: tuple


@contextmanager
def questions():
    """Collect the SELECT statements of the block."""
    asked = []

    def note(execute, sql, params, many, context):
        if sql.lstrip().startswith("SELECT"):
            asked.append(Question(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield asked


def cost(question: Question) -> int:
    """Return the number of steps that SQLite takes, or of rows that PostgreSQL reads."""
    if connection.vendor == "sqlite":
        return steps(question)
    # With a few thousand rows, PostgreSQL prefers to sort or merge all of them. With a million, it
    # looks up those that match. This only tests that it has that choice.
    return min(rows_read(plan(question, without=without), question.sql) for without in WAYS)


def objections(question: Question) -> list[str]:
    """Return the lines of the plan about whole tables and sorts."""
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
        # Parallel workers would keep reading until they learn that there are enough rows.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        # By default, PostgreSQL reads small tables whole. With this off, it does so only if there
        # is no index.
        for way in ("seqscan", *without):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {question.sql}", question.params)
        found = cursor.fetchone()[0]
        for way in without:
            cursor.execute(f"SET LOCAL enable_{way} = on")
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def nodes(plan: dict, *kinds: str):
    """Yield the nodes of a plan that are of the given kinds, or all if there are none."""
    if not kinds or plan["Node Type"] in kinds:
        yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child, *kinds)


def rows_read(plan: dict, sql: str) -> int:
    """Return the number of rows and index entries that all scans of a plan looked at."""
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
    """Return the size of an index if the condition omits its first column, otherwise 0.

    PostgreSQL before 18 then reads all entries, but reports only those that match.
    """
    told = "SELECT pg_get_indexdef(oid, 1, true), reltuples FROM pg_class WHERE relname = %s"
    with connection.cursor() as cursor:
        cursor.execute(told, [index])
        first, entries = cursor.fetchone()
    return 0 if first in condition else int(entries)


REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
