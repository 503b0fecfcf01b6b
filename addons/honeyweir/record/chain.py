"""The chain of evidence: every committed batch of rows is hashed together with the one before.

How to check it without this program, with JSON that is compact, has its keys sorted and its text
in UTF-8 (``json.dumps(x, ensure_ascii=False, sort_keys=True, separators=(",", ":"))``):

- the digest of a row is the SHA-256 of ``[table, seq, {column: value, ...}]`` without ``seq`` and
  without columns that are NULL, BLOBs in hexadecimal. ``payloads.data`` is left out: the column
  ``sha256`` stands for it, and must be the SHA-256 of the data once it is decompressed;
- ``batches.manifest``, decompressed, is ``[[table, seq, digest of the row in hexadecimal], ...]``;
- ``batches.hash`` is the SHA-256 of ``[id, time, policy, previous in hexadecimal, manifest]``, and
  ``previous`` is the hash of the batch before, 32 zero bytes in the first;
- ``checkpoints.signature`` is the Ed25519 signature, by ``public_key``, of
  ``["honeyweir checkpoint", batch, hash of the batch in hexadecimal, time]``.

Columns that later versions add are NULL in older rows, so that their digests stay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import orjson

from honeyweir.record.row import Value

FIRST = bytes(32)
"""What stands before the first batch."""

UNCHAINED = {"payloads": frozenset({"data"})}
"""The columns that are no part of their row's digest."""

Manifest = list[tuple[str, int, str]]
"""Table, seq and digest of each row of a batch."""


def row_digest(table: str, seq: int, columns: Sequence[str], values: Sequence[Value]) -> str:
    """The digest of a row in hexadecimal. ``columns`` are the chained ones, without ``seq``."""
    content = {
        column: value for column, value in zip(columns, values, strict=False) if value is not None
    }
    return hashlib.sha256(canonical([table, seq, content])).hexdigest()


def batch_hash(batch: int, time: int, policy: str, previous: bytes, manifest: bytes) -> bytes:
    """The hash of a batch; ``manifest`` is its canonical JSON."""
    content = [batch, time, policy, previous.hex(), orjson.Fragment(manifest)]
    return hashlib.sha256(canonical(content)).digest()


def checkpoint_statement(batch: int, hash_: bytes, time: int) -> bytes:
    """What the signature of a checkpoint signs."""
    return canonical(["honeyweir checkpoint", batch, hash_.hex(), time])


def canonical(value: object) -> bytes:
    """The one form of a value; bytes in hexadecimal.

    Raises TypeError for what JSON, UTF-8 or 64 bits cannot hold.
    """
    return orjson.dumps(value, bytes.hex, orjson.OPT_SORT_KEYS)


def chained_columns(table: str, columns: Sequence[str]) -> list[str]:
    """Those of a table's columns that count for the digest, in their order."""
    unchained = UNCHAINED.get(table, frozenset())
    return [column for column in columns if column != "seq" and column not in unchained]
