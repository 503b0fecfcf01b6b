"""One table's rows beside what the chain says of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from honeyweir.record import chain
from honeyweir.record.frames import holds
from honeyweir.record.store import columns

_ID_COLUMNS = ("event", "finding", "id", "connection", "sha256")
"""What names a row to people, the best first."""


class Difference(NamedTuple):
    """A row that is not as the chain says."""

    kind: str  # see Problem
    seq: int
    id: str | None


class TableWalk:
    """Goes through a table once, in the order of ``seq``, in as many transactions as one likes."""

    def __init__(self, db: sqlite3.Connection, table: str) -> None:
        self._db = db
        self._table = table
        present = columns(db, table)
        self._columns = chain.chained_columns(table, present)
        self._id = next((name for name in _ID_COLUMNS if name in present), None)
        self._has_data = table == "payloads"
        read = ("seq", *self._columns, *(["data"] if self._has_data else []))
        self._select = ", ".join(f'"{name}"' for name in read)
        self._last: int | None = None
        self._rows: Iterator[tuple[Any, ...]] | None = None
        self._row: tuple[Any, ...] | None = None

    def expect(self, seq: int, digest: str) -> Iterator[Difference]:
        """What differs up to the row of which the chain says that it comes next."""
        row = self._peek()
        while row is not None and row[0] < seq:
            yield self._difference("inserted", row)
            row = self._next()
        if row is None or row[0] > seq:
            yield Difference("removed", seq, None)
            return
        if not self._is_unchanged(row, digest):
            yield self._difference("changed", row)
        elif self._has_data and not holds(row[-1], row[2], row[1]):
            yield self._difference("payload", row)
        self._next()

    def rest(self) -> Iterator[Difference]:
        """The rows after the last of which the chain knows."""
        row = self._peek()
        while row is not None:
            yield self._difference("inserted", row)
            row = self._next()

    def pause(self) -> None:
        """Let go of the cursor, so that the transaction can end."""
        self._rows = self._row = None

    def _peek(self) -> tuple[Any, ...] | None:
        if self._rows is None:
            self._rows = self._open()
            self._row = next(self._rows, None)
        return self._row

    def _next(self) -> tuple[Any, ...] | None:
        if self._row is not None and self._rows is not None:
            self._last = self._row[0]
            self._row = next(self._rows, None)
        return self._row

    def _open(self) -> Iterator[tuple[Any, ...]]:
        select = f"SELECT {self._select} FROM {self._table}"  # noqa: S608 (names from the schema)
        if self._last is None:
            return iter(self._db.execute(f"{select} ORDER BY seq"))
        return iter(self._db.execute(f"{select} WHERE seq > ? ORDER BY seq", [self._last]))

    def _is_unchanged(self, row: tuple[Any, ...], digest: str) -> bool:
        try:
            return chain.row_digest(self._table, row[0], self._columns, row[1:]) == digest
        except TypeError:
            return False

    def _difference(self, kind: str, row: tuple[Any, ...]) -> Difference:
        value = None if self._id is None else row[1 + self._columns.index(self._id)]
        return Difference(kind, row[0], value.hex() if isinstance(value, bytes) else value)
