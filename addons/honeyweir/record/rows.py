"""What the records hold of an event, as rows: one function for each thing that becomes known.

It runs in the thread that carries the traffic, so it only puts values side by side; compressing,
hashing and indexing are the writer's.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from typing import Any

from honeyweir.model import (
    Body,
    Connection,
    ConnectionEnd,
    Event,
    Exchange,
    Finding,
    Handshake,
    Headers,
    Message,
    Query,
    Reply,
    Response,
    ServerConnection,
)
from honeyweir.record import headers
from honeyweir.record.headers import to_json
from honeyweir.record.row import TEXT_LIMIT, Row, Text, Value, cut, cut_some
from honeyweir.record.search import HEAD, REQUEST_BODY, RESPONSE_BODY, RESPONSE_HEAD

HEAD_KEPT = 1 << 20
"""Bytes that are kept of a head that is too large for its columns."""


def connection_rows(event: Connection) -> list[Row]:
    """A decoy connected."""
    gateway = event.gateway or (None, None)
    return [_event(event), Row("connections", (event.id, event.mode, *gateway))]


def connection_end_rows(end: ConnectionEnd) -> list[Row]:
    """A client connection is over."""
    return [Row("connection_ends", (end.connection, end.time, cut_some(end.error)))]


def server_connection_rows(event: ServerConnection) -> list[Row]:
    """An origin was dialled."""
    host, port = event.server
    peer = event.peer or (None, None)
    values = (event.id, cut(host), port, *peer, cut_some(event.error))
    return [_event(event, cut(host)), Row("server_connections", values)]


def handshake_rows(event: Handshake) -> list[Row]:
    """A TLS handshake, with the certificate that was shown in it."""
    rows = [_event(event, event.sni)]
    hello = None
    if event.client_hello is not None:
        hello = hashlib.sha256(event.client_hello).digest()
        rows.append(_payload(hello, event.client_hello))
    offered = (event.offered_versions, event.offered_alpn, event.offered_ciphers)
    names, certificate = _certificate(event)
    values = (
        event.id,
        event.side,
        event.sni,
        event.version,
        event.cipher,
        event.alpn,
        *(to_json(list(values)) if values else None for values in offered),
        hello,
        None if event.verified is None else int(event.verified),
        cut_some(event.error),
        *certificate,
    )
    return [*rows, Row("handshakes", values, text=Text(HEAD, names) if names else None)]


_CERTIFICATE_COLUMNS = 9


def _certificate(event: Handshake) -> tuple[str, tuple[Value, ...]]:
    """What is searched of a certificate, and its columns."""
    shown = event.certificate
    if shown is None:
        return "", (None,) * _CERTIFICATE_COLUMNS
    names = to_json(list(shown.names))
    values = (
        shown.sha256,
        cut(shown.subject),
        cut(shown.issuer),
        shown.serial,
        shown.not_before,
        shown.not_after,
        names if len(names) <= TEXT_LIMIT else to_json([cut(names)]),
        shown.key,
        int(shown.self_signed),
    )
    return f"{cut(shown.subject)}\n{cut(shown.issuer)}\n{cut(names)}", values


def request_rows(event: Exchange) -> list[Row]:
    """The head of a request. One that is too large for the columns is kept as a payload too."""
    if len(event.request_headers) + len(event.url) + len(event.method) <= TEXT_LIMIT:
        return _request_rows(event)
    start = f"{event.method} {event.target} {event.http_version}\r\n"
    return [
        *_request_rows(_shortened(event)),
        *_body_rows(event.id, "request_head", _head(start, event.headers)),
    ]


def _request_rows(event: Exchange) -> list[Row]:
    head = cut(event.request_headers)
    values = (
        event.id,
        event.scheme,
        event.port,
        event.path,
        event.query,
        event.target,
        event.extension,
        event.http_version,
        headers.dump(event.headers),
        head,
        event.user_agent,
        event.referer,
        event.cookie,
        event.username,
        event.content_type,
        event.sni,
        event.tls_version,
    )
    size = 3 * len(head) + 4 * len(event.url)
    return [
        _event(event, event.host, event.method, event.url),
        Row("requests", values, size, Text(HEAD, head)),
    ]


def reply_rows(event: Exchange) -> list[Row]:
    """The head of the response that an exchange has by now."""
    reply = event.reply
    if reply is None:
        return []
    text = reply.header_text
    if len(text) + len(reply.reason) <= TEXT_LIMIT:
        return [_reply_row(event.id, reply, text)]
    start = f"{reply.http_version} {reply.status} {reply.reason}\r\n"
    short = _shortened(reply)
    return [
        _reply_row(event.id, short, cut(short.header_text)),
        *_body_rows(event.id, "response_head", _head(start, reply.headers)),
    ]


def _reply_row(event: str, reply: Reply, head: str) -> Row:
    values = (
        event,
        reply.time,
        reply.status,
        reply.reason,
        reply.http_version,
        headers.dump(reply.headers),
        head,
        reply.content_type,
        reply.location,
        reply.server,
    )
    return Row("replies", values, 3 * len(head), Text(RESPONSE_HEAD, head))


def body_rows(event: Exchange, side: str) -> list[Row]:
    """The body of one side, ``request`` or ``response``, if it had one."""
    if side == "request":
        if event.request_body is None:
            return []
        text = Text(REQUEST_BODY, event.request_body.kept, event.headers)
        return _body_rows(event.id, side, event.request_body, text)
    if event.response_body is None:
        return []
    encoded = event.reply.headers if event.reply else ()
    text = Text(RESPONSE_BODY, event.response_body.kept, encoded)
    return _body_rows(event.id, side, event.response_body, text)


def exchange_end_rows(event: Exchange) -> list[Row]:
    """An exchange is over."""
    ended = event.time if event.ended is None else event.ended
    return [Row("exchange_ends", (event.id, ended, cut_some(event.error)))]


def message_rows(event: Message) -> list[Row]:
    """A message of a WebSocket, or a segment of a stream."""
    body = event.body
    payload = _payload_of(body)
    sizes = (body.size, body.sha256, payload.values[0], int(body.truncated))
    values = (event.id, event.exchange, int(event.from_client), int(event.is_text), *sizes)
    return [
        payload,
        _event(event, cut_some(event.host), None, cut_some(event.url)),
        Row("messages", values, text=Text(HEAD, body.kept)),
    ]


def query_rows(event: Query) -> list[Row]:
    """A DNS query."""
    values = (
        event.id,
        event.transport,
        event.transaction,
        cut(event.name),
        event.type,
        event.opcode,
    )
    return [_event(event, cut(event.name)), Row("queries", values)]


def answer_rows(event: Query) -> list[Row]:
    """What a query was answered, or why it was not."""
    answer = event.answer
    error = cut_some(event.error)
    if answer is None:
        return [Row("answers", (event.id, event.time, None, "[]", "", error))]
    records = [
        {"name": record.name, "type": record.type, "ttl": record.ttl, "data": cut(record.data)}
        for record in answer.records
    ]
    stored = to_json(records)
    text = cut(answer.record_text)
    values = (event.id, answer.time, answer.rcode, stored, text, error)
    return [Row("answers", values, len(stored) + 2 * len(text), Text(RESPONSE_HEAD, text))]


def finding_rows(finding: Finding, identity: str) -> list[Row]:
    """A finding; the events that it is about are ``finding_event_rows``."""
    evidence = [{"field": item.field, "value": cut(item.value)} for item in finding.evidence]
    stored = to_json(evidence)
    values = (
        identity,
        finding.time,
        finding.source,
        finding.rule_id,
        cut(finding.title),
        str(finding.level),
        finding.decoy.name,
        to_json(list(finding.tags)),
        stored,
    )
    return [Row("findings", values, len(stored))]


def finding_event_rows(finding: Finding, identity: str) -> list[Row]:
    """The events that a finding, recorded now or before, is about. Theirs come first."""
    return [Row("finding_events", (identity, event, finding.time)) for event in finding.events]


def response_rows(response: Response) -> list[Row]:
    """What was done to the traffic, with both forms of what was changed."""
    rows: list[Row] = []
    keys: list[bytes | None] = []
    for data in (response.original, response.altered):
        key = None if data is None else hashlib.sha256(data).digest()
        if data is not None and key is not None:
            rows.append(_payload(key, data))
        keys.append(key)
    detail = {
        key: cut(value) if isinstance(value, str) else value
        for key, value in response.detail.items()
    }
    values = (
        response.event,
        response.time,
        response.action,
        response.rule_id,
        cut(response.rule_title),
        to_json(detail),
        *keys,
    )
    return [*rows, Row("responses", values)]


def _event(
    event: Event, host: str | None = None, method: str | None = None, url: str | None = None
) -> Row:
    dst_ip, dst_port = event.dst or (None, None)
    values = (
        event.id,
        event.time,
        event.kind,
        event.protocol,
        event.connection,
        event.decoy.name,
        event.decoy.role,
        *event.src,
        dst_ip,
        dst_port,
        host,
        method,
        url,
    )
    return Row("events", values, text=Text(HEAD, f"{url or host or ''} {dst_ip or ''}"))


def _body_rows(event: str, side: str, body: Body, text: Text | None = None) -> list[Row]:
    payload = _payload_of(body)
    sizes = (body.size, body.sha256, payload.values[0])
    values = (event, side, *sizes, int(body.truncated), int(body.complete))
    return [payload, Row("bodies", values, text=text)]


def _payload_of(body: Body) -> Row:
    key = hashlib.sha256(body.kept).digest() if body.truncated else body.sha256
    return _payload(key, body.kept)


def _payload(sha256: bytes, data: bytes) -> Row:
    return Row("payloads", (sha256, len(data), data), len(data))


def _shortened[T: (Exchange, Reply)](head: T) -> T:
    """A copy whose texts and headers fit their columns."""
    texts: dict[str, Any] = {
        field.name: cut(value)
        for field in dataclasses.fields(head)
        if isinstance(value := getattr(head, field.name), str)
    }
    return dataclasses.replace(head, headers=headers.shorten(head.headers), **texts)


def _head(start: str, fields: Headers) -> Body:
    """A head as HTTP/1 would write it, hashed whole and kept up to a limit."""
    digest = hashlib.sha256()
    kept = bytearray()
    size = 0
    first = start.encode("utf-8", "surrogateescape")
    for line in itertools.chain((first,), headers.lines(fields)):
        digest.update(line)
        size += len(line)
        kept += line[: HEAD_KEPT - len(kept)]
    return Body(bytes(kept), size, digest.digest())
