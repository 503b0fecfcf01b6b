"""Rows that cannot be stored as they are: set aside, so that they hold nothing up and are not lost.

That takes a mistake of ours, such as a row about an event that was never recorded.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable

from honeyweir.record.headers import to_json
from honeyweir.record.row import Row, Value, cut, storable

_TABLE = "rejects"
_SHOWN = 64
"""Bytes of a value that are written as they are, in hexadecimal; of more, size and SHA-256."""


def set_aside(rows: Iterable[Row], error: Exception) -> list[Row]:
    """What to store in place of rows that raised ``error``. Payloads are kept, unless they are all
    that there is."""
    rows = list(rows)
    kept = not all(map(_is_payload, rows))
    return [row if kept and _is_payload(row) else _reject(row, error) for row in rows]


def is_set_aside(rows: Iterable[Row]) -> bool:
    """They have been through this already."""
    return any(row.table == _TABLE for row in rows)


def _is_payload(row: Row) -> bool:
    return row.table == "payloads" and all(isinstance(row.values[at], bytes) for at in (0, -1))


def _reject(row: Row, error: Exception) -> Row:
    content = cut(to_json([_described(value) for value in row.values]))
    reason = f"{type(error).__name__}: {error}"
    values = (time.time_ns() // 1000, row.table, content, cut(reason))
    return storable(Row(_TABLE, values, len(content)))


def _described(value: Value) -> object:
    if not isinstance(value, bytes):
        return value
    if len(value) <= _SHOWN:
        return value.hex()
    return {"size": len(value), "sha256": hashlib.sha256(value).hexdigest()}
