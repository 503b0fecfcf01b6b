"""``honeyweir timeline``: what happened, as a story."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import click

from honeyweir.review.events import event_rows, find_events
from honeyweir.review.filters import Filters
from honeyweir.review.options import filtered, json_option, limit_option, reading, rows_wanted
from honeyweir.review.output import documented, note_cut, note_empty, write_json_lines
from honeyweir.review.timeline import KEYS, entries, items, plumbing
from honeyweir.review.timeline_page import write_timeline

_LIMIT = 1000


@click.command(epilog=documented(KEYS))
@reading
@filtered
@limit_option(_LIMIT, "events")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Tell connections, handshakes and CONNECTs too that went well.",
)
@json_option
def timeline(
    records: sqlite3.Connection,
    filters: Filters,
    limit: int | None,
    everything: bool,
    as_json: bool,
) -> None:
    """Tell what happened, as a story.

    Events of all protocols come in the order of time, with findings and responses below them.
    What repeats itself is told once, with how often and until when. JSON has every event, and
    each finding and response after it.

    \b
    Examples:
      honeyweir timeline --decoy fin-01 --since 1d
      honeyweir timeline --level high --json
    """
    selection = find_events(records, filters, rows_wanted(limit, _LIMIT, as_json=as_json))
    if not selection.seqs:
        note_empty("events")
        return
    events = event_rows(records, selection.seqs)
    if as_json:
        write_json_lines(itertools.chain.from_iterable(map(items, events)))
    else:
        left_out: Counter[str] = Counter()
        write_timeline(entries(events if everything else _without_plumbing(events, left_out)))
        _note_left_out(left_out)
    note_cut(selection, "events")


def _without_plumbing(
    events: Iterable[dict[str, Any]], left_out: Counter[str]
) -> Iterator[dict[str, Any]]:
    for event in events:
        if kind := plumbing(event):
            left_out[kind] += 1
        else:
            yield event


def _note_left_out(left_out: Counter[str]) -> None:
    if left_out:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(left_out.items()))
        click.echo(f"left out, since they went well: {told}; --all tells them", err=True)
