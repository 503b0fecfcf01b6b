"""An event in a few words, and which events say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Event = dict[str, Any]

_NAME_LABELS = 3
"""A DNS name with as many labels is told with those below the same name as one: a tunnel has a
new first label in each query."""


def sentence(event: Event) -> str:
    """What happened, without when, whose it was, and how much."""
    match event["kind"]:
        case "exchange":
            return f"{event['method']} {event['url']}{_outcome(event)}"
        case "query":
            return f"asks {event['method']} {event['host']}{_outcome(event)}"
        case "message":
            return f"{event['protocol']} messages with {_peer(event)}"
        case "handshake":
            return f"TLS handshake with {_peer(event)}{_outcome(event)}"
        case "server_connection":
            return f"{_peer(event)} is dialled{_outcome(event)}"
    return (
        f"connects to {event['server'] or 'the gateway'} over {event['protocol']}{_outcome(event)}"
    )


def deed(response: Mapping[str, Any]) -> str:
    """What was done, to which part or in which way, and by which rule."""
    detail = response["detail"]
    way = detail.get("part") or detail.get("how")
    if way == "status":
        way = f"status {detail.get('status')}"
    return f"{response['action']}{f' ({way})' if way else ''} by {response['title']}"


def signature(event: Event) -> tuple[object, ...]:
    """Equal for events that a story tells as one: alike in all but time, size and small change."""
    return (
        event["decoy"],
        event["kind"],
        event["protocol"],
        event["method"],
        subject(event),
        event["status"],
        event["error"],
        tuple(sorted({(mark["level"], mark["title"]) for mark in event["findings"]})),
        tuple((mark["rule_id"], deed(mark)) for mark in event["responses"]),
    )


def subject(event: Event) -> str:
    """What an event is about: a URL up to its query, a DNS name's parent, or who it was with."""
    if event["kind"] == "query":
        return parent(event["host"] or "")
    if event["url"]:
        return str(event["url"]).partition("?")[0]
    return _peer(event)


def parent(name: str) -> str:
    """The name without its first label, where it has enough of them."""
    first, _, rest = name.partition(".")
    return rest if first and rest.rstrip(".").count(".") >= _NAME_LABELS - 2 else name


def _peer(event: Event) -> str:
    return str(event["host"] or event["server"] or "the gateway")


def _outcome(event: Event) -> str:
    if event["status"] is not None:
        return f" -> {event['status']}"
    return f", failed: {event['error']}" if event["error"] else ""
