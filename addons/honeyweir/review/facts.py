"""What is known of a connection: who, how, to where, and with which TLS."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from honeyweir.review.database import select, select_one
from honeyweir.review.events import address
from honeyweir.review.times import iso

LISTED = 20
"""Handshakes and origins of one connection that are listed; a proxied one may have many."""


def connection(records: sqlite3.Connection, identity: str) -> dict[str, Any] | None:
    """The client connection with this id; None where it is not in the records."""
    row = select_one(records, _CONNECTION, (identity,))
    if row is None:
        return None
    return {
        "id": row["id"],
        "time": iso(row["time"]),
        "mode": row["mode"],
        "client": address(row["src_ip"], row["src_port"]),
        "gateway": address(row["gateway_ip"], row["gateway_port"]),
        "ended": None if row["ended"] is None else iso(row["ended"]),
        "error": row["error"],
    }


def handshakes(records: sqlite3.Connection, column: str, value: str) -> list[dict[str, Any]]:
    """TLS handshakes, the first LISTED. ``column`` of events is connection, or id for one."""
    return [_handshake(row) for row in _listed(records, _HANDSHAKES, column, value)]


def origins(records: sqlite3.Connection, column: str, value: str) -> list[dict[str, Any]]:
    """Connections to origins, the first LISTED; ``column`` as for handshakes."""
    return [
        {
            "id": row["id"],
            "time": iso(row["time"]),
            "server": address(row["server_host"], row["server_port"]),
            "peer": address(row["peer_ip"], row["peer_port"]),
            "error": row["error"],
        }
        for row in _listed(records, _ORIGINS, column, value)
    ]


_CONNECTION = """
SELECT e.*, c.mode, c.gateway_ip, c.gateway_port, x.time AS ended, x.error
FROM events e JOIN connections c ON c.event = e.id
    LEFT JOIN connection_ends x ON x.connection = e.id
WHERE e.id = ?
"""

_HANDSHAKES = """
SELECT e.id, e.time, h.* FROM events e JOIN handshakes h ON h.event = e.id
WHERE e.kind = 'handshake'
"""

_ORIGINS = """
SELECT e.id, e.time, s.* FROM events e JOIN server_connections s ON s.event = e.id
WHERE e.kind = 'server_connection'
"""


def _listed(records: sqlite3.Connection, query: str, column: str, value: str) -> list[sqlite3.Row]:
    order = "= ? ORDER BY e.time, e.seq LIMIT ?"
    return select(records, " ".join((query, "AND", f"e.{column}", order)), (value, LISTED))


def _handshake(row: sqlite3.Row) -> dict[str, Any]:
    plain = ("side", "sni", "version", "cipher", "alpn", "error")
    arrays = ("offered_versions", "offered_alpn", "offered_ciphers")
    return {
        "id": row["id"],
        "time": iso(row["time"]),
        **{key: row[key] for key in plain},
        **{key: json.loads(row[key]) if row[key] else [] for key in arrays},
        "verified": None if row["verified"] is None else bool(row["verified"]),
        "certificate": _certificate(row),
    }


def _certificate(row: sqlite3.Row) -> dict[str, Any] | None:
    if row["certificate_sha256"] is None:
        return None
    return {
        "subject": row["certificate_subject"],
        "issuer": row["certificate_issuer"],
        "serial": row["certificate_serial"],
        "not_before": iso(row["certificate_not_before"]),
        "not_after": iso(row["certificate_not_after"]),
        "names": json.loads(row["certificate_names"]),
        "key": row["certificate_key"],
        "self_signed": bool(row["certificate_self_signed"]),
        "sha256": row["certificate_sha256"],
    }
