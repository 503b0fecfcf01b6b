"""Did a TLS handshake fail? A client that pins its certificate, or one that looks for a proxy.

ATT&CK T1573.002 (Asymmetric Cryptography): malware that brings its own trust does not accept ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from honeyweir.model import Event, Evidence, Finding, Handshake, Level

SOURCE = "failed_handshake"

_CLIENT = "The decoy broke off the TLS handshake"
_SERVER = "The TLS handshake with the origin failed"


def inspect(event: Event) -> Iterator[Finding]:
    """A finding for every handshake that failed."""
    if not isinstance(event, Handshake) or event.error is None:
        return
    on_client_side = event.side == "client"
    yield Finding(
        time=event.time,
        source=SOURCE,
        rule_id=f"{SOURCE}.{event.side}",
        title=_CLIENT if on_client_side else _SERVER,
        level=Level.MEDIUM if on_client_side else Level.LOW,
        decoy=event.decoy,
        events=[event.id],
        tags=["attack.command-and-control", "attack.t1573.002"],
        evidence=[Evidence("error", event.error), Evidence("tls.sni", event.sni or "")],
    )
