"""What the records hold of an event beside its row in ``events``: a function a kind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

from honeyweir.model import Headers, text
from honeyweir.record import headers as stored
from honeyweir.review import payloads
from honeyweir.review.database import select_one, select_seqs
from honeyweir.review.events import event_rows
from honeyweir.review.payloads import Payload
from honeyweir.review.times import iso

EVENTS_LISTED = 100
"""Events of a connection that are listed with it."""


class Particulars(NamedTuple):
    """Plain values, and the bytes that go with them, by side."""

    facts: dict[str, Any]
    payloads: dict[str, Payload]


def particulars(records: sqlite3.Connection, event: sqlite3.Row) -> Particulars:
    """What there is to tell of an event of its kind. ``event`` is its row in ``events``."""
    return _KINDS[event["kind"]](records, event)


def _exchange(records: sqlite3.Connection, event: sqlite3.Row) -> Particulars:
    request = select_one(records, "SELECT * FROM requests WHERE event = ?", (event["id"],))
    reply = select_one(records, "SELECT * FROM replies WHERE event = ?", (event["id"],))
    end = select_one(records, "SELECT * FROM exchange_ends WHERE event = ?", (event["id"],))
    headers: dict[str, Headers] = {}
    if request is not None:
        headers["request"] = stored.load(request["headers"])
    if reply is not None:
        headers["response"] = stored.load(reply["headers"])
    told = {
        "request": request and _request(request, headers["request"]),
        "response": reply and _reply(reply, headers["response"]),
        "ended": end and iso(end["time"]),
        "error": end and end["error"],
    }
    return Particulars(told, payloads.bodies(records, event["id"], headers))


def _request(row: sqlite3.Row, headers: Headers) -> dict[str, Any]:
    plain = ("scheme", "port", "target", "http_version", "username", "sni", "tls_version")
    return {key: row[key] for key in plain} | {"headers": _headers(headers)}


def _reply(row: sqlite3.Row, headers: Headers) -> dict[str, Any]:
    plain = {key: row[key] for key in ("status", "reason", "http_version")}
    return {"time": iso(row["time"])} | plain | {"headers": _headers(headers)}


def _headers(headers: Headers) -> list[list[str]]:
    return [[text(name), text(value)] for name, value in headers]


def _message(records: sqlite3.Connection, event: sqlite3.Row) -> Particulars:
    row = select_one(records, "SELECT * FROM messages WHERE event = ?", (event["id"],))
    if row is None:
        return Particulars({}, {})
    told = {
        "from_client": bool(row["from_client"]),
        "is_text": bool(row["is_text"]),
        "exchange": row["exchange"],
    }
    return Particulars({"message": told}, {"message": payloads.message(records, row)})


def _query(records: sqlite3.Connection, event: sqlite3.Row) -> Particulars:
    query = select_one(records, "SELECT * FROM queries WHERE event = ?", (event["id"],))
    answer = select_one(records, "SELECT * FROM answers WHERE event = ?", (event["id"],))
    asked = ("transport", "transaction", "name", "type", "opcode")
    told = {
        "query": query and {key: query[key] for key in asked},
        "answer": answer
        and {
            "time": iso(answer["time"]),
            "rcode": answer["rcode"],
            "records": json.loads(answer["records"]),
            "error": answer["error"],
        },
    }
    return Particulars(told, {})


def _connection(records: sqlite3.Connection, event: sqlite3.Row) -> Particulars:
    """A connection: with what it carried."""
    carried = "FROM events WHERE connection = ? AND id != connection"
    counted = select_one(records, f"SELECT count(*) {carried}", (event["id"],))
    seqs = select_seqs(
        records,
        f"SELECT seq {carried} ORDER BY time, seq LIMIT ?",
        (event["id"], EVENTS_LISTED),
    )
    told = {"events": list(event_rows(records, seqs)), "event_count": counted and counted[0]}
    return Particulars(told, {})


def _handshake(records: sqlite3.Connection, event: sqlite3.Row) -> Particulars:
    row = select_one(records, "SELECT client_hello FROM handshakes WHERE event = ?", (event["id"],))
    hello = row and payloads.whole(records, row["client_hello"])
    return Particulars({}, {"client_hello": hello} if hello else {})


def _nothing_more(records: sqlite3.Connection, event: sqlite3.Row) -> Particulars:
    del records, event  # all of a connection to an origin is among the facts of its connection
    return Particulars({}, {})


_KINDS: dict[str, Callable[[sqlite3.Connection, sqlite3.Row], Particulars]] = {
    "exchange": _exchange,
    "message": _message,
    "query": _query,
    "connection": _connection,
    "handshake": _handshake,
    "server_connection": _nothing_more,
}
