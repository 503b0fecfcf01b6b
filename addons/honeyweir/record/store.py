"""The one place that writes records: a batch of rows in one transaction, chained to the last."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from honeyweir.record import chain
from honeyweir.record.batch import Draft, compress, compress_manifest
from honeyweir.record.database import open_for_writing
from honeyweir.record.errors import RecordError
from honeyweir.record.row import Row, Value
from honeyweir.record.schema import EVIDENCE_TABLES

_ROWS = 256
"""Rows of one statement. SQLite's default limit is 32,766 values."""

_KEYS = 10_000
"""Keys that one statement looks up."""

_STATE = "SELECT {}, (SELECT max(id) FROM batches), (SELECT hash FROM batches ORDER BY id DESC)"


class Batch(NamedTuple):
    """A batch that was committed."""

    id: int
    hash: bytes


class Store:
    """A connection that writes, used by one thread at a time. Raises RecordError if it cannot open.

    Rows of one table go in by one statement: each statement gives up the interpreter's lock, and
    gets it back late on a busy proxy.
    """

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._place: tuple[int, int] | None = None
        self._open(create=True)

    def drop(self) -> None:
        """Let go of the file after a failure; the next batch opens it anew."""
        self._place = None
        with contextlib.suppress(sqlite3.Error):
            self._db.close()

    def close(self) -> None:
        """Write what is in the WAL back, where nobody else has the records open."""
        self._db.close()

    def write(self, rows: Iterable[Row], policy: str) -> Batch | None:
        """Commit rows under the policy set with this hash; None if all were there already.

        Raises sqlite3.Error, RecordError, TypeError, ValueError or OverflowError; then nothing
        was written.
        """
        by_table: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_table[row.table].append(row)
        self._check_place()
        with self._transaction():
            next_seq, last = self._state()
            draft = self._draft(by_table, next_seq)
            if not draft.manifest:
                return None
            for table, values in draft.values.items():
                self._insert(table, 1 + len(self._all_columns[table]), values)
            self._insert("search (rowid, text)", 2, draft.documents)
            return self._chain(draft.manifest, last, policy)

    def sign(self, batch: Batch, key: Ed25519PrivateKey) -> None:
        """Commit a checkpoint: from here on, nobody without the key can change what was before."""
        now = _now()
        signature = key.sign(chain.checkpoint_statement(batch.id, batch.hash, now))
        values = (batch.id, now, key.public_key().public_bytes_raw(), signature)
        self._check_place()
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO checkpoints VALUES (?, ?, ?, ?)", values)

    def _open(self, *, create: bool) -> None:
        self._db = open_for_writing(self.path, self._busy_timeout, create=create)
        self._all_columns = {table: columns(self._db, table) for table in EVIDENCE_TABLES}
        self._columns = {
            table: chain.chained_columns(table, names) for table, names in self._all_columns.items()
        }
        self._place = _place(self.path)

    def _check_place(self) -> None:
        """A file that was moved or deleted can be written for ever, and nobody will read it."""
        if self._place is None:
            self._open(create=False)
        elif not self.path.exists() or _place(self.path) != self._place:
            raise RecordError(f"{self.path} was moved, deleted or replaced: put it back")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _draft(self, by_table: dict[str, list[Row]], next_seq: Mapping[str, int]) -> Draft:
        by_table["policies"] = self._new(by_table["policies"], "policies", "hash")
        by_table["payloads"] = compress(self._new(by_table["payloads"], "payloads", "sha256"))
        new = {row.values[0] for row in by_table["events"]}
        texts = (row for rows in by_table.values() for row in rows if row.text)
        draft = Draft(self._seqs(list({row.values[0] for row in texts} - new)))
        for table in EVIDENCE_TABLES:
            if rows := by_table[table]:
                draft.add(table, self._columns[table], next_seq[table], rows)
        return draft

    def _state(self) -> tuple[dict[str, int], Batch]:
        """The first free number of each table, and the last batch."""
        numbers = ", ".join(
            f"(SELECT coalesce(max(seq), 0) + 1 FROM {table})"  # noqa: S608 (our own names)
            for table in EVIDENCE_TABLES
        )
        *free, batch, hash_ = self._db.execute(_STATE.format(numbers)).fetchone()
        last = Batch(0, chain.FIRST) if batch is None else Batch(batch, hash_)
        return dict(zip(EVIDENCE_TABLES, free, strict=True)), last

    def _new(self, rows: Iterable[Row], table: str, key: str) -> list[Row]:
        """Those of a table's rows whose key, their first value, is not there yet."""
        found = {row.values[0]: row for row in rows}
        for known in self._known(table, key, list(found)):
            del found[known]
        return list(found.values())

    def _known(self, table: str, key: str, wanted: list[Value]) -> Iterator[Value]:
        for some in _slices(wanted, _KEYS):
            marks = ",".join("?" * len(some))
            sql = f"SELECT group_concat(quote({key})) FROM {table} WHERE {key} IN ({marks})"  # noqa: S608
            (keys,) = self._db.execute(sql, some).fetchone()
            yield from map(_unquote, keys.split(",") if keys else ())

    def _seqs(self, events: list[Value]) -> dict[Value, int]:
        seqs: dict[Value, int] = {}
        for some in _slices(events, _KEYS):
            marks = ",".join("?" * len(some))
            sql = f"SELECT json_group_object(id, seq) FROM events WHERE id IN ({marks})"  # noqa: S608
            seqs |= json.loads(self._db.execute(sql, some).fetchone()[0])
        return seqs

    def _insert(self, table: str, width: int, values: list[Value]) -> None:
        """Insert rows of so many values. Filled up with rows of NULL, which are left out again, so
        that there are few different statements, and SQLite need not compile them each time."""
        row = f"({','.join('?' * width)})"
        for some in _slices(values, _ROWS * width):
            rows = 1 << (len(some) // width - 1).bit_length()
            some += [None] * (rows * width - len(some))
            marks = ",".join([row] * rows)
            self._db.execute(
                f"INSERT INTO {table} SELECT * FROM (VALUES {marks}) WHERE column1 IS NOT NULL",  # noqa: S608 (our own names)
                some,
            )

    def _chain(self, rows: chain.Manifest, last: Batch, policy: str) -> Batch:
        batch = last.id + 1
        now = _now()
        manifest = chain.canonical(rows)
        hash_ = chain.batch_hash(batch, now, policy, last.hash, manifest)
        values: list[Value] = [batch, now, policy, last.hash, compress_manifest(manifest), hash_]
        self._insert("batches", len(values), values)
        return Batch(batch, hash_)


def columns(db: sqlite3.Connection, table: str) -> list[str]:
    """A table's columns in their order, without ``seq``."""
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    return [name for name in names if name != "seq"]


def _place(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _slices[T](values: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _unquote(literal: str) -> Value:
    """The value of an SQL literal, a blob or a text without quotes in it."""
    return bytes.fromhex(literal[2:-1]) if literal.startswith("X") else literal[1:-1]


def _now() -> int:
    return time.time_ns() // 1000
