"""Queries that Django compiles once, for pages that everyone requests.

Django takes 0.3 ms to build and compile a query, three times as long as everything else about it.
"""

from collections.abc import Callable
from copy import copy
from functools import cache

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Model, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler


class Parameter(Value):
    """The name of a value that each call of a prepared query gives, and its field."""

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list]:
        return "%s", [self]


class Prepared:
    """A query with parameters. `make` returns it as a queryset, which is called once."""

    def __init__(self, make: Callable[[], QuerySet]) -> None:
        self.make = cache(make)
        self.compile = cache(self.compile)

    def compile(self, alias: str) -> tuple[SQLCompiler, str, tuple]:
        # Copy the query, because compiling adds its joins and removes them. If two threads compiled
        # one query at once, the worker could keep SQL without them.
        compiler = self.make().all().query.get_compiler(alias)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        compiler.get_converters = lambda columns: converters
        return compiler, sql, params

    def first(self, **values) -> Model | None:
        """Return the first row for these values of the parameters, or None."""
        rows = self.make().all()
        kept, sql, params = self.compile(rows.db)
        compiler = copy(kept)
        # The kept one has the connection of the thread that compiled it.
        compiler.connection = connections[rows.db]
        compiler.as_sql = lambda: (sql, [bind(p, values, compiler.connection) for p in params])
        rows.query.get_compiler = lambda using: compiler
        return next(iter(rows), None)


def bind(param: object, values: dict, connection: BaseDatabaseWrapper) -> object:
    """Return what the database gets for `param`, a Parameter or a constant."""
    if not isinstance(param, Parameter):
        return param
    value = values[param.value]
    # No row has such a number, and the driver would raise an error.
    if isinstance(value, int) and value > BigIntegerField.MAX_BIGINT:
        raise EmptyResultSet
    return param.output_field.get_db_prep_value(value, connection)
