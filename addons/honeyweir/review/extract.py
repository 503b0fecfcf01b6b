"""Which of an event's payloads somebody means."""

from __future__ import annotations

from honeyweir.record.errors import RecordError
from honeyweir.review.detail import Change, Detail
from honeyweir.review.payloads import Payload

SIDES = ("request", "response", "request_head", "response_head")


def carried(detail: Detail, side: str | None) -> Payload:
    """What an event carried: of a side, or the only one. Raises RecordError if that is unclear."""
    if side is not None:
        if side not in detail.payloads:
            raise RecordError(f"it has no {side} that was kept{_there(detail)}")
        return detail.payloads[side]
    bodies = [name for name in detail.payloads if not name.endswith("_head")]
    if not bodies:
        raise RecordError(f"this {detail.facts['kind']} carried no payload{_there(detail)}")
    if len(bodies) > 1:
        raise RecordError(f"say which with --side{_there(detail)}")
    return detail.payloads[bodies[0]]


def altered(detail: Detail, side: str | None, *, original: bool) -> Payload:
    """One form of what was altered: as it was sent, or as it went on after all alterations.

    Raises RecordError where nothing was, or where it is unclear which part is meant.
    """
    changes = [change for change in detail.changes if change.original and change.altered]
    if side is not None:
        changes = [change for change in changes if _side(change) == side]
    parts = list(dict.fromkeys(change.part for change in changes))
    bodies = [part for part in parts if part.endswith("_body")]
    if not parts:
        raise RecordError("nothing of it was altered; leave --original and --altered out")
    if len(parts) > 1 and len(bodies) != 1:
        raise RecordError(f"several parts were altered: {', '.join(parts)}; say which with --side")
    part = bodies[0] if bodies else parts[0]
    forms = [change for change in changes if change.part == part]
    form = forms[0].original if original else forms[-1].altered
    assert form
    return form


def _side(change: Change) -> str:
    """The side that an altered part belongs to; a message has none."""
    return "request" if change.part == "url" else change.part.partition("_")[0]


def _there(detail: Detail) -> str:
    there = [
        f"{side.replace('_', ' ')}, {payload.size} bytes"
        for side, payload in detail.payloads.items()
    ]
    return f" (there is: {'; '.join(there)})" if there else ""
