"""The full-text search over what was recorded."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeyweir.record import rows
from honeyweir.record.index import INDEX_LIMIT, searchable
from honeyweir.record.row import Text
from honeyweir.record.search import EVENT_IDS, match_expression
from record.traffic import connection, exchange, exchange_rows, handshake, message, query

Write = Callable[..., None]
Sql = Callable[..., list[tuple[Any, ...]]]

ON = connection()
GZIP = ((b"Content-Encoding", b"gzip"),)


@pytest.fixture
def find(sql: Sql) -> Callable[[str], list[str]]:
    return lambda text: [event for (event,) in sql(EVENT_IDS, match_expression(text))]


Find = Callable[[str], list[str]]


def test_text_in_a_gzip_body_is_found(write: Write, find: Find) -> None:
    event = exchange(ON, response=gzip.compress(b"the customer list"), reply_headers=GZIP)
    write([*rows.connection_rows(ON), *exchange_rows(event)])
    assert find("customer list") == [event.id]
    assert find("list customer") == []


def test_each_part_of_an_exchange_is_found(write: Write, find: Find) -> None:
    headers = ((b"User-Agent", b"Rubeus"), (b"X-Id", b"\xffraw"))
    event = exchange(ON, 7, request=b"upload body", response=b"reply body", headers=headers)
    other = exchange(ON, 8, response=None)
    write([*rows.connection_rows(ON), *exchange_rows(event), *exchange_rows(other)])
    for text in ("rubeus", "upload body", "REPLY BODY", "items/7", "xffraw", "page 1"):
        assert event.id in find(text), text
    assert find("rubeus") == find("upload body") == [event.id]
    assert sorted(find("www.example.com")) == sorted([event.id, other.id])


def test_a_reply_that_comes_in_a_later_batch_is_found(write: Write, find: Find) -> None:
    event = exchange(ON, response=b"late words")
    write(
        [*rows.connection_rows(ON), *rows.request_rows(event)],
        [*rows.reply_rows(event), *rows.body_rows(event, "response")],
    )
    assert find("late words") == [event.id]


def test_other_kinds_of_event_are_found(write: Write, find: Find) -> None:
    tls, dns, mail = handshake(ON), query(ON, "c2.bad.example", "v=exfil1"), message(ON)
    dns_rows = [*rows.query_rows(dns), *rows.answer_rows(dns)]
    write(
        [*rows.connection_rows(ON), *rows.handshake_rows(tls), *dns_rows, *rows.message_rows(mail)]
    )
    assert find("unusual-name.example.org") == [tls.id]
    assert find("bad.example") == [dns.id]
    assert find("exfil1") == [dns.id]
    assert find("EHLO mail") == [mail.id]
    assert ON.id in find("203.0.113.9")


@given(st.text())
def test_whatever_a_user_types_is_a_phrase(text: str) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE search USING fts5 (text)")
    expression = match_expression(text.encode("utf-8", "replace").decode())
    assert db.execute("SELECT 1 FROM search WHERE search MATCH ?", [expression]).fetchall() == []


def test_operators_in_what_a_user_types_are_words(write: Write, find: Find) -> None:
    event = exchange(ON, response=b'say "one OR two" NEAR(three)')
    write([*rows.connection_rows(ON), *exchange_rows(event)])
    assert find('"one OR two" NEAR(three)') == [event.id]
    assert find("one OR nothing") == []


def test_binary_content_is_not_indexed(recorded: Path) -> None:
    assert searchable(Text(1, bytes(range(256)) * 4)) == ""
    assert searchable(Text(1, b"a\x00b")) == ""


@pytest.mark.parametrize("compress", [gzip.compress, brotli.compress])
def test_a_bomb_is_looked_at_for_its_beginning_only(compress: Callable[[bytes], bytes]) -> None:
    name = b"gzip" if compress is gzip.compress else b"br"
    packed = compress(b"word " * 10_000_000)
    assert len(searchable(Text(1, packed, ((b"Content-Encoding", name),)))) == INDEX_LIMIT


def test_of_a_long_body_the_beginning_is_indexed() -> None:
    assert len(searchable(Text(1, b"word " * 100_000))) == INDEX_LIMIT


def test_a_body_that_is_not_as_it_says_is_searched_as_it_is() -> None:
    assert searchable(Text(1, b"plain words", GZIP)) == "plain words"
