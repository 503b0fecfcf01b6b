"""The part of an event's page that tells how it came: who, over what, to where."""

from __future__ import annotations

from typing import Any

from honeyweir.review.facts import LISTED
from honeyweir.review.page import Page

_VERIFIED = {True: "yes", False: "no", None: None}


def add(page: Page, facts: dict[str, Any]) -> None:
    """Tell the connection, its TLS and the origins that were dialled for it."""
    page.fields(_who(facts))
    for handshake in facts["tls"]:
        whom = "the decoy" if handshake["side"] == "client" else "the origin"
        page.heading(f"TLS with {whom}", "red" if handshake["error"] else "")
        page.fields(_handshake(handshake))
    if facts["origins"]:
        page.heading("origin")
        page.lines(map(_origin, facts["origins"]))
    for name in ("tls", "origins"):
        if len(facts[name]) == LISTED:
            page.lines([f"[the first {LISTED} {name} of this connection]"])


def _who(facts: dict[str, Any]) -> dict[str, object]:
    connection = facts["connection"] or {}
    role = f" ({facts['decoy_role']})" if facts["decoy_role"] else ""
    return {
        "time": facts["time"],
        "decoy": facts["decoy"] + role,
        "protocol": facts["protocol"],
        "client": facts["client"],
        "server": facts["server"],
        "host": facts["host"],
        "connection": connection.get("id"),
        "opened": connection.get("time"),
        "closed": connection.get("ended"),
        "closed with": connection.get("error"),
        "mode": connection.get("mode"),
        "gateway": connection.get("gateway"),
    }


def _handshake(handshake: dict[str, Any]) -> dict[str, object]:
    certificate = handshake["certificate"]
    return {
        "failed": handshake["error"],
        "SNI": handshake["sni"],
        "version": handshake["version"],
        "cipher": handshake["cipher"],
        "ALPN": handshake["alpn"],
        "offered versions": ", ".join(handshake["offered_versions"]),
        "offered ALPN": ", ".join(handshake["offered_alpn"]),
        "offered ciphers": " ".join(f"{number:04x}" for number in handshake["offered_ciphers"]),
        "verified": _VERIFIED[handshake["verified"]],
        **(_certificate(certificate) if certificate else {}),
    }


def _certificate(certificate: dict[str, Any]) -> dict[str, object]:
    return {
        "subject": certificate["subject"],
        "issuer": certificate["issuer"] + (" (self-signed)" if certificate["self_signed"] else ""),
        "names": ", ".join(certificate["names"]),
        "valid": f"{certificate['not_before']} to {certificate['not_after']}",
        "key": certificate["key"],
        "serial": certificate["serial"],
        "sha256": certificate["sha256"],
    }


def _origin(origin: dict[str, Any]) -> str:
    dialled = f" at {origin['peer']}" if origin["peer"] else ""
    failed = f": failed, {origin['error']}" if origin["error"] else ""
    return f"{origin['time']}  {origin['server']}{dialled}{failed}"
