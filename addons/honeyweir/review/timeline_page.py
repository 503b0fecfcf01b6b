"""The timeline for people: a line an entry, with what was recognised and done below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from honeyweir.review.page import Line, write_lines
from honeyweir.review.safe import CUT, cell
from honeyweir.review.sentence import deed, sentence, subject
from honeyweir.review.table import CELL_LIMIT, level_style, short_id, size
from honeyweir.review.timeline import Entry

_MARGIN = " " * 24

_TIMES = "\N{MULTIPLICATION SIGN}"


def write_timeline(entries: Iterable[Entry]) -> None:
    """Print entries under the days on which they began."""
    write_lines(_lines(entries), wrap=False)


def _lines(entries: Iterable[Entry]) -> Iterator[Line]:
    day = None
    for entry in entries:
        if entry.first["time"][:10] != day:
            day = entry.first["time"][:10]
            yield f"{day} (UTC)", "bold"
        yield _line(entry), ""
        if entry.count > 1:
            yield _MARGIN + _repeats(entry) + _amount(entry), "dim"
        yield from _findings(entry)
        yield from _responses(entry)


def _line(entry: Entry) -> str:
    event = entry.first
    start = f"{event['time'][11:19]}  {short_id(event['id'])}  {event['decoy']}  "
    return start + cell(_text(entry), CELL_LIMIT) + (_amount(entry) if entry.count == 1 else "")


def _text(entry: Entry) -> str:
    """What happened; of what differs among the events of an entry only the mark is left."""
    event = entry.first
    if not entry.varied:
        return sentence(event)
    common = subject(event)
    if event["kind"] == "query":
        return sentence(event | {"host": f"{CUT}.{common}"})
    return sentence(event | {"url": f"{common}?{CUT}"})


def _amount(entry: Entry) -> str:
    told = [
        f"{verb} {size(amount)}"
        for verb, amount in (("sent", entry.sent), ("received", entry.received))
        if amount
    ]
    return f" ({', '.join(told)})" if told else ""


def _repeats(entry: Entry) -> str:
    first, last = entry.first["time"], entry.last["time"]
    until = last[11:19] if last[:10] == first[:10] else f"{last[:10]} {last[11:19]}"
    return f"{_TIMES}{entry.count} until {until}"


def _findings(entry: Entry) -> Iterator[Line]:
    """Each finding once: those that say the same only as how many more there are."""
    alike: dict[tuple[str, str], list[str]] = {}
    for mark in entry.findings.values():
        alike.setdefault((mark["level"], mark["title"]), []).append(mark["id"])
    for (level, title), ids in alike.items():
        more = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
        yield f"{_MARGIN}! {level}: {title} [{short_id(ids[0])}{more}]", level_style(level)


def _responses(entry: Entry) -> Iterator[Line]:
    """What was done to its events, which is the same for all of them."""
    done = Counter(map(deed, entry.first["responses"]))
    for text, times in done.items():
        yield f"{_MARGIN}> {text}" + (f" {_TIMES}{times}" if times > 1 else ""), "magenta"
