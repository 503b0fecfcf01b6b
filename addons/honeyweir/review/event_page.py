"""Everything about one event, for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from honeyweir.review import connection_page
from honeyweir.review.detail import LISTED, Change, Detail
from honeyweir.review.difference import difference
from honeyweir.review.finding_page import event_line, evidence_lines
from honeyweir.review.page import Page
from honeyweir.review.payloads import Payload
from honeyweir.review.pretty import lines
from honeyweir.review.table import level_style


def write_event(detail: Detail) -> None:
    """Print an event: how it came, what it carried, what was recognised, what was done."""
    page = Page()
    page.title(f"{detail.facts['kind']} {detail.facts['id']}")
    connection_page.add(page, detail.facts)
    _PARTS.get(detail.facts["kind"], _nothing_more)(page, detail)
    for finding in detail.facts["findings"]:
        _finding(page, finding)
    for change in detail.changes:
        _change(page, change)
    for name, listed in (("findings", detail.facts["findings"]), ("responses", detail.changes)):
        if len(listed) == LISTED:
            page.lines([f"[the first {LISTED} {name} of this event]"])
    page.write()


def _exchange(page: Page, detail: Detail) -> None:
    facts = detail.facts
    request, response = facts["request"], facts["response"]
    if request:
        page.heading("request")
        page.lines([f"{facts['method']} {facts['url']} {request['http_version']}"])
        _head(page, detail, "request")
    if response:
        page.heading("response")
        page.lines([f"{response['http_version']} {response['status']} {response['reason']}"])
        _head(page, detail, "response")
    page.heading("end")
    page.fields({"time": facts["ended"] or "not yet", "error": facts["error"]})


def _head(page: Page, detail: Detail, side: str) -> None:
    """Headers and body of one side."""
    page.lines(f"{name}: {value}" for name, value in detail.facts[side]["headers"])
    if f"{side}_head" in detail.payloads:
        page.lines(["[cut: what is below holds the whole head]"], "yellow")
        _payload(page, f"{side} head", detail.payloads[f"{side}_head"])
    if side in detail.payloads:
        _payload(page, f"{side} body", detail.payloads[side])


def _message(page: Page, detail: Detail) -> None:
    told = detail.facts.get("message", {})
    page.heading("message")
    page.fields(
        {
            "from": "the decoy" if told.get("from_client") else "the origin",
            "URL": detail.facts["url"],
            "WebSocket of": told.get("exchange"),
        }
    )
    if "message" in detail.payloads:
        _payload(page, "payload", detail.payloads["message"])


def _query(page: Page, detail: Detail) -> None:
    query, answer = detail.facts["query"] or {}, detail.facts["answer"]
    page.heading("query")
    page.fields(query)
    page.heading("answer")
    if answer is None:
        page.lines(["none yet"])
        return
    page.fields({key: answer[key] for key in ("time", "rcode", "error")})
    page.lines(
        f"{record['name']} {record['ttl']} {record['type']} {record['data']}"
        for record in answer["records"]
    )


def _connection(page: Page, detail: Detail) -> None:
    events, count = detail.facts["events"], detail.facts["event_count"]
    page.heading(f"events on it: {count}")
    page.lines(map(event_line, events))
    if count > len(events):
        page.lines([f"[{count - len(events)} more]"])


def _handshake(page: Page, detail: Detail) -> None:
    if "client_hello" in detail.payloads:
        _payload(page, "ClientHello", detail.payloads["client_hello"])


def _nothing_more(page: Page, detail: Detail) -> None:
    """Of other kinds all is told with the connection."""


_PARTS: dict[str, Callable[[Page, Detail], None]] = {
    "exchange": _exchange,
    "message": _message,
    "query": _query,
    "connection": _connection,
    "handshake": _handshake,
}


def _payload(page: Page, name: str, payload: Payload) -> None:
    page.heading(f"{name}: {payload.size} bytes")
    kept = f"the first {len(payload.data)} bytes" if payload.truncated else ""
    page.fields(
        {
            "sha256": payload.sha256.hex(),
            "type": payload.media_type,
            "kept": kept,
            "broken off": "" if payload.complete else "the transfer did not come to its end",
        }
    )
    page.lines(lines(payload))


def _finding(page: Page, finding: dict[str, Any]) -> None:
    page.heading(f"finding: {finding['title']}", level_style(finding["level"]))
    page.fields(
        {
            "id": finding["id"],
            "level": finding["level"],
            "rule": f"{finding['rule_id']} ({finding['source']})",
            "tags": " ".join(finding["tags"]),
            "events": finding["count"],
        }
    )
    page.lines(f"evidence in {line}" for line in evidence_lines(finding))


def _change(page: Page, change: Change) -> None:
    told = change.facts
    page.heading(f"response: {told['action']}", "magenta")
    rule = f"{told['rule_id']}: {told['title']}"
    page.fields({"time": told["time"], "rule": rule, **told["detail"]})
    if change.original and change.altered:
        page.lines(["--- what was sent", "+++ what went on in its place"], "bold")
        page.difference(difference(change.original, change.altered))
