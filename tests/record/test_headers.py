"""Headers as JSON."""

from __future__ import annotations

import json
import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from honeyweir.record import headers

anything = st.lists(st.tuples(st.binary(), st.binary()))


@given(anything)
def test_every_byte_of_every_header_comes_back(given_headers: list[tuple[bytes, bytes]]) -> None:
    assert headers.load(headers.dump(given_headers)) == given_headers


@given(anything)
def test_what_is_stored_is_utf8_and_json_for_sqlite(
    given_headers: list[tuple[bytes, bytes]],
) -> None:
    stored = headers.dump(given_headers)
    stored.encode()
    (count,) = (
        sqlite3.connect(":memory:").execute("SELECT json_array_length(?)", [stored]).fetchone()
    )
    assert count == len(given_headers)


def test_order_case_and_repetition_are_kept() -> None:
    sent = [(b"B", b"1"), (b"a", b"2"), (b"B", b"3"), (b"b", b"")]
    assert headers.dump(sent) == '[["B","1"],["a","2"],["B","3"],["b",""]]'


def test_utf8_is_readable_in_the_column() -> None:
    assert headers.dump([(b"X", "grün".encode())]) == '[["X","grün"]]'


def test_bytes_that_are_no_utf8_are_escaped_and_come_back() -> None:
    sent = [(b"X", b"gr\xfcn \xed\xa0\x80 \xf0\x9f")]
    stored = headers.dump(sent)
    assert stored.isascii()
    assert headers.load(stored) == sent


def test_text_that_looks_like_an_escape_stays_text() -> None:
    sent = [(b"X", rb"\udcfc \u0000")]
    assert headers.load(headers.dump(sent)) == sent


def test_ordinary_headers_are_not_shortened() -> None:
    sent = [(b"Host", b"example.com")] * 50
    assert headers.shorten(sent) == sent


@given(st.integers(1, 3), st.integers(0, 200_000))
def test_a_shortened_head_tells_how_much_was_cut(count: int, length: int) -> None:
    sent = [(b"Cookie", b"c" * length)] * count
    kept = headers.shorten(sent)
    shown = sum(len(line) for line in headers.lines(kept))
    total = sum(len(line) for line in headers.lines(sent))
    if total <= headers.LINE_LIMIT:
        assert kept == sent
        return
    mark = kept[-1][1].decode().rpartition("…")[2]
    cut = int(mark.removeprefix("[").removesuffix(" bytes cut]"))
    assert shown - len(f"…{mark}".encode()) + cut == total
    assert shown <= headers.LINE_LIMIT + 100


def test_a_million_empty_headers_are_shortened() -> None:
    kept = headers.shorten([(b"", b"")] * 1_000_000)
    assert len(kept) <= headers.LINE_LIMIT // 4 + 1


def test_a_name_without_end_is_shortened() -> None:
    ((name, value),) = headers.shorten([(b"n" * 1_000_000, b"v" * 10)])
    assert len(name) < headers.LINE_LIMIT
    assert "bytes cut" in value.decode()


def test_what_orjson_cannot_write_is_written_all_the_same() -> None:
    assert json.loads(headers.to_json({"text": "\udcff", "size": 3})) == {
        "text": "\udcff",
        "size": 3,
    }
    assert headers.to_json({"path": b"bytes"}) == '{"path":"b\'bytes\'"}'
