"""Everything that the records hold of one event or one finding."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from honeyweir.model import Headers
from honeyweir.review import facts
from honeyweir.review.database import select, select_seqs
from honeyweir.review.events import event_rows
from honeyweir.review.findings import finding_rows
from honeyweir.review.kinds import EVENTS_LISTED, particulars
from honeyweir.review.payloads import Payload, whole
from honeyweir.review.times import iso

LISTED = 100
"""Findings and responses of one event that are listed with it."""

EVENT_KEYS = {
    "...": f"those of `honeyweir events`; findings as in `honeyweir findings`, the first {LISTED}",
    "decoy_role": "as the inventory has it, or null",
    "connection": "{id, time, mode, client, gateway, ended, error}",
    "tls": f"handshakes on its connection, with side and certificate, the first {facts.LISTED}",
    "origins": f"what was dialled: {{id, time, server, peer, error}}, the first {facts.LISTED}",
    "request": "of an exchange: {target, http_version, headers, ...}",
    "response": "of an exchange: {time, status, reason, http_version, headers}, or null",
    "ended": "of an exchange: when it was over, or null",
    "message": "of a message: {from_client, is_text, exchange}",
    "query": "of a query: {transport, transaction, name, type, opcode}",
    "answer": "of a query: {time, rcode, records, error}, or null",
    "events": f"of a connection: the first {EVENTS_LISTED} that it carried",
    "event_count": "of a connection: how many it carried",
    "payloads": "by side: {size, sha256, truncated, complete, text, encoding}",
    "responses": f"{{time, action, rule_id, title, detail, original, altered}}, the first {LISTED}",
}
"""The keys of one event in JSON, beside those of ``events.KEYS``."""

FINDING_KEYS = {
    "...": "those of `honeyweir findings`",
    "events": f"the first {EVENTS_LISTED} of its events, as `honeyweir events` has them",
}
"""The keys of one finding in JSON, beside those of ``findings.KEYS``."""


@dataclass(frozen=True, slots=True)
class Change:
    """A response: what was done, and both forms of what was changed, if anything was."""

    facts: dict[str, Any]
    original: Payload | None
    altered: Payload | None

    @property
    def part(self) -> str:
        """Which part of the traffic was changed; empty where none was."""
        return str(self.facts["detail"].get("part", ""))

    def as_json(self) -> dict[str, Any]:
        """All of it, the bytes too."""
        return self.facts | {
            "original": self.original.as_json() if self.original else None,
            "altered": self.altered.as_json() if self.altered else None,
        }


@dataclass(frozen=True, slots=True)
class Detail:
    """An event. ``facts`` are plain values with the keys of EVENT_KEYS, bytes stand apart.

    ``payloads`` are by side: request, response, request_head, response_head, message, client_hello.
    """

    facts: dict[str, Any]
    payloads: dict[str, Payload]
    changes: list[Change]

    def as_json(self) -> dict[str, Any]:
        """All of it as one JSON object."""
        return self.facts | {
            "payloads": {side: payload.as_json() for side, payload in self.payloads.items()},
            "responses": [change.as_json() for change in self.changes],
        }


def event_detail(records: sqlite3.Connection, identity: str) -> Detail:
    """Everything about the event with this id, which is in the records."""
    row = select(records, "SELECT * FROM events WHERE id = ?", (identity,))[0]
    (event,) = event_rows(records, [row["seq"]])
    told, payloads = particulars(records, row)
    headers = {side: payload.headers for side, payload in payloads.items()}
    return Detail(
        event
        | {"decoy_role": row["decoy_role"]}
        | _connection(records, row)
        | told
        | {"findings": _findings(records, identity)},
        payloads,
        _changes(records, identity, headers),
    )


def finding_detail(records: sqlite3.Connection, identity: str) -> dict[str, Any]:
    """The finding with this id, which is in the records, with its first events as ``events``."""
    seqs = select_seqs(records, "SELECT seq FROM findings WHERE id = ?", (identity,))
    (finding,) = finding_rows(records, seqs)
    events = select_seqs(
        records,
        "SELECT e.seq FROM finding_events fe JOIN events e ON e.id = fe.event"
        " WHERE fe.finding = ? ORDER BY fe.seq LIMIT ?",
        (identity, EVENTS_LISTED),
    )
    return finding | {"events": list(event_rows(records, events))}


def _connection(records: sqlite3.Connection, event: sqlite3.Row) -> dict[str, Any]:
    """The connection of an event, with the handshake or the dialling that the event itself is."""
    itself = event["kind"] in ("handshake", "server_connection")
    column = "id" if itself else "connection"
    return {
        "connection": facts.connection(records, event["connection"]),
        "tls": facts.handshakes(records, column, event[column]),
        "origins": facts.origins(records, column, event[column]),
    }


def _findings(records: sqlite3.Connection, event: str) -> list[dict[str, Any]]:
    seqs = select_seqs(
        records,
        "SELECT DISTINCT f.seq FROM finding_events fe JOIN findings f ON f.id = fe.finding"
        " WHERE fe.event = ? ORDER BY f.seq LIMIT ?",
        (event, LISTED),
    )
    return list(finding_rows(records, seqs))


def _changes(records: sqlite3.Connection, event: str, headers: dict[str, Headers]) -> list[Change]:
    query = "SELECT * FROM responses WHERE event = ? ORDER BY seq LIMIT ?"
    return [_change(records, row, headers) for row in select(records, query, (event, LISTED))]


def _change(records: sqlite3.Connection, row: sqlite3.Row, headers: dict[str, Headers]) -> Change:
    detail = json.loads(row["detail"])
    side = str(detail.get("part", "")).removesuffix("_body")
    told = {
        "time": iso(row["time"]),
        "action": row["action"],
        "rule_id": row["rule_id"],
        "title": row["rule_title"],
        "detail": detail,
    }
    own = headers.get(side, ())
    return Change(told, whole(records, row["original"], own), whole(records, row["altered"], own))
