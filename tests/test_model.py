"""The types that every room shares."""

from __future__ import annotations

import uuid
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeyweir.model import (
    LEVELS,
    Answer,
    Body,
    Decoy,
    Event,
    Exchange,
    Level,
    Phase,
    Record,
    Reply,
    escaped,
    header_text,
    new_id,
    text,
)

NOON = 1_760_011_200_000_000


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", ""),
        ("plain, Müller, 日本".encode(), "plain, Müller, 日本"),
        (b"a\x00b", "a\\x00b"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"caf\xc3\xa9 \xe9", "café \\xe9"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),  # a surrogate in UTF-8 is not UTF-8
        (b"\\xff", "\\xff"),
        (b"\\udcff \xff", "\\udcff \\xff"),
        (b"\x1b[31m\r\n\t", "\x1b[31m\r\n\t"),
    ],
)
def test_bytes_become_a_text_that_can_be_stored(data: bytes, shown: str) -> None:
    assert text(data) == shown


@given(st.binary(max_size=60))
def test_any_bytes_become_utf_8_without_nul(data: bytes) -> None:
    shown = text(data)
    assert "\x00" not in shown
    assert shown.encode().decode() == shown


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_a_text_stays_what_it_is(value: str) -> None:
    assert text(value.encode()) == value


@given(st.binary(max_size=60))
def test_the_short_way_to_escape_gives_the_same_as_the_long_one(data: bytes) -> None:
    decoded = data.decode("utf-8", "surrogateescape")
    slow = "".join(
        f"\\x{ord(c) - 0xDC00:02x}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in decoded
    )
    assert escaped(decoded) == slow
    assert escaped(f"\\udc80{decoded}") == f"\\udc80{slow}"


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ((), ""),
        (((b"Host", b"a"),), "Host: a"),
        (((b"x", b"1"), (b"X", b""), (b"x", b"2")), "x: 1\nX: \nx: 2"),
        (((b"X\xff", b"\x00\xe9"),), "X\\xff: \\x00\\xe9"),
    ],
)
def test_headers_become_lines_in_their_order_and_case(
    headers: tuple[tuple[bytes, bytes], ...], shown: str
) -> None:
    assert header_text(headers) == shown


@given(st.integers(0, NOON * 3))
def test_an_id_is_a_uuid_7_of_its_time(time: int) -> None:
    parsed = uuid.UUID(new_id(time))
    assert (parsed.version, parsed.int >> 80) == (7, time // 1000)


def test_ids_are_unique_and_sort_by_time() -> None:
    assert len({new_id(NOON) for _ in range(1000)}) == 1000
    ids = [new_id(NOON + milliseconds * 1000) for milliseconds in range(100)]
    assert ids == sorted(ids)


def body(data: bytes, **values: object) -> Body:
    return Body(data, len(data), b"", **values)


@pytest.mark.parametrize(
    ("keep", "kept", "truncated"),
    [(None, b"abcd", False), (4, b"abcd", False), (2, b"ab", True), (0, b"", True)],
)
def test_a_body_tells_what_goes_into_the_records(
    keep: int | None, kept: bytes, truncated: bool
) -> None:
    whole = body(b"abcd", keep=keep)
    assert (whole.kept, whole.truncated) == (kept, truncated)


def test_a_body_of_which_only_the_beginning_is_held_is_truncated() -> None:
    assert Body(b"ab", 4, b"").truncated


def exchange(**values: object) -> Exchange:
    start = {
        **dict.fromkeys(field.name for field in fields(Exchange)),
        "id": "e",
        "time": NOON,
        "connection": "c",
        "protocol": "http",
        "decoy": Decoy("fin-01", "finance"),
        "src": ("10.0.5.17", 49152),
        "dst": ("203.0.113.9", 443),
        "path": "/a",
        "headers": (),
    }
    return Exchange(**{**start, **values})


@pytest.mark.parametrize(("query", "target"), [(None, "/a"), ("", "/a?"), ("b=1?", "/a?b=1?")])
def test_a_target_is_the_path_and_the_query_that_was_sent(query: str | None, target: str) -> None:
    assert exchange(query=query).target == target


def test_the_headers_of_an_exchange_are_read_once() -> None:
    made = exchange(headers=((b"Host", b"a"),))
    assert made.request_headers == "Host: a"
    assert made.request_headers is made.request_headers


def test_the_headers_of_a_reply_are_text() -> None:
    values = dict.fromkeys(Reply.__dataclass_fields__)
    assert Reply(**{**values, "headers": ((b"Server", b"x"),)}).header_text == "Server: x"


def test_an_event_tells_the_parts_of_its_parties() -> None:
    event: Event = exchange()
    assert (event.src_ip, event.src_port) == ("10.0.5.17", 49152)
    assert (event.dst_ip, event.dst_port) == ("203.0.113.9", 443)
    assert (event.decoy_name, event.decoy_role) == ("fin-01", "finance")


def test_an_event_without_a_destination_has_none_of_its_parts() -> None:
    event: Event = exchange(dst=None)
    assert (event.dst_ip, event.dst_port) == (None, None)


def test_an_answer_is_the_data_of_its_records_a_line_each() -> None:
    records = [Record("a", "A", 60, "192.0.2.1"), Record("a", "TXT", 60, "x")]
    assert Answer(time=0, rcode="NOERROR", records=records).record_text == "192.0.2.1\nx"
    assert Answer(time=0, rcode="NXDOMAIN", records=[]).record_text == ""


def test_levels_and_phases_are_in_their_order() -> None:
    assert LEVELS[0] is Level.INFORMATIONAL
    assert LEVELS[-1] is Level.CRITICAL
    assert Phase.HEAD < Phase.REQUEST < Phase.RESPONSE_HEAD < Phase.RESPONSE
