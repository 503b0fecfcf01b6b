"""Events to record, of every kind, ordinary and hostile."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from honeyweir.model import (
    Answer,
    Body,
    Certificate,
    Connection,
    ConnectionEnd,
    Decoy,
    Evidence,
    Exchange,
    Finding,
    Handshake,
    Headers,
    Level,
    Message,
    Query,
    Record,
    Reply,
    Response,
    ServerConnection,
    new_id,
)
from honeyweir.record import rows
from honeyweir.record.row import Row

DECOY = Decoy("finance-01", "workstation")
NOON = 1_760_011_200_123_456  # 2025-10-09T12:00:00.123456Z


def now() -> int:
    return time.time_ns() // 1000


def body(data: bytes, kept: int | None = None) -> Body:
    return Body(data[:kept], len(data), hashlib.sha256(data).digest())


def connection(at: int = NOON) -> Connection:
    identity = new_id(at)
    return Connection(
        id=identity,
        time=at,
        connection=identity,
        protocol="tcp",
        decoy=DECOY,
        src=("10.0.0.5", 50123),
        dst=("203.0.113.9", 443),
        mode="transparent",
        gateway=None,
    )


def common(on: Connection, protocol: str) -> dict[str, Any]:
    return {
        "id": new_id(on.time),
        "time": on.time,
        "connection": on.id,
        "protocol": protocol,
        "decoy": DECOY,
        "src": on.src,
        "dst": on.dst,
    }


def exchange(
    on: Connection,
    number: int = 0,
    *,
    request: bytes | None = None,
    response: bytes | None = b"hello",
    headers: Headers = ((b"Host", b"www.example.com"), (b"User-Agent", b"curl/8.5")),
    reply_headers: Headers = ((b"Content-Type", b"text/plain"),),
    **values: Any,
) -> Exchange:
    event = Exchange(
        **common(on, "http")
        | {
            "method": "GET" if request is None else "POST",
            "scheme": "https",
            "host": "www.example.com",
            "port": 443,
            "url": f"https://www.example.com/items/{number}?page=1",
            "path": f"/items/{number}",
            "query": "page=1",
            "extension": None,
            "http_version": "HTTP/1.1",
            "headers": headers,
            "user_agent": "curl/8.5",
            "referer": None,
            "cookie": None,
            "username": None,
            "content_type": None,
            "sni": "www.example.com",
            "tls_version": "TLSv1.3",
        }
        | values
    )
    event.request_body = None if request is None else body(request)
    event.reply = reply(event.time, reply_headers)
    event.response_body = None if response is None else body(response)
    event.ended = event.time + 1500
    return event


def reply(at: int, headers: Headers) -> Reply:
    return Reply(
        time=at,
        status=200,
        reason="OK",
        http_version="HTTP/1.1",
        headers=headers,
        content_type="text/plain",
        location=None,
        server=None,
    )


def exchange_rows(event: Exchange) -> list[Row]:
    return [
        *rows.request_rows(event),
        *rows.body_rows(event, "request"),
        *rows.reply_rows(event),
        *rows.body_rows(event, "response"),
        *rows.exchange_end_rows(event),
    ]


def query(on: Connection, name: str = "c2.example.net", data: str = "198.51.100.7") -> Query:
    event = Query(
        **common(on, "dns"), transport="udp", transaction=7, name=name, type="A", opcode="QUERY"
    )
    records = [Record(name, "A", 60, data)]
    event.answer = Answer(time=event.time + 900, rcode="NOERROR", records=records)
    return event


def message(on: Connection, data: bytes = b"EHLO mail", *, from_client: bool = True) -> Message:
    return Message(**common(on, "tcp"), from_client=from_client, body=body(data))


def handshake(on: Connection) -> Handshake:
    return Handshake(
        **common(on, "tls"),
        side="server",
        sni="www.example.com",
        version="TLSv1.3",
        cipher="TLS_AES_128_GCM_SHA256",
        alpn="h2",
        offered_ciphers=[4865, 4866],
        client_hello=b"\x16\x03\x01",
        certificate=certificate(),
        verified=True,
    )


def certificate() -> Certificate:
    return Certificate(
        sha256="ab" * 32,
        subject="CN=www.example.com",
        issuer="CN=Example CA,O=Example",
        serial="0A",
        not_before=NOON,
        not_after=NOON,
        names=["www.example.com", "unusual-name.example.org"],
        key="EC 256",
        self_signed=False,
    )


def finding(*events: str, value: str = "secret") -> Finding:
    return Finding(
        time=NOON,
        source="sigma",
        rule_id="6f0d7c1e",
        title="Customer list leaves",
        level=Level.CRITICAL,
        decoy=DECOY,
        events=events,
        tags=["attack.t1567"],
        evidence=[Evidence("request_body", value)],
    )


def response(event: str, **values: Any) -> Response:
    return Response(
        time=NOON, event=event, action="alter", rule_id="6f0d7c1e", rule_title="T", **values
    )


def everything() -> list[Row]:
    """Rows of one event of every kind, on one connection."""
    on = connection()
    http = exchange(on, request=b'{"customer": "ACME"}')
    dns = query(on)
    mail = message(on)
    dial = ServerConnection(
        **common(on, "tcp"), server=("www.example.com", 443), peer=("203.0.113.9", 443), error=None
    )
    return [
        *rows.connection_rows(on),
        *rows.server_connection_rows(dial),
        *rows.handshake_rows(handshake(on)),
        *exchange_rows(http),
        *rows.query_rows(dns),
        *rows.answer_rows(dns),
        *rows.message_rows(mail),
        *rows.finding_rows(finding(http.id, mail.id), "finding-1"),
        *rows.finding_event_rows(finding(http.id, mail.id), "finding-1"),
        *rows.response_rows(response(http.id, original=b"ACME", altered=b"Umbra")),
        *rows.connection_end_rows(ConnectionEnd(connection=on.id, time=NOON, error=None)),
    ]
