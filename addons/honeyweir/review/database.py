"""The records, opened for reading: nothing that is done with the connection can change them.

Every statement is a transaction of its own and is read to its end at once, because a long read
keeps SQLite from taking back its write-ahead log.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from honeyweir.record.errors import RecordError

BUSY_TIMEOUT = 5.0
"""Seconds that a statement waits for another program's lock."""

_CHUNK = 500
"""Rows of a long answer that are read at once."""

Parameters = Sequence[str | int | bytes | None]


def open_records(path: Path) -> sqlite3.Connection:
    """A connection that can only read. Raises RecordError with a message that says what to do."""
    from honeyweir.record.database import open_for_reading  # help and usage errors need not wait

    require(path)
    connection = open_for_reading(path, BUSY_TIMEOUT)
    connection.row_factory = sqlite3.Row
    connection.text_factory = _text
    connection.execute("PRAGMA query_only = ON")
    return connection


def select(
    connection: sqlite3.Connection, query: str, parameters: Parameters = ()
) -> list[sqlite3.Row]:
    """All rows of an answer that is known to be short."""
    return connection.execute(query, parameters).fetchall()


def select_one(
    connection: sqlite3.Connection, query: str, parameters: Parameters = ()
) -> sqlite3.Row | None:
    """The first row of an answer, if it has one."""
    row: sqlite3.Row | None = connection.execute(query, parameters).fetchone()
    return row


def select_seqs(
    connection: sqlite3.Connection, query: str, parameters: Parameters = ()
) -> array[int]:
    """The integers of the first column: of a million rows they take 8 MB."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return array("q", (row[0] for row in cursor.execute(query, parameters)))


def chunks(
    connection: sqlite3.Connection, query: str, seqs: Sequence[int]
) -> Iterator[list[sqlite3.Row]]:
    """What a query says of many rows, some at a time, each time in a transaction of its own.

    The query takes one parameter, a JSON array of the ``seq`` that it is to be about.
    """
    for start in range(0, len(seqs), _CHUNK):
        yield select(connection, query, (json.dumps(list(seqs[start : start + _CHUNK])),))


def require(path: Path) -> None:
    """Raises RecordError, which tells how to come by records, where there is no file."""
    if path.is_file():
        return
    there = "is a folder" if path.is_dir() else "does not exist"
    raise RecordError(
        f"no records: {path} {there}. Start the proxy, which makes them (scripts/run), or point to "
        "a records database with --db FILE or the environment variable HONEYWEIR_DB."
    )


def _text(data: bytes) -> str:
    """The records hold UTF-8; a database that was tampered with may not."""
    return data.decode("utf-8", "backslashreplace")
