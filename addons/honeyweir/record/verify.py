"""Are the records unchanged? Walks the chain of batches beside the rows themselves.

In every table the numbers of the rows rise from batch to batch. So one pass over the manifests and
over each table, side by side, finds each row that was changed, removed or inserted, in memory that
does not grow with the records. It reads in short transactions, and may run while they are written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from honeyweir.record import chain
from honeyweir.record.database import open_for_reading
from honeyweir.record.errors import explain
from honeyweir.record.frames import unpack
from honeyweir.record.keys import fingerprint
from honeyweir.record.objects import notices, schema_problems
from honeyweir.record.report import Problem, Report
from honeyweir.record.schema import EVIDENCE_TABLES
from honeyweir.record.tables import Difference, TableWalk

_SLICE_ROWS = 10_000
"""Rows that are read in one transaction: a long one would let the WAL file grow without bound."""

_MANIFEST_LIMIT = 256 << 20
"""Bytes that a manifest may become: what we write is far below it."""

_BATCHES = """
SELECT b.id, b.time, b.policy, b.previous, b.manifest, b.hash, c.time, c.public_key, c.signature
FROM batches b LEFT JOIN checkpoints c ON c.batch = b.id
WHERE b.id > ? ORDER BY b.id"""

_ORPHAN = """
SELECT batch FROM checkpoints WHERE batch NOT IN (SELECT id FROM batches) ORDER BY batch DESC"""

_MESSAGES = {
    "changed": "row {seq} of {table}{id} was changed",
    "removed": "row {seq} of {table} was removed",
    "inserted": "row {seq} of {table}{id} was inserted",
    "payload": "the data of payload {seq}{id} is not what its SHA-256 says",
}

Progress = Callable[[int, int], None]
"""Called with the number of the batch that was reached, and that of the last one."""


def verify(
    path: Path, public_key: Ed25519PublicKey | None = None, progress: Progress | None = None
) -> Report:
    """Check the records at ``path``, and their signatures against ``public_key``.

    Without a key, the signatures show only that all were made with the same one. Raises
    RecordError if there are no records that can be opened.
    """
    report = Report()
    db = open_for_reading(path)
    db.text_factory = _lenient
    try:
        for problem in schema_problems(db):
            report.add(problem)
        report.notices += notices(db)
        _Walk(db, report, public_key, progress).run()
    except sqlite3.Error as error:
        report.add(Problem("database", explain(error, path)))
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        # Where a table was replaced, its values can be of any kind.
        report.add(Problem("database", f"{path} cannot be read as records: {error}"))
    finally:
        db.close()
    return report


def _lenient(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


class _Batch(NamedTuple):
    id: int
    time: int
    policy: str
    previous: bytes
    manifest: bytes  # zstd
    hash: bytes
    signed_at: int | None
    public_key: bytes | None
    signature: bytes | None


class _Walk:
    def __init__(
        self,
        db: sqlite3.Connection,
        report: Report,
        key: Ed25519PublicKey | None,
        progress: Progress | None,
    ) -> None:
        self._db = db
        self._report = report
        self._key = key
        self._progress = progress
        self._tables = {table: TableWalk(db, table) for table in EVIDENCE_TABLES}
        self._last_hash = chain.FIRST

    def run(self) -> None:
        """Slice by slice, until there is no batch after the last one."""
        while self._slice():
            if self._progress:
                (last,) = self._db.execute("SELECT max(id) FROM batches").fetchone()
                self._progress(self._report.last_batch, last)
        if not self._report.checkpoints:
            self._report.notices.append("nothing is signed: there is no checkpoint")

    def _slice(self) -> bool:
        """Check some batches in one transaction; False if they were the last."""
        self._db.execute("BEGIN")
        try:
            end = self._report.rows + _SLICE_ROWS
            for row in self._db.execute(_BATCHES, [self._report.last_batch]):
                self._check(_Batch(*row))
                if self._report.rows >= end:
                    return True
            self._check_end()
            return False
        finally:
            for table in self._tables.values():
                table.pause()
            self._db.execute("ROLLBACK")

    def _check(self, batch: _Batch) -> None:
        report = self._report
        if batch.id != report.last_batch + 1:
            self._add("batch", f"batch {report.last_batch + 1} is missing", batch)
        elif batch.previous != self._last_hash:
            self._add("link", f"batch {batch.id} does not follow on batch {batch.id - 1}", batch)
        manifest = unpack(batch.manifest, _MANIFEST_LIMIT) or b""
        entries = _entries(manifest)
        if entries is None or _hash(batch, manifest) != batch.hash:
            self._add("batch", f"batch {batch.id} is not what its hash says", batch)
        self._check_rows(batch, entries or [])
        if batch.signature is not None:
            self._check_signature(batch)
        report.batches += 1
        report.last_batch, report.last_time = batch.id, batch.time
        report.last_hash = batch.hash.hex()
        self._last_hash = batch.hash

    def _check_rows(self, batch: _Batch, entries: chain.Manifest) -> None:
        for table, seq, digest in entries:
            self._report.rows += 1
            self._report.unsigned_rows += 1
            for difference in self._tables[table].expect(seq, digest):
                self._add_difference(table, difference, batch)

    def _check_signature(self, batch: _Batch) -> None:
        self._report.checkpoints += 1
        what = f"the checkpoint at batch {batch.id}"
        key = Ed25519PublicKey.from_public_bytes(batch.public_key or b"")
        self._key = self._key or key
        self._report.key = fingerprint(self._key)
        if key != self._key:
            self._add("signature", f"{what} was signed with another key: {fingerprint(key)}", batch)
            return
        statement = chain.checkpoint_statement(batch.id, batch.hash, batch.signed_at or 0)
        try:
            key.verify(batch.signature or b"", statement)
        except InvalidSignature:
            self._add("signature", f"{what} does not carry a true signature", batch)
        else:
            self._report.unsigned_rows = 0

    def _check_end(self) -> None:
        """What is there before the first batch and beyond the last one."""
        (first,) = self._db.execute("SELECT min(id) FROM batches").fetchone()
        if first is not None and first < 1:
            self._add("batch", f"batch {first} was inserted")
        orphan = self._db.execute(_ORPHAN).fetchone()
        last = self._report.last_batch
        if orphan and orphan[0] > last:
            self._add(
                "truncated",
                f"the records end with batch {last}, but batch {orphan[0]} was signed: "
                "their end was cut off",
            )
        for table, walk in self._tables.items():
            for difference in walk.rest():
                self._add_difference(table, difference)

    def _add(self, kind: str, message: str, batch: _Batch | None = None) -> None:
        where = (batch.id, batch.time) if batch else (None, None)
        self._report.add(Problem(kind, message, None, None, None, *where))

    def _add_difference(
        self, table: str, difference: Difference, batch: _Batch | None = None
    ) -> None:
        kind, seq, id_ = difference
        message = _MESSAGES[kind].format(seq=seq, table=table, id=f" ({id_})" if id_ else "")
        where = (batch.id, batch.time) if batch else (None, None)
        self._report.add(Problem(kind, message, table, seq, id_, *where))


def _entries(manifest: bytes) -> chain.Manifest | None:
    """The entries of a manifest, or None if it is none."""
    try:
        entries = [(table, seq, digest) for table, seq, digest in orjson.loads(manifest)]
    except (ValueError, TypeError):
        return None
    sound = all(table in EVIDENCE_TABLES and type(seq) is int for table, seq, _ in entries)
    return entries if sound else None


def _hash(batch: _Batch, manifest: bytes) -> bytes | None:
    try:
        return chain.batch_hash(batch.id, batch.time, batch.policy, batch.previous, manifest)
    except TypeError:
        return None
