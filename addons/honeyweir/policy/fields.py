"""The fields that a rule may name, for each kind of event.

One table serves both meanings of a rule: ``get`` reads a field from a live event, ``sql`` reads the
same field from the records. Names are those of Sigma's taxonomy for the categories proxy,
webserver and dns, of Zeek's http, dns and x509 logs, and our own where neither has one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from honeyweir.content import decoded_text
from honeyweir.model import Body, Event, Exchange, Handshake, Message, Phase, Query

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that can be asked of an event."""

    phase: Phase  # the earliest at which it is known
    get: Callable[[Any], Value]  # takes an event of the field's kind
    sql: str  # over the source of its kind, see SOURCES
    streamed: bool = False  # a body: it may be too large to be seen whole
    text: bool = True  # False: an integer


def _time(event: Event) -> str:
    moment = datetime.fromtimestamp(event.time // 1_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{event.time // 1000 % 1000:03}Z"


TIME = Field(
    Phase.HEAD,
    _time,
    "strftime('%Y-%m-%dT%H:%M:%S', e.time / 1000000, 'unixepoch')"
    " || printf('.%03dZ', e.time / 1000 % 1000)",
)
"""When it happened, UTC, in ISO 8601 to the millisecond, which is as fine as SQLite's dates are."""

FULLTEXT = "fulltext"
"""The field in which a rule's keywords (values without a field) are searched."""


def _known(path: str) -> Callable[[Any], Value]:
    return cast(Callable[[Any], Value], operator.attrgetter(path))


def _reply(name: str) -> Callable[[Exchange], Value]:
    def get(event: Exchange) -> Value:
        return None if event.reply is None else cast(Value, getattr(event.reply, name))

    return get


def _size(name: str) -> Callable[[Exchange], Value]:
    def get(event: Exchange) -> Value:
        body = cast(Body | None, getattr(event, name))
        return 0 if body is None else body.size

    return get


def _request_body(event: Exchange) -> Value:
    return None if event.request_body is None else decoded_text(event.request_body, event.headers)


def _response_body(event: Exchange) -> Value:
    if event.response_body is None or event.reply is None:
        return None
    return decoded_text(event.response_body, event.reply.headers)


def _response_headers(event: Exchange) -> Value:
    return None if event.reply is None else event.reply.header_text


def _request_line(event: Exchange) -> str:
    return f"{event.method} {event.target} {event.http_version}\n{event.request_headers}"


def _answers(event: Query) -> Value:
    return None if event.answer is None else event.answer.record_text


def _rejected(event: Query) -> Value:
    return None if event.answer is None else "false" if event.answer.record_text else "true"


def _rcode(event: Query) -> Value:
    return None if event.answer is None else event.answer.rcode


def _certificate(name: str) -> Callable[[Handshake], Value]:
    def get(event: Handshake) -> Value:
        return None if event.certificate is None else cast(Value, getattr(event.certificate, name))

    return get


def _head(path: str, sql: str, *, text: bool = True) -> Field:
    return Field(Phase.HEAD, _known(path), sql, text=text)


def _names(names: str, field: Field) -> dict[str, Field]:
    return dict.fromkeys(names.split(), field)


_COMMON = {
    "time": TIME,
    **_names("src_ip c-ip id.orig_h SourceIp", _head("src_ip", "e.src_ip")),
    **_names("src_port c-port id.orig_p SourcePort", _head("src_port", "e.src_port", text=False)),
    **_names("dst_ip s-ip r-ip id.resp_h DestinationIp", _head("dst_ip", "e.dst_ip")),
    **_names(
        "dst_port s-port r-port id.resp_p DestinationPort",
        _head("dst_port", "e.dst_port", text=False),
    ),
    **_names("decoy", _head("decoy_name", "e.decoy")),
    **_names("decoy.role", _head("decoy_role", "e.decoy_role")),
    **_names("protocol", _head("protocol", "e.protocol")),
}

_HTTP = {
    **_COMMON,
    **_names("cs-method method", _head("method", "e.method")),
    **_names("c-uri url", _head("url", "e.url")),
    # SigmaHQ's rules look for paths in cs-uri-query, and its taxonomy calls c-uri-query a path: it
    # is the whole target here, in which what they mean by it is found either way.
    **_names("cs-uri uri c-uri-query cs-uri-query", _head("target", "q.target")),
    **_names("c-uri-stem cs-uri-stem", _head("path", "q.path")),
    **_names("c-uri-extension", _head("extension", "q.extension")),
    **_names("cs-host r-dns host", _head("host", "e.host")),
    **_names("cs-version version", _head("http_version", "q.http_version")),
    **_names(
        "c-useragent cs-user-agent cs(User-Agent) user_agent", _head("user_agent", "q.user_agent")
    ),
    **_names("cs-referer cs-referrer cs(Referer) referrer", _head("referer", "q.referer")),
    **_names("cs-cookie cs(Cookie)", _head("cookie", "q.cookie")),
    **_names("cs-username username", _head("username", "q.username")),
    **_names("cs-content-type orig_mime_types", _head("content_type", "q.content_type")),
    **_names("request_headers", _head("request_headers", "q.header_text")),
    **_names("tls.sni", _head("sni", "q.sni")),
    **_names("tls.version", _head("tls_version", "q.tls_version")),
    FULLTEXT: Field(
        Phase.HEAD,
        _request_line,
        "e.method || ' ' || q.target || ' ' || q.http_version || char(10) || q.header_text",
    ),
    **_names(
        "cs-bytes request_body_len",
        Field(Phase.REQUEST, _size("request_body"), "coalesce(qb.size, 0)", text=False),
    ),
    "request_body": Field(
        Phase.REQUEST, _request_body, "weir_body(qp.data, q.headers)", streamed=True
    ),
    **_names(
        "sc-status status_code",
        Field(Phase.RESPONSE_HEAD, _reply("status"), "r.status", text=False),
    ),
    **_names(
        "sc-content-type rs(Content-Type) resp_mime_types",
        Field(Phase.RESPONSE_HEAD, _reply("content_type"), "r.content_type"),
    ),
    "status_msg": Field(Phase.RESPONSE_HEAD, _reply("reason"), "r.reason"),
    "sc-server": Field(Phase.RESPONSE_HEAD, _reply("server"), "r.server"),
    "sc-location": Field(Phase.RESPONSE_HEAD, _reply("location"), "r.location"),
    "response_headers": Field(Phase.RESPONSE_HEAD, _response_headers, "r.header_text"),
    **_names(
        "sc-bytes response_body_len",
        Field(Phase.RESPONSE, _size("response_body"), "coalesce(rb.size, 0)", text=False),
    ),
    "response_body": Field(
        Phase.RESPONSE, _response_body, "weir_body(rp.data, r.headers)", streamed=True
    ),
}

_DNS = {
    **_COMMON,
    **_names(f"query QueryName dns.query {FULLTEXT}", _head("name", "q.name")),
    **_names("record_type qtype_name QueryType", _head("type", "q.type")),
    **_names("opcode", _head("opcode", "q.opcode")),
    **_names(
        "answer answers QueryResults",
        Field(Phase.RESPONSE, _answers, "CASE WHEN a.rcode IS NOT NULL THEN a.record_text END"),
    ),
    **_names("rcode_name rcode", Field(Phase.RESPONSE, _rcode, "a.rcode")),
    "rejected": Field(
        Phase.RESPONSE,
        _rejected,
        "CASE WHEN a.rcode IS NULL THEN NULL WHEN a.record_text = '' THEN 'true' ELSE 'false' END",
    ),
}

_TLS = {
    **_COMMON,
    "side": _head("side", "h.side"),
    **_names(f"server_name tls.sni {FULLTEXT}", _head("sni", "h.sni")),
    **_names("version tls.version", _head("version", "h.version")),
    "cipher": _head("cipher", "h.cipher"),
    **_names("next_protocol alpn", _head("alpn", "h.alpn")),
    "error": _head("error", "h.error"),
    "certificate.subject": Field(Phase.HEAD, _certificate("subject"), "h.certificate_subject"),
    "certificate.issuer": Field(Phase.HEAD, _certificate("issuer"), "h.certificate_issuer"),
    "certificate.serial": Field(Phase.HEAD, _certificate("serial"), "h.certificate_serial"),
    "certificate.sha256": Field(Phase.HEAD, _certificate("sha256"), "h.certificate_sha256"),
}


def _payload(event: Message) -> Value:
    return decoded_text(event.body, ())


_MESSAGE = {
    **_COMMON,
    "host": _head("host", "e.host"),
    "url": _head("url", "e.url"),
    "from_client": _head("from_client", "m.from_client", text=False),
    "size": _head("body.size", "m.size", text=False),
    **_names(f"payload {FULLTEXT}", Field(Phase.HEAD, _payload, "weir_body(p.data, '[]')")),
}


@dataclass(frozen=True, slots=True)
class Source:
    """The events that a rule's ``logsource`` names."""

    kind: type[Event]
    fields: Mapping[str, Field]
    view: str  # its name in SQL
    tables: str  # what ``Field.sql`` reads


SOURCES = {
    "http": Source(
        Exchange,
        _HTTP,
        "sigma_http",
        "events e JOIN requests q ON q.event = e.id"
        " LEFT JOIN replies r ON r.event = e.id"
        " LEFT JOIN bodies qb ON qb.event = e.id AND qb.side = 'request'"
        " LEFT JOIN payloads qp ON qp.sha256 = qb.payload"
        " LEFT JOIN bodies rb ON rb.event = e.id AND rb.side = 'response'"
        " LEFT JOIN payloads rp ON rp.sha256 = rb.payload",
    ),
    "dns": Source(
        Query,
        _DNS,
        "sigma_dns",
        "events e JOIN queries q ON q.event = e.id LEFT JOIN answers a ON a.event = e.id",
    ),
    "tls": Source(Handshake, _TLS, "sigma_tls", "events e JOIN handshakes h ON h.event = e.id"),
    "message": Source(
        Message,
        _MESSAGE,
        "sigma_message",
        "events e JOIN messages m ON m.event = e.id JOIN payloads p ON p.sha256 = m.payload",
    ),
}
