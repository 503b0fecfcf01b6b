"""``honeyweir events``: what was seen on the wire."""

from __future__ import annotations

import sqlite3
from typing import Any

import click

from honeyweir.review.events import KEYS, event_rows, find_events
from honeyweir.review.filters import Filters, severity
from honeyweir.review.layout import Column
from honeyweir.review.options import filtered, json_option, limit_option, reading, rows_wanted
from honeyweir.review.output import documented, write_selection
from honeyweir.review.table import Cell, Row, level_style, short_id, short_time, size

_LIMIT = 50

_COLUMNS = (
    Column("TIME (UTC)"),
    Column("ID"),
    Column("DECOY", narrow=8),
    Column("PROTOCOL", minor=5),
    Column("WHAT", narrow=6),
    Column("URL OR HOST", narrow=16),
    Column("STATUS", minor=2),
    Column("SENT", right=True, minor=3),
    Column("RECEIVED", right=True, minor=4),
    Column("FINDING", narrow=8),
    Column("RESPONSE", minor=1),
)


@click.command(epilog=documented(KEYS))
@reading
@filtered
@limit_option(_LIMIT, "events")
@json_option
def events(records: sqlite3.Connection, filters: Filters, limit: int | None, as_json: bool) -> None:
    """Show what was seen on the wire, oldest first.

    The ID of the table is the end of an event's id, enough for `honeyweir show ID`.

    \b
    Examples:
      honeyweir events --decoy fin-01 --since 2h
      honeyweir events --host evil.example --level high --json
    """
    selection = find_events(records, filters, rows_wanted(limit, _LIMIT, as_json=as_json))
    rows = event_rows(records, selection.seqs)
    write_selection(selection, rows, "events", _COLUMNS, _line, as_json=as_json)


def _line(event: dict[str, Any]) -> Row:
    finding, style = _finding(event["findings"])
    return (
        Cell(short_time(event["time"])),
        Cell(short_id(event["id"]), "bold"),
        Cell(event["decoy"]),
        Cell(event["protocol"]),
        Cell(event["method"] or event["kind"]),
        Cell(event["url"] or event["host"] or event["server"] or ""),
        _status(event),
        Cell(size(event["request_bytes"])),
        Cell(size(event["response_bytes"])),
        Cell(finding, style),
        Cell(", ".join(dict.fromkeys(mark["action"] for mark in event["responses"])), "magenta"),
    )


def _status(event: dict[str, Any]) -> Cell:
    if event["status"] is not None:
        return Cell(str(event["status"]))
    return Cell("failed", "red") if event["error"] else Cell("")


def _finding(marks: list[dict[str, str]]) -> tuple[str, str]:
    """The most serious finding of an event, how many more there are, and its style."""
    if not marks:
        return "", ""
    worst = max(marks, key=lambda mark: severity(mark["level"]))
    more = f" +{len(marks) - 1}" if len(marks) > 1 else ""
    return f"{worst['level']}{more}: {worst['title']}", level_style(worst["level"])
