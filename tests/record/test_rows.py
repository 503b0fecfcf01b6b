"""What the records hold of each event: written by the real writer, read back from SQLite."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

from honeyweir.model import Exchange, Headers, Query
from honeyweir.record import headers, rows
from honeyweir.record.row import TEXT_LIMIT, Row, cut
from honeyweir.record.writer import Recorder
from record.traffic import (
    NOON,
    body,
    connection,
    everything,
    exchange,
    exchange_rows,
    finding,
    handshake,
    message,
    query,
    reply,
    response,
)

Write = Callable[..., None]
Sql = Callable[..., list[tuple[Any, ...]]]

ON = connection()


def record_one(write: Write, event: Exchange | Query) -> None:
    new = exchange_rows(event) if isinstance(event, Exchange) else rows.query_rows(event)
    write([*rows.connection_rows(ON), *new])


def test_each_kind_of_event_fills_its_tables(write: Write, sql: Sql) -> None:
    put = everything()
    write(put)
    for table in {row.table for row in put}:
        wanted = len({row.values for row in put if row.table == table})
        assert sql(f"SELECT count(*) FROM {table}") == [(wanted,)], table


def test_a_request_is_stored_as_it_was_sent(write: Write, sql: Sql) -> None:
    event = exchange(ON, 7, headers=((b"hOsT", b"www.example.com"), (b"X", b"\xff")))
    record_one(write, event)
    assert sql("SELECT method, url, host FROM events WHERE kind = 'exchange'") == [
        ("GET", "https://www.example.com/items/7?page=1", "www.example.com")
    ]
    ((stored, text, target),) = sql("SELECT headers, header_text, target FROM requests")
    assert headers.load(stored) == list(event.headers)
    assert text == "hOsT: www.example.com\nX: \\xff"
    assert target == "/items/7?page=1"


def test_a_body_is_compressed_and_found_by_its_hash(write: Write, sql: Sql) -> None:
    sent = b"lorem ipsum " * 1000
    record_one(write, exchange(ON, request=sent))
    ((size, sha256, data, truncated),) = sql(
        "SELECT b.size, b.sha256, p.data, b.truncated FROM bodies b"
        " JOIN payloads p ON p.sha256 = b.payload WHERE side = 'request'"
    )
    assert (size, sha256, truncated) == (len(sent), hashlib.sha256(sent).digest(), 0)
    assert len(data) < 200
    assert zstandard.decompress(data) == sent


def test_the_same_payload_is_stored_once(write: Write, sql: Sql) -> None:
    first, second = (exchange(ON, n, request=b"beacon", response=b"beacon") for n in (1, 2))
    write([*rows.connection_rows(ON), *exchange_rows(first)], exchange_rows(second))
    assert sql("SELECT count(*) FROM payloads") == [(1,)]
    assert sql("SELECT count(*), count(DISTINCT payload) FROM bodies") == [(4, 1)]


def test_of_a_truncated_body_the_whole_is_counted_and_hashed(write: Write, sql: Sql) -> None:
    event = exchange(ON, request=b"")
    event.request_body = body(b"abcdef", kept=3)
    record_one(write, event)
    ((size, sha256, payload, truncated),) = sql(
        "SELECT size, sha256, payload, truncated FROM bodies WHERE side = 'request'"
    )
    assert (size, truncated) == (6, 1)
    assert sha256 == hashlib.sha256(b"abcdef").digest()
    assert payload == hashlib.sha256(b"abc").digest()


def test_an_exchange_without_bodies_or_reply_has_no_rows_for_them() -> None:
    event = exchange(ON, response=None)
    event.reply = None
    made = rows.body_rows(event, "request") + rows.body_rows(event, "response")
    assert made + rows.reply_rows(event) == []


@pytest.mark.parametrize("side", ["request", "response"])
def test_a_head_that_is_too_large_is_kept_beside_its_columns(
    write: Write, sql: Sql, side: str
) -> None:
    big: Headers = ((b"Host", b"a"), (b"Cookie", b"c" * 3_000_000), (b"Last", b"1"))
    record_one(
        write, exchange(ON, headers=big) if side == "request" else exchange(ON, reply_headers=big)
    )
    table = "requests" if side == "request" else "replies"
    ((stored, text),) = sql(f"SELECT headers, header_text FROM {table}")
    assert "bytes cut]" in text
    assert len(text) < TEXT_LIMIT + 100
    assert len(headers.load(stored)) == 2
    ((size, sha256, kept, truncated),) = sql(
        "SELECT b.size, b.sha256, p.data, truncated FROM bodies b"
        " JOIN payloads p ON p.sha256 = b.payload WHERE side = ?",
        f"{side}_head",
    )
    start = b"GET /items/0?page=1 HTTP/1.1\r\n" if side == "request" else b"HTTP/1.1 200 OK\r\n"
    whole = start + b"".join(headers.lines(big))
    assert (size, sha256, truncated) == (len(whole), hashlib.sha256(whole).digest(), 1)
    assert zstandard.decompress(kept) == whole[: rows.HEAD_KEPT]


def test_an_address_without_end_is_cut_with_a_mark(write: Write, sql: Sql) -> None:
    long = "/" + "a" * 200_000
    record_one(write, exchange(ON, url=f"https://x{long}", path=long, query=None))
    ((url, path, kept),) = sql(
        "SELECT e.url, q.path, p.data FROM events e JOIN requests q ON q.event = e.id"
        " JOIN bodies b ON b.event = e.id AND b.side = 'request_head'"
        " JOIN payloads p ON p.sha256 = b.payload"
    )
    assert url.endswith("…[134474 bytes cut]")
    assert path == cut(long)
    assert zstandard.decompress(kept).startswith(f"GET {long} HTTP/1.1\r\n".encode())


def test_a_dns_answer_is_stored_whole(write: Write, sql: Sql) -> None:
    event = query(ON, "tunnel.example.net", "dGVzdA==")
    write([*rows.connection_rows(ON), *rows.query_rows(event), *rows.answer_rows(event)])
    ((rcode, records, text),) = sql("SELECT rcode, records, record_text FROM answers")
    assert (rcode, text) == ("NOERROR", "dGVzdA==")
    assert json.loads(records) == [
        {"name": "tunnel.example.net", "type": "A", "ttl": 60, "data": "dGVzdA=="}
    ]


def test_a_query_without_an_answer_says_why(write: Write, sql: Sql) -> None:
    event = query(ON)
    event.answer, event.error = None, "timed out"
    write([*rows.connection_rows(ON), *rows.query_rows(event), *rows.answer_rows(event)])
    assert sql("SELECT rcode, records, error FROM answers") == [(None, "[]", "timed out")]


def test_a_handshake_is_stored_with_its_hello(write: Write, sql: Sql) -> None:
    write([*rows.connection_rows(ON), *rows.handshake_rows(handshake(ON))])
    ((ciphers, versions, names, verified, data),) = sql(
        "SELECT offered_ciphers, offered_versions, certificate_names, verified, data"
        " FROM handshakes JOIN payloads ON sha256 = client_hello"
    )
    assert (ciphers, versions, verified) == ("[4865,4866]", None, 1)
    assert json.loads(names) == ["www.example.com", "unusual-name.example.org"]
    assert zstandard.decompress(data) == b"\x16\x03\x01"


def test_a_failed_handshake_has_neither_hello_nor_certificate(write: Write, sql: Sql) -> None:
    event = handshake(ON)
    event.certificate = event.client_hello = event.verified = None
    event.error = "alert: unknown ca"
    write([*rows.connection_rows(ON), *rows.handshake_rows(event)])
    assert sql("SELECT client_hello, verified, certificate_subject, error FROM handshakes") == [
        (None, None, None, "alert: unknown ca")
    ]


def test_a_message_is_stored_with_its_bytes(write: Write, sql: Sql) -> None:
    write(
        [*rows.connection_rows(ON), *rows.message_rows(message(ON, b"\x00\xff", from_client=False))]
    )
    ((from_client, size, data),) = sql(
        "SELECT from_client, m.size, data FROM messages m JOIN payloads p ON p.sha256 = payload"
    )
    assert (from_client, size, zstandard.decompress(data)) == (0, 2, b"\x00\xff")


def test_both_forms_of_what_was_altered_are_stored(write: Write, sql: Sql) -> None:
    event = exchange(ON)
    change = response(event.id, original=b"ACME", altered=b"Umbra", detail={"count": 2})
    write([*rows.connection_rows(ON), *exchange_rows(event), *rows.response_rows(change)])
    ((before, after, detail),) = sql(
        "SELECT o.data, a.data, detail FROM responses JOIN payloads o ON o.sha256 = original"
        " JOIN payloads a ON a.sha256 = altered"
    )
    assert (zstandard.decompress(before), zstandard.decompress(after)) == (b"ACME", b"Umbra")
    assert json.loads(detail) == {"count": 2}


def test_a_response_that_changed_nothing_has_no_payloads() -> None:
    (row,) = rows.response_rows(response("event"))
    assert row.values[-2:] == (None, None)


def test_long_texts_in_json_are_cut_inside_it() -> None:
    (found,) = rows.finding_rows(finding("event", value="x" * 100_000), "id")
    assert json.loads(str(found.values[-1]))[0]["value"].endswith("bytes cut]")
    (done,) = rows.response_rows(response("event", detail={"header": "x" * 100_000, "count": 1}))
    assert json.loads(str(done.values[5]))["count"] == 1


def test_a_finding_lists_its_events(write: Write, sql: Sql) -> None:
    first, second = exchange(ON, 1), exchange(ON, 2)
    found = finding(first.id, second.id)
    write(
        [*rows.connection_rows(ON), *exchange_rows(first), *exchange_rows(second)],
        [*rows.finding_rows(found, "f"), *rows.finding_event_rows(found, "f")],
    )
    assert sql("SELECT event FROM finding_events WHERE finding = 'f'") == [
        (first.id,),
        (second.id,),
    ]


def test_text_that_utf8_cannot_hold_is_made_visible(write: Write, sql: Sql) -> None:
    record_one(write, exchange(ON, host="caf\udce9.example", user_agent="\ud800"))
    assert sql("SELECT host FROM events WHERE kind = 'exchange'") == [("caf\\udce9.example",)]
    assert sql("SELECT user_agent FROM requests") == [("\\ud800",)]


def test_an_exchange_that_never_ended_ends_when_it_began() -> None:
    event = exchange(ON)
    event.ended = None
    assert rows.exchange_end_rows(event) == [Row("exchange_ends", (event.id, NOON, None))]


def test_a_reply_of_ours_without_headers_is_stored(
    record: Callable[..., Recorder], sql: Sql
) -> None:
    event = exchange(ON)
    event.reply = reply(NOON, ())
    recorder = record()
    recorder.put([*rows.connection_rows(ON), *exchange_rows(event)])
    recorder.close()
    assert sql("SELECT headers, header_text FROM replies") == [("[]", "")]


@pytest.mark.parametrize("length", [0, 1, TEXT_LIMIT, TEXT_LIMIT + 1, 3 * TEXT_LIMIT])
def test_a_cut_text_tells_how_much_is_missing(length: int) -> None:
    shown, mark, rest = cut("ü" * length).partition("…")
    assert len(shown) == min(length, TEXT_LIMIT)
    if mark:
        assert rest == f"[{2 * (length - TEXT_LIMIT)} bytes cut]"
