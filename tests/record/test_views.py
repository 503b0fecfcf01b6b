"""The views that people read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from honeyweir.model import Connection
from honeyweir.record import rows
from honeyweir.record.views import EVENT_IDS_LIMIT, statements
from record.traffic import (
    NOON,
    connection,
    exchange,
    exchange_rows,
    finding,
    handshake,
    message,
    query,
    response,
)

Write = Callable[..., None]
View = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def view(path: Path) -> View:
    def read(name: str, where: str = "1") -> list[dict[str, Any]]:
        db = sqlite3.connect(path)
        db.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in db.execute(f"SELECT * FROM {name} WHERE {where}")]
        finally:
            db.close()

    return read


ON = connection()


def test_every_view_can_be_read_by_any_sqlite(recorded: Path, view: View) -> None:
    for name in statements():
        view(name)


def test_the_timeline_tells_an_exchange_in_one_line(write: Write, view: View) -> None:
    event = exchange(ON, 7, request=b"abc", response=b"hello")
    change = response(event.id)
    found = finding(event.id)
    write(
        [*rows.connection_rows(ON), *exchange_rows(event), *rows.response_rows(change)],
        [*rows.finding_rows(found, "f"), *rows.finding_event_rows(found, "f")],
    )
    assert view("timeline", "kind = 'exchange'") == [
        {
            "id": event.id,
            "time": "2025-10-09T12:00:00.123456Z",
            "decoy": "finance-01",
            "client": "10.0.0.5:50123",
            "server": "203.0.113.9:443",
            "kind": "exchange",
            "protocol": "http",
            "host": "www.example.com",
            "method": "POST",
            "url": "https://www.example.com/items/7?page=1",
            "status": 200,
            "request_bytes": 3,
            "response_bytes": 5,
            "findings": 1,
            "responses": "alter",
            "time_us": NOON,
        }
    ]


def test_the_timeline_has_a_line_for_every_event(recorded: Path, view: View) -> None:
    lines = view("timeline")
    assert len(lines) == len({line["id"] for line in lines}) == 6


def test_an_event_that_nothing_was_said_of_has_no_findings(write: Write, view: View) -> None:
    write([*rows.connection_rows(ON)])
    (line,) = view("timeline")
    assert (line["findings"], line["responses"], line["request_bytes"]) == (0, None, None)


def test_an_ipv6_address_is_in_brackets(write: Write, view: View) -> None:
    on: Connection = connection()
    on.src, on.dst = ("2001:db8::5", 50123), None
    write(rows.connection_rows(on))
    (line,) = view("timeline")
    assert (line["client"], line["server"]) == ("[2001:db8::5]:50123", None)


def test_dns_tells_the_answer(write: Write, view: View) -> None:
    event = query(ON)
    write([*rows.connection_rows(ON), *rows.query_rows(event), *rows.answer_rows(event)])
    (line,) = view("dns")
    assert (line["name"], line["rcode"], line["answers"]) == (
        "c2.example.net",
        "NOERROR",
        "198.51.100.7",
    )
    assert view("timeline", "kind = 'query'")[0]["status"] == "NOERROR"


def test_tls_tells_the_certificate(write: Write, view: View) -> None:
    write([*rows.connection_rows(ON), *rows.handshake_rows(handshake(ON))])
    (line,) = view("tls")
    assert (line["sni"], line["verified"]) == ("www.example.com", 1)
    assert line["certificate_not_after"] == "2025-10-09T12:00:00.123456Z"


def test_http_tells_how_long_it_took(write: Write, view: View) -> None:
    write([*rows.connection_rows(ON), *exchange_rows(exchange(ON))])
    (line,) = view("http")
    assert (line["status"], line["duration_ms"], line["user_agent"]) == (200, 1, "curl/8.5")


def test_a_stream_is_one_line_with_both_directions(write: Write, view: View) -> None:
    sent = [message(ON, b"HELO"), message(ON, b"250 OK", from_client=False), message(ON, b"QUIT")]
    write([*rows.connection_rows(ON), *(row for one in sent for row in rows.message_rows(one))])
    (line,) = view("streams")
    assert (line["id"], line["messages"]) == (ON.id, 3)
    assert (line["request_bytes"], line["response_bytes"]) == (8, 6)


def test_a_finding_is_summed_up(write: Write, view: View) -> None:
    events = [exchange(ON, number) for number in range(2)]
    found = finding(*(event.id for event in events))
    put = [row for event in events for row in exchange_rows(event)]
    write(
        [*rows.connection_rows(ON), *put, *rows.finding_rows(found, "f")],
        rows.finding_event_rows(found, "f"),
    )
    (line,) = view("findings_summary")
    assert json.loads(line["event_ids"]) == [event.id for event in events]
    assert (line["count"], line["level"], line["first_time"]) == (2, "critical", line["last_time"])


def test_a_finding_of_very_many_events_is_listed_in_part_and_counted_whole(
    write: Write, view: View
) -> None:
    found = finding(*([ON.id] * (EVENT_IDS_LIMIT + 5)))
    put = [*rows.finding_rows(found, "f"), *rows.finding_event_rows(found, "f")]
    write([*rows.connection_rows(ON), *put])
    (line,) = view("findings_summary")
    assert (len(json.loads(line["event_ids"])), line["count"]) == (
        EVENT_IDS_LIMIT,
        EVENT_IDS_LIMIT + 5,
    )


@pytest.mark.parametrize("column", ["decoy = 'finance-01'", "host = 'x'", "1"])
def test_a_page_of_the_timeline_is_read_from_an_index(recorded: Path, column: str) -> None:
    plan = sqlite3.connect(recorded).execute(
        f"EXPLAIN QUERY PLAN SELECT * FROM timeline WHERE {column} ORDER BY time_us DESC LIMIT 50"
    )
    steps = [step for *_, step in plan]
    assert "e USING INDEX events_" in steps[0]
    assert not any("ORDER BY" in step for step in steps)


def test_the_fields_of_rules_are_columns(write: Write, view: View) -> None:
    write([*rows.connection_rows(ON), *exchange_rows(exchange(ON))])
    (line,) = view("sigma_http")
    assert (line["cs-method"], line["cs-host"], line["sc-status"]) == (
        "GET",
        "www.example.com",
        200,
    )
