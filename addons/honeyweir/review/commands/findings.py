"""``honeyweir findings``: what was recognised."""

from __future__ import annotations

import sqlite3
from typing import Any

import click

from honeyweir.review.filters import Filters
from honeyweir.review.findings import KEYS, find_findings, finding_rows
from honeyweir.review.layout import Column
from honeyweir.review.options import filtered, json_option, limit_option, reading, rows_wanted
from honeyweir.review.output import documented, write_selection
from honeyweir.review.table import Cell, Row, level_style, short_id, short_time

_LIMIT = 50

_COLUMNS = (
    Column("FIRST (UTC)"),
    Column("LAST (UTC)", minor=3),
    Column("ID"),
    Column("LEVEL"),
    Column("DECOY", narrow=8),
    Column("EVENTS", right=True),
    Column("TITLE", narrow=16),
    Column("SOURCE", narrow=8, minor=1),
    Column("TAGS", narrow=12, minor=2),
)


@click.command(epilog=documented(KEYS))
@reading
@filtered
@limit_option(_LIMIT, "findings")
@json_option
def findings(
    records: sqlite3.Connection, filters: Filters, limit: int | None, as_json: bool
) -> None:
    """Show what was recognised, oldest first.

    What is asked of host, protocol and text one of a finding's events must answer. --since takes
    in findings that began before and have had an event since then.

    \b
    Examples:
      honeyweir findings --level medium --since 3d
      honeyweir findings --decoy fin-01 --json
    """
    selection = find_findings(records, filters, rows_wanted(limit, _LIMIT, as_json=as_json))
    rows = finding_rows(records, selection.seqs)
    write_selection(selection, rows, "findings", _COLUMNS, _line, as_json=as_json)


def _line(finding: dict[str, Any]) -> Row:
    style = level_style(finding["level"])
    return (
        Cell(short_time(finding["time"])),
        Cell(short_time(finding["last_time"])),
        Cell(short_id(finding["id"]), "bold"),
        Cell(finding["level"], style),
        Cell(finding["decoy"]),
        Cell(str(finding["count"])),
        Cell(finding["title"], style),
        Cell(finding["source"]),
        Cell(" ".join(finding["tags"])),
    )
