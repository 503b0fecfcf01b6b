"""Alterations of requests, responses, messages and answers."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import zstandard
from mitmproxy import dns, http, tcp
from mitmproxy.net.dns import types
from mitmproxy.test import tflow, tutils
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from honeyweir.content import DECODE_LIMIT, decode
from honeyweir.respond.alter import Alter
from honeyweir.respond.parts import (
    AlterError,
    Change,
    alter_answer,
    alter_message,
    alter_request,
    alter_response,
)
from honeyweir.tap.dns import record_data


def alter(part: str, replace: object = "red", with_: object = "green", **more: str) -> Alter:
    return Alter.parse({"in": part, "replace": replace, "with": with_, **more})


def request(path: bytes = b"/", *fields: tuple[bytes, bytes], body: bytes = b"") -> http.Request:
    return tutils.treq(path=path, headers=http.Headers(fields), content=body)


def response(body: bytes, *fields: tuple[bytes, bytes]) -> http.Response:
    return tutils.tresp(headers=http.Headers(fields), content=body)


def test_the_path_and_query_of_a_url_are_altered() -> None:
    message = request(b"/red?q=red")
    change = alter_request(message, alter("url"))
    assert change == Change(b"/red?q=red", b"/green?q=green", 2)
    assert message.path == "/green?q=green"


def test_bytes_of_a_url_that_are_no_text_are_altered_too() -> None:
    message = request(b"/\xff\x80")
    assert alter_request(message, alter("url", {"bytes": "ff"}, {"bytes": "fe"}))
    assert message.data.path == b"/\xfe\x80"


HEADERS = ((b"Cookie", b"a=red"), (b"X-Red", b"1"), (b"COOKIE", b"b=red; c=red"))


def test_the_values_of_all_headers_are_altered_and_never_their_names() -> None:
    message = request(b"/", *HEADERS)
    change = alter_request(message, alter("request_headers"))
    assert message.headers.fields == (
        (b"Cookie", b"a=green"),
        (b"X-Red", b"1"),
        (b"COOKIE", b"b=green; c=green"),
    )
    assert change
    assert change.original == b"Cookie: a=red\r\nX-Red: 1\r\nCOOKIE: b=red; c=red"
    assert change.altered == b"Cookie: a=green\r\nX-Red: 1\r\nCOOKIE: b=green; c=green"
    assert change.count == 3


def test_only_the_headers_of_a_name_are_altered_in_any_case() -> None:
    message = request(b"/", (b"X", b"red"), (b"x-colour", b"red"), (b"X-Colour", b"red"))
    change = alter_request(message, alter("request_headers", header="X-COLOUR"))
    assert change
    assert change.count == 2
    assert [value for _, value in message.headers.fields] == [b"red", b"green", b"green"]


def test_the_headers_of_a_response_are_altered() -> None:
    message = response(b"red", (b"Server", b"red"), (b"Set-Cookie", b"red"))
    assert alter_response(message, alter("response_headers", header="server"))
    assert message.headers.fields == ((b"Server", b"green"), (b"Set-Cookie", b"red"))
    assert message.content == b"red"


def test_the_body_of_a_request_is_altered_with_its_length() -> None:
    message = request(b"/red", (b"content-length", b"7"), body=b"red red")
    assert alter_request(message, alter("request_body")) == Change(b"red red", b"green green", 2)
    assert message.raw_content == b"green green"
    assert message.headers["content-length"] == "11"
    assert message.path == "/red"


def test_a_chunked_body_stays_a_chunked_one() -> None:
    message = response(b"red", (b"transfer-encoding", b"chunked"))
    assert alter_response(message, alter("response_body"))
    assert message.raw_content == b"green"
    assert message.headers.fields == ((b"transfer-encoding", b"chunked"),)


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "identity": bytes,
    "deflate, gzip": lambda data: gzip.compress(zlib.compress(data)),
}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_an_encoded_body_can_still_be_decoded_after_it_was_altered(encoding: str) -> None:
    raw = ENCODERS[encoding](b"a red rose")
    message = response(raw, (b"Content-Encoding", encoding.encode()))
    change = alter_response(message, alter("response_body"))
    assert change
    assert (change.original, change.altered) == (raw, message.raw_content)
    assert decode(message.raw_content, message.headers.fields) == b"a green rose"
    assert message.headers["content-length"] == str(len(message.raw_content))


@pytest.mark.parametrize("encoding", ENCODERS)
def test_an_encoded_body_without_a_match_stays_what_it_was(encoding: str) -> None:
    raw = ENCODERS[encoding](b"a rose")
    message = response(raw, (b"Content-Encoding", encoding.encode()))
    before = message.get_state()
    assert alter_response(message, alter("response_body")) is None
    assert message.get_state() == before


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        ("gzip", b"no gzip", "malformed content-encoding"),
        ("gzip", gzip.compress(b"red", mtime=0) + b"trailing red", "malformed content-encoding"),
        ("br", b"\xff\xff\xff", "malformed content-encoding"),
        ("zstd", b"no zstd", "malformed content-encoding"),
        ("exi", b"red", "content-encoding exi"),
        ("gzip" + ", gzip" * 9, b"red", "nested too deep"),
        ("gzip", gzip.compress(bytes(DECODE_LIMIT + 1), mtime=0), "limit"),
    ],
)
def test_a_body_that_cannot_be_decoded_cannot_be_altered(
    encoding: str, body: bytes, reason: str
) -> None:
    message = response(body, (b"content-encoding", encoding.encode()))
    with pytest.raises(AlterError, match=f"the body cannot be altered: .*{reason}"):
        alter_response(message, alter("response_body"))
    assert message.raw_content == body


@pytest.mark.parametrize("body", [b"", None])
def test_where_there_is_no_body_there_is_nothing_to_alter(body: bytes | None) -> None:
    message = response(b"")
    message.raw_content = body
    assert alter_response(message, alter("response_body")) is None


@pytest.mark.parametrize("part", ["url", "request_headers", "request_body"])
def test_a_request_without_a_match_stays_what_it_was(part: str) -> None:
    message = request(b"/blue", (b"X-Red", b"blue"), body=b"blue")
    before = message.get_state()
    assert alter_request(message, alter(part)) is None
    assert message.get_state() == before


MESSAGES = [
    WebSocketMessage(Opcode.TEXT, True, b"a red rose"),
    WebSocketMessage(Opcode.BINARY, False, b"a red rose"),
    tflow.tcp.TCPMessage(True, b"a red rose"),
    tflow.udp.UDPMessage(False, b"a red rose"),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_what_a_message_carries_is_altered(message: WebSocketMessage | tcp.TCPMessage) -> None:
    kind = getattr(message, "type", None)
    assert alter_message(message, alter("payload")) == Change(b"a red rose", b"a green rose", 1)
    assert message.content == b"a green rose"
    assert getattr(message, "type", None) is kind
    assert alter_message(message, alter("payload")) is None


def test_a_binary_message_is_altered_byte_for_byte() -> None:
    message = WebSocketMessage(Opcode.BINARY, True, b"\x00\xff\xfe\x00")
    assert alter_message(message, alter("payload", {"bytes": "ff fe"}, {"bytes": "00"}))
    assert message.content == b"\x00\x00\x00"


def record(kind: int, data: bytes) -> dns.ResourceRecord:
    return dns.ResourceRecord("a.example", kind, 1, 60, data)


def answer(*records: dns.ResourceRecord) -> dns.DNSMessage:
    message = tutils.tdnsresp()
    message.answers = list(records)
    return message


MAIL = b"\x00\x0a\x04mail\x01a\x00"
ALPN = b"\x00\x01\x00\x00\x01\x00\x03\x02h2"


@pytest.mark.parametrize(
    ("kind", "data", "find", "with_", "shown"),
    [
        (types.A, b"\xc0\x00\x02\x01", "192.0.2.1", "192.0.2.77", "192.0.2.77"),
        (types.AAAA, bytes(15) + b"\x01", "::1", "2001:db8::7", "2001:db8::7"),
        (types.CNAME, b"\x03www\x01a\x00", "www", "decoy", "decoy.a"),
        (types.NS, b"\x02ns\x01a\x00", "ns.a", "ns.b.example", "ns.b.example"),
        (types.PTR, b"\x04host\x01a\x00", "host", "müller", "müller.a"),
        (types.TXT, b"\x06v=spf1", "spf1", 'say "\\no"', 'v=say "\\no"'),
        (types.TXT, b"\x01a", "a", "x" * 600, "x" * 600),
        (types.TXT, b"\x03red", "red", "", ""),
        (types.MX, MAIL, "10 mail", "20 trap", "20 trap.a."),
        (types.SRV, b"\x00\x01\x00\x02\x00\x50\x01a\x00", " 80 ", " 8080 ", "1 2 8080 a."),
        (types.HTTPS, ALPN, "h2", "h3", '1 . alpn="h3"'),
        (65400, b"\x09x", "0978", "0979", "\\# 2 0979"),
    ],
)
def test_the_data_of_a_record_is_altered_in_presentation_form(
    kind: int, data: bytes, find: str, with_: str, shown: str
) -> None:
    message = answer(record(kind, data))
    assert alter_answer(message, alter("answer", find, with_))
    packed = dns.DNSMessage.unpack(message.packed)
    assert record_data(packed.answers[0]) == shown


@pytest.mark.parametrize(
    ("kind", "data", "find", "with_"),
    [
        (types.A, b"\xc0\x00\x02\x01", "192.0.2.1", "c2.example"),
        (types.A, b"\xc0\x00\x02\x01", "192", "300"),
        (types.AAAA, bytes(15) + b"\x01", "::1", "192.0.2.1"),
        (types.CNAME, b"\x03www\x01a\x00", "www", "a..b"),
        (types.CNAME, b"\x03www\x01a\x00", "www", "x" * 64),
        (types.NS, b"\x03www\x01a\x00", "www", {"bytes": "ff"}),
        (types.MX, MAIL, "10", "ten"),
        (types.MX, MAIL, "10 ", ""),
        (types.SRV, b"\x00\x01\x00\x02\x00\x50\x01a\x00", "80", "65536"),
    ],
)
def test_data_that_does_not_fit_the_type_is_an_error_and_changes_nothing(
    kind: int, data: bytes, find: str, with_: Any
) -> None:
    message = answer(record(kind, data))
    with pytest.raises(AlterError, match=rf"is no data of a {types.to_str(kind)} record"):
        alter_answer(message, alter("answer", find, with_))
    assert message.answers[0].data == data


def test_the_records_of_all_sections_are_altered_and_told_line_by_line() -> None:
    first, second, third = (record(types.A, bytes([10, 0, 0, last])) for last in (1, 2, 3))
    message = answer(first)
    message.authorities, message.additionals = [second], [third]
    change = alter_answer(message, alter("answer", {"regex": r"\.(1|3)$"}, r".7\1"))
    assert change == Change(b"10.0.0.1\n10.0.0.3", b"10.0.0.71\n10.0.0.73", 2)
    assert [item.data[3] for item in (first, second, third)] == [71, 2, 73]


def test_an_answer_without_a_match_stays_what_it_was() -> None:
    message = tutils.tdnsresp()
    before = message.get_state()
    assert alter_answer(message, alter("answer")) is None
    assert message.get_state() == before


def test_an_edns_record_does_not_stand_in_the_way() -> None:
    message = answer(record(types.A, b"\xc0\x00\x02\x01"))
    message.additionals = [dns.ResourceRecord("", types.OPT, 1232, 0, b"\x00\x0a\x00\x02ab")]
    assert alter_answer(message, alter("answer", "192.0.2.1", "192.0.2.7"))
    assert message.additionals[0].data == b"\x00\x0a\x00\x02ab"
