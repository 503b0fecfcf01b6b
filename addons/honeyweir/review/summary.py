"""The records at a glance: whose traffic, how much, what was found in it, what was done."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from honeyweir.model import LEVELS
from honeyweir.review.conditions import Where, event_conditions, finding_conditions
from honeyweir.review.database import select, select_one
from honeyweir.review.filters import Filters
from honeyweir.review.times import iso

KEYS = {
    "path": "the records database",
    "bytes": "its size on disk, with its write-ahead log",
    "policy": "hash of the policy set in force at the last commit, or null",
    "last_commit": "ISO 8601, UTC, or null",
    "last_commit_age": "seconds since then, or null",
    "decoys": "array of {decoy, first, last, connections, exchanges, queries, messages, "
    "request_bytes, response_bytes}",
    "findings": "their number by level",
    "responses": "how often traffic was changed or stopped, by action",
    "hosts": "array of {host, events}: the ten that were asked for most",
    "rejects": "rows that could not be stored as they were: see the table rejects",
}
"""The keys of the status in JSON, in their order."""

_HOSTS = 10

_SLICE = 200_000
"""Events that are counted in one go; counting all in one statement would be a long read."""


def summary(records: sqlite3.Connection, filters: Filters) -> dict[str, Any]:
    """The status, with the keys of ``KEYS``; of the traffic only what passes the filters."""
    path = Path(select(records, "PRAGMA database_list")[0]["file"])
    batch = select_one(records, "SELECT time, policy FROM batches ORDER BY id DESC LIMIT 1")
    return {
        "path": str(path),
        "bytes": _size(path),
        "policy": batch and batch["policy"],
        "last_commit": batch and iso(batch["time"]),
        "last_commit_age": batch and round(time.time() - batch["time"] / 1e6, 3),
        "decoys": _decoys(records, event_conditions(filters)),
        "findings": _findings(records, finding_conditions(filters)),
        "responses": _responses(records, event_conditions(filters)),
        "hosts": _hosts(records, event_conditions(filters)),
        "rejects": select(records, "SELECT count(*) FROM rejects")[0][0],
    }


def _size(path: Path) -> int:
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _decoys(records: sqlite3.Connection, where: Where) -> list[dict[str, Any]]:
    """Decoys in the order in which they were first seen."""
    decoys: dict[str, dict[str, Any]] = {}
    for row in _counts(records, where):
        if known := decoys.get(row["decoy"]):
            known["first"] = min(known["first"], row["first"])
            known["last"] = max(known["last"], row["last"])
            for key in _SUMS:
                known[key] += row[key]
        else:
            decoys[row["decoy"]] = dict(row)
    ordered = sorted(decoys.values(), key=lambda decoy: decoy["first"])
    return [decoy | {"first": iso(decoy["first"]), "last": iso(decoy["last"])} for decoy in ordered]


def _counts(records: sqlite3.Connection, where: Where) -> Iterator[sqlite3.Row]:
    """Some counts of each decoy, which add up; without conditions a slice of events at a time."""
    if where.conditions:
        yield from select(records, " ".join((_COUNT, where.sql, _GROUP)), where.parameters)
        return
    (last,) = select(records, "SELECT max(seq) FROM events")[0]
    sliced = " ".join((_COUNT, "WHERE e.seq > ? AND e.seq <= ?", _GROUP))
    for start in range(0, last or 0, _SLICE):
        yield from select(records, sliced, (start, start + _SLICE))


_SUMS = ("connections", "exchanges", "queries", "messages", "request_bytes", "response_bytes")

_COUNT = """
SELECT
    e.decoy, min(e.time) AS first, max(e.time) AS last,
    sum(e.kind = 'connection') AS connections, sum(e.kind = 'exchange') AS exchanges,
    sum(e.kind = 'query') AS queries, sum(e.kind = 'message') AS messages,
    coalesce(sum(coalesce(qb.size, iif(m.from_client, m.size, 0))), 0) AS request_bytes,
    coalesce(sum(coalesce(rb.size, iif(m.from_client, 0, m.size))), 0) AS response_bytes
FROM events e
    LEFT JOIN bodies qb ON qb.event = e.id AND qb.side = 'request'
    LEFT JOIN bodies rb ON rb.event = e.id AND rb.side = 'response'
    LEFT JOIN messages m ON m.event = e.id
"""

_GROUP = "GROUP BY e.decoy"


def _findings(records: sqlite3.Connection, where: Where) -> dict[str, int]:
    """The number of findings of every level, the highest first."""
    query = " ".join(("SELECT f.level, count(*) FROM findings f", where.sql, "GROUP BY f.level"))
    counted = _pairs(records, query, where)
    return {str(level): counted.get(level, 0) for level in reversed(LEVELS)}


def _responses(records: sqlite3.Connection, where: Where) -> dict[str, int]:
    join = "JOIN events e ON e.id = r.event" if where.conditions else ""
    query = ("SELECT r.action, count(*) FROM responses r", join, where.sql, "GROUP BY r.action")
    return _pairs(records, " ".join(query), where)


def _pairs(records: sqlite3.Connection, query: str, where: Where) -> dict[str, int]:
    rows = select(records, query, where.parameters)
    return {row[0]: row[1] for row in rows}


def _hosts(records: sqlite3.Connection, where: Where) -> list[dict[str, Any]]:
    where.add("e.host IS NOT NULL")
    query = (
        "SELECT e.host, count(*) AS events FROM events e",
        where.sql,
        "GROUP BY e.host ORDER BY events DESC, e.host LIMIT ?",
    )
    return [dict(row) for row in select(records, " ".join(query), (*where.parameters, _HOSTS))]
