"""Rules as SQL: the views, the functions, and statements for every kind of rule."""

from __future__ import annotations

import contextlib
import gzip
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from honeyweir.model import Event
from honeyweir.policy import sql
from honeyweir.policy.fields import SOURCES
from policy.traffic import (
    exchange,
    found_by_sql,
    handshake,
    matched,
    message,
    policy_of,
    query,
    records,
    rule_text,
)


def odd_exchange() -> Event:
    """One whose headers are no UTF-8."""
    event = exchange(request=b"x")
    event.headers = [*event.headers, (b"X-\xff", b"\xfe")]
    return event


EVENTS: dict[str, list[Event]] = {
    "http": [
        exchange(),
        exchange("https://a.test/x.exe?q=1", "POST", request="é\0\xff", username="u", status=404),
        exchange(status=None, response=None, dst=None),
        exchange(headers={"X-Odd": "ü", "x-odd": "2"}, reply_headers={"Server": "nginx"}),
        odd_exchange(),
    ],
    "dns": [query("a.test"), query("b.test", answers=None), query("c.test", "TXT", [])],
    "tls": [handshake(), handshake(None, certificate=None, error="closed")],
    "message": [message("a\0b"), message(b"\xff", "websocket", from_client=False, url="wss://a/")],
}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    everything = [event for events in EVENTS.values() for event in events]
    with contextlib.closing(records(everything, tmp_path / "records.sqlite")) as opened:
        yield opened


@pytest.mark.parametrize("name", SOURCES)
def test_a_view_holds_what_the_fields_read_from_the_events(
    db: sqlite3.Connection, name: str
) -> None:
    source = SOURCES[name]
    cursor = db.execute(f"SELECT * FROM {source.view}")
    columns = [column[0] for column in cursor.description]
    rows = {row[0]: dict(zip(columns, row, strict=True)) for row in cursor}
    for event in EVENTS[name]:
        live = {field: spec.get(event) for field, spec in source.fields.items()}
        assert rows[event.id] == {"id": event.id, **live}


@pytest.mark.parametrize("name", SOURCES)
def test_the_type_of_a_column_is_that_of_its_field(db: sqlite3.Connection, name: str) -> None:
    source = SOURCES[name]
    types = {field: "text" if spec.text else "integer" for field, spec in source.fields.items()}
    columns = ", ".join(f'typeof("{field}")' for field in types)
    for row in db.execute(f"SELECT {columns} FROM {source.view}"):
        assert all(found in (kind, "null") for found, kind in zip(row, types.values(), strict=True))


@pytest.mark.parametrize("name", SOURCES)
def test_no_two_fields_differ_in_case_alone(name: str) -> None:
    fields = list(SOURCES[name].fields)
    assert len({field.lower() for field in fields}) == len(fields)


@pytest.mark.parametrize("name", SOURCES)
def test_a_view_without_bodies_needs_none_of_our_functions(tmp_path: Path, name: str) -> None:
    path = tmp_path / "records.sqlite"
    records(EVENTS[name], path).close()
    source = SOURCES[name]
    with contextlib.closing(sqlite3.connect(path)) as plain:
        plain.execute(f"DROP VIEW IF EXISTS {source.view}")
        plain.execute(sql.view_sql(source, temp=False, bodies=False))
        found = plain.execute(f"SELECT * FROM {source.view}").fetchall()
    assert len(found) >= len(EVENTS[name])


def test_views_can_be_made_again(db: sqlite3.Connection) -> None:
    sql.prepare(db)
    assert db.execute("SELECT count(*) FROM sigma_http").fetchone() == (len(EVENTS["http"]),)


class TestFunctions:
    @pytest.fixture
    def plain(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(":memory:")) as opened:
            sql.register(opened)
            yield opened

    @pytest.mark.parametrize(
        ("value", "pattern", "result"),
        [("abc", "b", 1), ("abc", "^b", 0), (None, "b", None), (404, "^4", 1), ("é", "^.$", 1)],
    )
    def test_regexp_searches(
        self, plain: sqlite3.Connection, value: object, pattern: str, result: int | None
    ) -> None:
        assert plain.execute("SELECT ? REGEXP ?", (value, pattern)).fetchone() == (result,)

    def test_regexp_refuses_what_backtracks(self, plain: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.OperationalError):
            plain.execute("SELECT 'ab' REGEXP '(?=a)b'").fetchone()

    @pytest.mark.parametrize(
        ("data", "headers", "body"),
        [
            (b"plain", "[]", "plain"),
            (b"a\0\xff", None, r"a\x00\xff"),
            (gzip.compress(b"packed", mtime=0), '[["Content-Encoding", "gzip"]]', "packed"),
            (b"not packed", '[["Content-Encoding", "gzip"]]', "not packed"),
        ],
    )
    def test_weir_body_is_a_body_as_rules_see_it(
        self, plain: sqlite3.Connection, data: bytes, headers: str | None, body: str
    ) -> None:
        stored = zstandard.compress(data)
        assert plain.execute("SELECT weir_body(?, ?)", (stored, headers)).fetchone() == (body,)

    def test_no_payload_is_no_body(self, plain: sqlite3.Connection) -> None:
        assert plain.execute("SELECT weir_body(NULL, '[]')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("logsource", "selection", "kind", "positions"),
    [
        ({"category": "proxy"}, {"request_body|contains": r"é\x00"}, "http", [1]),
        ({"category": "proxy"}, ["nginx", "X.exe"], "http", [1]),
        ({"category": "dns"}, {"rejected": "true"}, "dns", [2]),
        ({"category": "dns"}, {"answers": None}, "dns", [1]),
        ({"product": "honeyweir", "service": "tls"}, {"error": "closed"}, "tls", [1]),
        ({"product": "honeyweir", "service": "tcp"}, {"payload|contains": "a"}, "message", [0]),
        ({"product": "honeyweir", "service": "websocket"}, {"from_client": False}, "message", [1]),
        ({"product": "honeyweir", "service": "udp"}, {"size|gte": 0}, "message", []),
    ],
)
def test_the_sql_of_a_rule_finds_what_the_rule_finds(
    tmp_path: Path,
    db: sqlite3.Connection,
    logsource: dict[str, str],
    selection: object,
    kind: str,
    positions: list[int],
) -> None:
    policy = policy_of(tmp_path, rule_text({"selection": selection}, logsource))
    expected = {EVENTS[kind][position].id for position in positions}
    assert {event.id for event in EVENTS[kind] if matched(policy, event)} == expected
    assert found_by_sql(db, policy.rules[0]) == expected
