"""Could a body not be decoded to its end? Then something in it was not looked at.

ATT&CK T1027 (Obfuscated Files or Information): decompression bombs, unknown or broken encodings.
"""

from __future__ import annotations

from collections.abc import Iterator

from honeyweir.content import decoded_text, encodings
from honeyweir.model import Body, Event, Evidence, Exchange, Finding, Headers, Level

SOURCE = "undecoded"


def inspect(event: Event) -> Iterator[Finding]:
    """A finding for each body of an exchange whose content-encoding could not be undone."""
    if not isinstance(event, Exchange):
        return
    sides: list[tuple[str, Body | None, Headers]] = [
        ("request_body", event.request_body, event.headers),
        ("response_body", event.response_body, event.reply.headers if event.reply else ()),
    ]
    for field, body, headers in sides:
        if body and encodings(headers) and (problem := _problem(body, headers)):
            yield Finding(
                time=event.time,
                source=SOURCE,
                rule_id=f"{SOURCE}.{field}",
                title="A body could not be decoded to its end",
                level=Level.MEDIUM if field == "request_body" else Level.LOW,
                decoy=event.decoy,
                events=[event.id],
                tags=["attack.defense-evasion", "attack.t1027"],
                evidence=[Evidence(field, problem)],
            )


def _problem(body: Body, headers: Headers) -> str | None:
    if body.problem is None and body.size == len(body.data):
        decoded_text(body, headers)
    return body.problem
