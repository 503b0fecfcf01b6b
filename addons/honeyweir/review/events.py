"""Events as rows that people and programs read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from honeyweir.review.conditions import Where, event_conditions
from honeyweir.review.database import chunks, select, select_seqs
from honeyweir.review.filters import Filters
from honeyweir.review.times import iso

KEYS = {
    "id": "UUID version 7",
    "time": "ISO 8601, UTC, microseconds",
    "kind": "connection, server_connection, handshake, exchange, message or query",
    "decoy": "its name in the inventory",
    "protocol": "tcp, udp, tls, http, websocket or dns",
    "client": "the decoy's address and port",
    "server": "the address and port that the decoy wanted, or null",
    "host": "the name that was asked for: Host, SNI or DNS name, or null",
    "method": "of HTTP; the record type of a DNS query; or null",
    "url": "of HTTP and WebSocket, or null",
    "status": "number of HTTP or name of DNS, or null while there is none",
    "request_bytes": "what the decoy sent as body or message, on the wire, or null",
    "response_bytes": "what came back, likewise",
    "error": "why it failed or was broken off, or null",
    "findings": "array of {id, level, title}",
    "responses": "array of {action, rule_id, title, detail}",
}
"""The keys of an event in JSON, in their order."""

COUNT_LIMIT = 10_000
"""Matches are counted up to here: beyond, "more than" is answer enough, and comes at once."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows that were asked for, oldest first, and of how many they are the newest."""

    seqs: Sequence[int]
    total: int


def find_events(records: sqlite3.Connection, filters: Filters, limit: int) -> Selection:
    """The newest ``limit`` events that are wanted, or all of them where it is 0."""
    return newest(records, "events e", "e", event_conditions(filters), limit)


def newest(
    records: sqlite3.Connection, table: str, alias: str, where: Where, limit: int
) -> Selection:
    """The newest rows of a table with the columns ``time`` and ``seq``."""
    found = " ".join((f"SELECT {alias}.seq FROM", table, where.sql))
    order = f"ORDER BY {alias}.time DESC, {alias}.seq DESC LIMIT ?"
    # What has to be looked up takes time, and is not looked up again only to be counted.
    most = (COUNT_LIMIT if where.led else 0) + limit + 1 if limit else -1
    seqs = select_seqs(records, f"{found} {order}", (*where.parameters, most))
    total = len(seqs)
    if limit and total > limit:
        if not where.led:
            total = _count(records, found, where.parameters)
        seqs = seqs[:limit]
    seqs.reverse()
    return Selection(seqs, total)


def _count(records: sqlite3.Connection, found: str, parameters: Sequence[str | int]) -> int:
    """How many rows a query finds, up to one more than COUNT_LIMIT."""
    query = " ".join(("SELECT count(*) FROM (", found, "LIMIT ?)"))
    counted: int = select(records, query, (*parameters, COUNT_LIMIT + 1))[0][0]
    return counted


def event_rows(records: sqlite3.Connection, seqs: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Events with the keys of ``KEYS``, in the order of time."""
    for rows in chunks(records, _EVENTS, seqs):
        yield from map(_event, rows)


_EVENTS = """
SELECT
    e.seq, e.id, e.time, e.kind, e.decoy, e.protocol, e.src_ip, e.src_port, e.dst_ip, e.dst_port,
    e.host, coalesce(e.method, q.type) AS method, e.url, coalesce(r.status, a.rcode) AS status,
    m.from_client, m.size AS message_bytes, qb.size AS request_bytes, rb.size AS response_bytes,
    CASE e.kind
        WHEN 'exchange' THEN (SELECT error FROM exchange_ends WHERE event = e.id)
        WHEN 'query' THEN a.error
        WHEN 'handshake' THEN (SELECT error FROM handshakes WHERE event = e.id)
        WHEN 'connection' THEN (SELECT error FROM connection_ends WHERE connection = e.id)
        WHEN 'server_connection' THEN (SELECT error FROM server_connections WHERE event = e.id)
    END AS error,
    (SELECT json_group_array(json_object('id', f.id, 'level', f.level, 'title', f.title))
        FROM (SELECT DISTINCT finding FROM finding_events WHERE event = e.id) fe
        JOIN findings f ON f.id = fe.finding) AS findings,
    (SELECT json_group_array(
            json_object('action', action, 'rule_id', rule_id, 'title', rule_title,
                'detail', json(detail)))
        FROM (SELECT * FROM responses WHERE event = e.id ORDER BY seq)) AS responses
FROM events e
    LEFT JOIN queries q ON q.event = e.id
    LEFT JOIN replies r ON r.event = e.id
    LEFT JOIN answers a ON a.event = e.id
    LEFT JOIN messages m ON m.event = e.id
    LEFT JOIN bodies qb ON qb.event = e.id AND qb.side = 'request'
    LEFT JOIN bodies rb ON rb.event = e.id AND rb.side = 'response'
WHERE e.seq IN (SELECT value FROM json_each(?))
ORDER BY e.time, e.seq
"""


def _event(row: sqlite3.Row) -> dict[str, Any]:
    sent, received = _sizes(row)
    return {
        "id": row["id"],
        "time": iso(row["time"]),
        "kind": row["kind"],
        "decoy": row["decoy"],
        "protocol": row["protocol"],
        "client": address(row["src_ip"], row["src_port"]),
        "server": address(row["dst_ip"], row["dst_port"]),
        "host": row["host"],
        "method": row["method"],
        "url": row["url"],
        "status": row["status"],
        "request_bytes": sent,
        "response_bytes": received,
        "error": row["error"],
        "findings": json.loads(row["findings"]),
        "responses": json.loads(row["responses"]),
    }


def _sizes(row: sqlite3.Row) -> tuple[int | None, int | None]:
    """Bytes that the decoy sent and was sent, for the kinds of event that carry some."""
    if row["kind"] == "exchange":
        return row["request_bytes"] or 0, row["response_bytes"] or 0
    if row["kind"] == "message":
        size = row["message_bytes"]
        return (size, 0) if row["from_client"] else (0, size)
    return None, None


def address(ip: str | None, port: int | None) -> str | None:
    """``ip:port``, or ``[ip]:port`` for IPv6."""
    if ip is None:
        return None
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
