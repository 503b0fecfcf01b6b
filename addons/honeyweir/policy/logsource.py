"""Which events a rule's ``logsource`` names."""

from __future__ import annotations

from sigma.rule import SigmaLogSource

SERVED = (
    "category proxy, webserver or dns; product zeek with service http, dns, ssl or x509;"
    " product honeyweir with service http, dns, tls, websocket, tcp or udp"
)

_CATEGORIES = {"proxy": "http", "webserver": "http", "dns": "dns"}

_SERVICES = {
    ("zeek", "http"): ("http", None),
    ("zeek", "dns"): ("dns", None),
    ("zeek", "ssl"): ("tls", None),
    ("zeek", "x509"): ("tls", None),
    ("honeyweir", "http"): ("http", None),
    ("honeyweir", "dns"): ("dns", None),
    ("honeyweir", "tls"): ("tls", None),
    ("honeyweir", "websocket"): ("message", "websocket"),
    ("honeyweir", "tcp"): ("message", "tcp"),
    ("honeyweir", "udp"): ("message", "udp"),
}


def served(logsource: SigmaLogSource) -> tuple[str, str | None] | None:
    """The name in SOURCES and the protocol that it is narrowed to; None: we see no such events.

    A category says what kind of events a rule is about, whichever product logs them.
    """
    if logsource.category is not None:
        source = _CATEGORIES.get(logsource.category)
        return None if source is None else (source, None)
    return _SERVICES.get((logsource.product or "", logsource.service or ""))
