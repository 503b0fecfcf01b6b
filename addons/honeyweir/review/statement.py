"""SQL that somebody typed, run so that it can only read, and not for ever."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from honeyweir.record.errors import RecordError
from honeyweir.review.spool import SqlRow, spooled

_STEPS = 10_000
"""Steps of SQLite's machine between two looks at the clock."""

_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}

_PRAGMAS = {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "data_version"}
"""Pragmas that only tell; the full-text search asks for the last one itself."""

_RULES = re.compile(r"\b(?:regexp|weir_body|sigma_[a-z]+)\b", re.IGNORECASE)
"""What needs the functions and views that rules are made of, which take a while to load."""


class Answer(NamedTuple):
    """Columns have different names; the rows have all been read."""

    columns: list[str]
    rows: Iterator[SqlRow]


def run(records: sqlite3.Connection, statement: str, seconds: float) -> Answer:
    """Run one statement that reads, for at most some seconds.

    Raises RecordError for one that would do something else, or is wrong.
    """
    if _RULES.search(statement):
        _prepare(records)
    deadline = time.monotonic() + seconds
    records.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    records.set_authorizer(_authorize)
    cursor = records.cursor()
    cursor.row_factory = None
    try:
        rows = spooled(cursor.execute(statement))
    except sqlite3.Error as error:
        raise RecordError(_problem(error, seconds)) from error
    finally:
        records.set_progress_handler(None, 0)
        records.set_authorizer(None)
    if cursor.description is None:
        raise RecordError("only a SELECT has something to show")
    return Answer(_distinct(column[0] for column in cursor.description), rows)


def _distinct(names: Iterable[str]) -> list[str]:
    """Names, those that come again with a number: in JSON one would hide the other."""
    distinct: list[str] = []
    for name in names:
        again = sum(1 for known in distinct if known == name or known.startswith(f"{name}_"))
        distinct.append(f"{name}_{again + 1}" if name in distinct else name)
    return distinct


def _prepare(records: sqlite3.Connection) -> None:
    from honeyweir.policy.sql import prepare

    records.execute("PRAGMA query_only = OFF")  # the views are temporary, and yet they are made
    try:
        prepare(records)
    finally:
        records.execute("PRAGMA query_only = ON")


def _authorize(
    action: int, first: str | None, second: str | None, database: str | None, source: str | None
) -> int:
    del second, database, source
    allowed = (
        action in _READING
        or (action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS)
        # SQLite asks for this when it connects a virtual table, json_each too. It is not done, and
        # could not be: that takes a database that can be written, and PRAGMA writable_schema.
        or (action == sqlite3.SQLITE_UPDATE and first == "sqlite_master")
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _problem(error: sqlite3.Error, seconds: float) -> str:
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_INTERRUPT:
        return f"it took longer than {seconds:g} s: ask for less, or allow more with --timeout"
    if code in (sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY):
        return f"only reading is allowed ({error})"
    return f"{error}"
