"""What happened, as a story: events in the order of time, what repeats itself told once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from honeyweir.review.sentence import Event, deed, sentence, signature

KEYS = {
    "time": "of the event, ISO 8601, UTC, microseconds",
    "type": "event, finding or response; the last two follow the event that they are about",
    "id": "of the event or the finding; null for a response",
    "event": "the id of the event",
    "decoy": "whose traffic it is",
    "protocol": "of the event",
    "level": "of a finding, or null",
    "text": "what happened, what was recognised, or what was done by which rule",
}
"""The keys of an item of the timeline in JSON, in their order."""

GAP = timedelta(hours=1)
"""What repeats itself after a longer silence is told again."""

OPEN_LIMIT = 10_000
"""Entries that may still grow; with more, the oldest is told as it is."""

_OK = 200

_PLUMBING = {"connection", "server_connection", "handshake", "CONNECT"}


@dataclass(slots=True)
class Entry:
    """Events that are alike, told as one."""

    first: Event
    last: Event
    count: int = 0
    sent: int = 0
    received: int = 0
    subjects: set[str] = field(default_factory=set)  # two at most: one, or several
    findings: dict[str, dict[str, str]] = field(default_factory=dict)  # by id

    def add(self, event: Event) -> None:
        """Tell one more event with the others."""
        self.last = event
        self.count += 1
        self.sent += event["request_bytes"] or 0
        self.received += event["response_bytes"] or 0
        if len(self.subjects) < 2:
            self.subjects.add(sentence(event))
        self.findings.update((mark["id"], mark) for mark in event["findings"])

    @property
    def varied(self) -> bool:
        """Whether its events differ in what they say, as in the query of a URL."""
        return len(self.subjects) > 1


def plumbing(event: Event) -> str | None:
    """What an event is that only carried others, and that a story can leave out."""
    if event["findings"] or event["responses"] or event["error"]:
        return None
    kind = event["method"] if event["kind"] == "exchange" else event["kind"]
    went_well = event["status"] in (None, _OK)
    return kind if kind in _PLUMBING and went_well else None


def entries(events: Iterable[Event]) -> Iterator[Entry]:
    """Events as entries, both in the order in which they began."""
    current: dict[tuple[object, ...], Entry] = {}
    waiting: deque[tuple[tuple[object, ...], Entry]] = deque()
    for event in events:
        key = signature(event)
        entry = current.get(key)
        if entry is None or _silence(entry, event) > GAP:
            entry = current[key] = Entry(event, event)
            waiting.append((key, entry))
        entry.add(event)
        while waiting and (len(waiting) > OPEN_LIMIT or _silence(waiting[0][1], event) > GAP):
            yield _close(current, *waiting.popleft())
    yield from (entry for _, entry in waiting)


def _close(
    current: dict[tuple[object, ...], Entry], key: tuple[object, ...], entry: Entry
) -> Entry:
    if current.get(key) is entry:
        del current[key]
    return entry


def _silence(entry: Entry, event: Event) -> timedelta:
    return _moment(event) - _moment(entry.last)


def _moment(event: Event) -> datetime:
    try:
        return datetime.fromisoformat(event["time"])
    except ValueError:
        return _NO_MOMENT


_NO_MOMENT = datetime.min.replace(tzinfo=UTC)
"""Stands for a number in the records that is no time."""


def items(event: Event) -> Iterator[dict[str, Any]]:
    """An event, its findings and its responses, with the keys of ``KEYS``."""
    yield _item(event, "event", event["id"], None, sentence(event))
    for mark in event["findings"]:
        yield _item(event, "finding", mark["id"], mark["level"], mark["title"])
    for mark in event["responses"]:
        yield _item(event, "response", None, None, deed(mark))


def _item(
    event: Event, type_: str, identity: str | None, level: str | None, text: str
) -> dict[str, Any]:
    return {
        "time": event["time"],
        "type": type_,
        "id": identity,
        "event": event["id"],
        "decoy": event["decoy"],
        "protocol": event["protocol"],
        "level": level,
        "text": text,
    }
