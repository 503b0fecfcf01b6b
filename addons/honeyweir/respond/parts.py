"""Where an alteration is put into effect: the parts of requests, responses, messages, answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dns import rdata
from dns.exception import DNSException
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType
from mitmproxy import dns, http, tcp, udp, websocket
from mitmproxy.net.dns import types

from honeyweir import content
from honeyweir.respond.alter import Alter
from honeyweir.tap.dns import record_data


class AlterError(Exception):
    """An alteration that was decided cannot be made."""


@dataclass(frozen=True, slots=True)
class Change:
    """Both forms of what was changed, and in how many places."""

    original: bytes
    altered: bytes
    count: int


def alter_request(request: http.Request, alter: Alter) -> Change | None:
    """Change the URL, the headers or the body of a request; None where there is no match."""
    if alter.part == "url":
        return _alter_path(request, alter)
    if alter.part == "request_headers":
        return _alter_headers(request, alter)
    return _alter_body(request, alter)


def alter_response(response: http.Response, alter: Alter) -> Change | None:
    """Change the headers or the body of a response."""
    if alter.part == "response_headers":
        return _alter_headers(response, alter)
    return _alter_body(response, alter)


def alter_message(
    message: websocket.WebSocketMessage | tcp.TCPMessage | udp.UDPMessage, alter: Alter
) -> Change | None:
    """Change what a message carries."""
    altered, count = alter.replacement.apply(message.content)
    if not count:
        return None
    change = Change(message.content, altered, count)
    message.content = altered
    return change


def alter_answer(message: dns.DNSMessage, alter: Alter) -> Change | None:
    """Change the data of an answer's records, in presentation form."""
    original, altered, total = [], [], 0
    for record in [*message.answers, *message.authorities, *message.additionals]:
        before = record_data(record)
        after, count = alter.replacement.apply(before.encode())
        if count:
            _set_record_data(record, after)
            original.append(before.encode())
            altered.append(after)
            total += count
    return Change(b"\n".join(original), b"\n".join(altered), total) if total else None


def _alter_path(request: http.Request, alter: Alter) -> Change | None:
    before = request.data.path
    after, count = alter.replacement.apply(before)
    if not count:
        return None
    request.data.path = after
    return Change(before, after, count)


def _alter_headers(message: http.Message, alter: Alter) -> Change | None:
    wanted = None if alter.header is None else alter.header.lower().encode()
    before = message.headers.fields
    fields, total = [], 0
    for name, value in before:
        count = 0
        if wanted is None or name.lower() == wanted:
            value, count = alter.replacement.apply(value)
        fields.append((name, value))
        total += count
    if not total:
        return None
    message.headers.fields = tuple(fields)
    return Change(_lines(before), _lines(fields), total)


def _lines(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"\r\n".join(name + b": " + value for name, value in fields)


def _alter_body(message: http.Message, alter: Alter) -> Change | None:
    raw = message.raw_content
    if not raw:
        return None
    decoder = content.StreamDecoder(content.encodings(message.headers.fields), content.DECODE_LIMIT)
    plain = decoder.decode(raw)
    if decoder.problem:
        raise AlterError(f"the body cannot be altered: {decoder.problem}")
    altered, count = alter.replacement.apply(plain)
    if not count:
        return None
    message.content = altered
    return Change(raw, message.raw_content or b"", count)


def _set_record_data(record: dns.ResourceRecord, data: bytes) -> None:
    value = data.decode("utf-8", "surrogateescape")
    try:
        if record.type in (types.NS, types.CNAME, types.PTR):
            record.domain_name = value
            return
        text_form = rdata.from_text(
            RdataClass.make(record.class_),
            RdataType.make(record.type),
            _quoted(data) if record.type == types.TXT else value,
        )
        record.data = text_form.to_wire() or b""
    except (ValueError, DNSException) as error:
        raise AlterError(f"{value!r} is no data of a {types.to_str(record.type)} record") from error


def _quoted(data: bytes) -> str:
    """The character-strings of a TXT record in presentation form, RFC 1035 5.1."""
    strings = [data[start : start + 255] for start in range(0, len(data), 255)] or [b""]
    return " ".join('"' + "".join(f"\\{byte:03d}" for byte in string) + '"' for string in strings)
