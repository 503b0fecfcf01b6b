"""Findings as rows that people and programs read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from honeyweir.record.views import EVENT_IDS_LIMIT
from honeyweir.review.conditions import finding_conditions
from honeyweir.review.database import chunks
from honeyweir.review.events import Selection, newest
from honeyweir.review.filters import Filters
from honeyweir.review.times import iso

KEYS = {
    "id": "UUID version 7",
    "time": "of its first event, ISO 8601, UTC, microseconds",
    "last_time": "of its last event so far",
    "source": "sigma, suricata, yara or a detector's name",
    "rule_id": "the rule's own id",
    "title": "what was recognised",
    "level": "informational, low, medium, high or critical",
    "decoy": "whose traffic it is about",
    "event_ids": f"array of the ids of its events, in order; the first {EVENT_IDS_LIMIT}",
    "count": "how many events it has",
    "tags": "array of ATT&CK techniques and other tags",
    "evidence": "array of {field, value}: the bytes that prove it",
}
"""The keys of a finding in JSON, in their order."""


def find_findings(records: sqlite3.Connection, filters: Filters, limit: int) -> Selection:
    """The newest ``limit`` findings that are wanted, or all of them where it is 0."""
    return newest(records, "findings f", "f", finding_conditions(filters), limit)


def finding_rows(records: sqlite3.Connection, seqs: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Findings with the keys of ``KEYS``, in the order of time."""
    for rows in chunks(records, _FINDINGS, seqs):
        yield from map(_finding, rows)


_FINDINGS = f"""
SELECT
    f.*,
    (SELECT count(*) FROM finding_events WHERE finding = f.id) AS count,
    (SELECT max(time) FROM finding_events WHERE finding = f.id) AS last_time,
    (SELECT json_group_array(event) FROM
        (SELECT event FROM finding_events WHERE finding = f.id ORDER BY seq
         LIMIT {EVENT_IDS_LIMIT})) AS event_ids
FROM findings f
WHERE f.seq IN (SELECT value FROM json_each(?))
ORDER BY f.time, f.seq
"""  # noqa: S608 (a number of ours)


def _finding(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "time": iso(row["time"]),
        "last_time": iso(row["time"] if row["last_time"] is None else row["last_time"]),
        "source": row["source"],
        "rule_id": row["rule_id"],
        "title": row["title"],
        "level": row["level"],
        "decoy": row["decoy"],
        "event_ids": json.loads(row["event_ids"]),
        "count": row["count"],
        "tags": json.loads(row["tags"]),
        "evidence": json.loads(row["evidence"]),
    }
