"""Events and records to hold rules against."""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from honeyweir.model import (
    Answer,
    Body,
    Certificate,
    Connection,
    Decoy,
    Event,
    Exchange,
    Handshake,
    Message,
    Phase,
    Query,
    Record,
    Reply,
    new_id,
)
from honeyweir.policy import sql
from honeyweir.policy.load import Policy, load
from honeyweir.policy.rule import Rule
from honeyweir.record import rows
from honeyweir.record.database import open_for_reading
from honeyweir.record.row import Row, storable
from honeyweir.record.store import Store
from honeyweir.respond import ACTIONS

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

NOON = 1_760_011_200_000_000  # 2025-10-09T12:00:00Z


def common(**values: Any) -> dict[str, Any]:
    """What every event has."""
    time = values.pop("time", NOON)
    return {
        "id": new_id(time),
        "time": time,
        "connection": new_id(time),
        "protocol": "http",
        "decoy": Decoy("fin-01", "finance"),
        "src": ("10.0.5.17", 49152),
        "dst": ("203.0.113.9", 443),
        **values,
    }


def body(data: bytes | str) -> Body:
    data = data.encode() if isinstance(data, str) else data
    return Body(data, len(data), hashlib.sha256(data).digest())


def exchange(
    url: str = "http://example.com/",
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    request: bytes | str | None = None,
    status: int | None = 200,
    reply_headers: Mapping[str, str] | None = None,
    response: bytes | str | None = b"ok",
    **values: Any,
) -> Exchange:
    """An HTTP exchange, with the fields that the tap reads from its URL and headers."""
    parts = urlsplit(url)
    pairs = {"Host": parts.netloc, "User-Agent": BROWSER, **(headers or {})}
    last = parts.path.rpartition("/")[2]
    event = Exchange(
        **common(
            method=method,
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=parts.port or (443 if parts.scheme == "https" else 80),
            url=url,
            path=parts.path or "/",
            query=parts.query if "?" in url else None,
            extension=last.rpartition(".")[2].lower() if "." in last else None,
            http_version="HTTP/1.1",
            headers=[(name.encode(), value.encode()) for name, value in pairs.items()],
            user_agent=pairs["User-Agent"],
            referer=pairs.get("Referer"),
            cookie=pairs.get("Cookie"),
            username=None,
            content_type=pairs.get("Content-Type"),
            sni=parts.hostname if parts.scheme == "https" else None,
            tls_version="TLSv1.3" if parts.scheme == "https" else None,
        )
        | values
    )
    event.request_body = None if request is None else body(request)
    if status is not None:
        event.reply = reply(event.time, status, reply_headers or {})
        event.response_body = None if response is None else body(response)
    return event


def reply(time: int, status: int, headers: Mapping[str, str]) -> Reply:
    return Reply(
        time=time,
        status=status,
        reason="OK",
        http_version="HTTP/1.1",
        headers=[(name.encode(), value.encode()) for name, value in headers.items()],
        content_type=headers.get("Content-Type"),
        location=headers.get("Location"),
        server=headers.get("Server"),
    )


def query(
    name: str,
    type: str = "A",  # noqa: A002 (DNS's own word)
    answers: Iterable[str] | None = ("192.0.2.1",),
    **values: Any,
) -> Query:
    event = Query(
        **common(protocol="dns", transport="udp", transaction=1, opcode="QUERY")
        | {"name": name, "type": type}
        | values
    )
    if answers is not None:
        records = [Record(name, type, 60, data) for data in answers]
        event.answer = Answer(time=event.time, rcode="NOERROR", records=records)
    return event


def message(
    data: bytes | str, protocol: str = "tcp", *, from_client: bool = True, **values: Any
) -> Message:
    return Message(**common(protocol=protocol, from_client=from_client, body=body(data)) | values)


def handshake(sni: str | None = "example.com", serial: str = "01", **values: Any) -> Handshake:
    certificate = Certificate(
        sha256="00" * 32,
        subject="CN=example.com",
        issuer="CN=Example CA,O=Example",
        serial=serial,
        not_before=NOON,
        not_after=NOON,
        names=["example.com"],
        key="EC 256",
        self_signed=False,
    )
    return Handshake(
        **common(protocol="tls", side="server", sni=sni, version="TLSv1.3", cipher="X", alpn="h2")
        | {"certificate": certificate}
        | values
    )


def event_of(spec: Mapping[str, Any]) -> Event:
    """The event that a case file describes: ``{http: {...}}``, ``{dns: {...}}`` and so on.

    Bytes that are no text stand there in hexadecimal, ``response_hex`` for ``response``.
    """
    makers = {"http": exchange, "dns": query, "message": message, "tls": handshake}
    ((kind, values),) = spec.items()
    raw = {key: bytes.fromhex(value) for key, value in values.items() if key.endswith("_hex")}
    plain = {key: value for key, value in values.items() if key not in raw}
    return makers[kind](**plain, **{key.removesuffix("_hex"): data for key, data in raw.items()})


def records(events: Iterable[Event], path: Path) -> sqlite3.Connection:
    """The events as the recorder writes them, ready for the SQL of rules."""
    connection = Connection(**common(protocol="tcp"), mode="regular", gateway=None)
    connection.connection = connection.id
    written = rows.connection_rows(connection)
    for event in events:
        event.connection = connection.id
        written += rows_of(event)
    store = Store(path, busy_timeout=5.0)
    store.write(map(storable, written), policy="0" * 64)
    store.close()
    db = open_for_reading(path)
    sql.prepare(db)
    return db


def rows_of(event: Event) -> list[Row]:
    match event:
        case Exchange():
            sides = (rows.body_rows(event, side) for side in ("request", "response"))
            heads = [*rows.request_rows(event), *rows.reply_rows(event)]
            return [*heads, *chain.from_iterable(sides)]
        case Query():
            return [*rows.query_rows(event), *rows.answer_rows(event)]
        case Message():
            return rows.message_rows(event)
        case Handshake():
            return rows.handshake_rows(event)
    raise TypeError(event)


def found_by_sql(db: sqlite3.Connection, rule: Rule) -> set[str]:
    """The ids of the recorded events that a rule's SQL finds."""
    return {row[0] for row in db.execute(sql.to_sql(rule))}


def found_live(policy: Policy, events: Iterable[Event]) -> dict[Rule, set[str]]:
    """The ids of the events that each rule matches, each event decided phase by phase."""
    found: dict[Rule, set[str]] = {rule: set() for rule in policy.rules}
    for event in events:
        for rule in matched(policy, event):
            found[rule].add(event.id)
    return found


def matched(policy: Policy, event: Event) -> list[Rule]:
    """The rules that match an event, decided phase by phase."""
    evaluation = policy.evaluate(event)
    decisions = [evaluation.decide(phase) for phase in Phase]
    return [match.rule for decision in decisions for match in decision.matches]


def rule_text(
    detection: Mapping[str, Any], logsource: Mapping[str, str] | None = None, **keys: Any
) -> str:
    """A whole rule around a detection."""
    rule = {
        "title": "A rule",
        "id": str(uuid.uuid4()),
        "level": "low",
        "logsource": dict(logsource or {"category": "proxy"}),
        "detection": {"condition": "selection", **detection},
        **keys,
    }
    return yaml.safe_dump({k: v for k, v in rule.items() if v is not None}, allow_unicode=True)


def policy_of(folder: Path, *texts: str) -> Policy:
    """The policy of some rules, in their order."""
    path = folder / "policy.yml"
    path.write_text("---\n".join(texts))
    return load([path], ACTIONS)
