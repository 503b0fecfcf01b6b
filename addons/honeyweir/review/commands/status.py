"""``honeyweir status``: the records at a glance."""

from __future__ import annotations

import sqlite3
from typing import Any

import click

from honeyweir.review.filters import Filters
from honeyweir.review.layout import Column
from honeyweir.review.options import filtered, json_option, reading
from honeyweir.review.output import documented, write_json_lines
from honeyweir.review.page import Page
from honeyweir.review.summary import KEYS, summary
from honeyweir.review.table import Cell, Row, level_style, short_time, size, write_table
from honeyweir.review.times import duration

_COLUMNS = (
    Column("DECOY", narrow=12),
    Column("FIRST SEEN (UTC)", minor=3),
    Column("LAST SEEN (UTC)"),
    Column("CONNECTIONS", right=True, minor=4),
    Column("EXCHANGES", right=True),
    Column("QUERIES", right=True, minor=1),
    Column("MESSAGES", right=True, minor=2),
    Column("SENT", right=True),
    Column("RECEIVED", right=True),
)


@click.command(epilog=documented(KEYS, "Keys of the JSON object"))
@reading
@filtered
@json_option
def status(records: sqlite3.Connection, filters: Filters, as_json: bool) -> None:
    """Show the records at a glance.

    Whose traffic it is, how much, what was found in it, and what was done to it.

    \b
    Examples:
      honeyweir status
      honeyweir status --since 1h --json
    """
    told = summary(records, filters)
    if as_json:
        write_json_lines([told])
        return
    _write_records(told)
    if told["decoys"]:
        click.echo()
        write_table(_COLUMNS, map(_line, told["decoys"]))
        _write_contents(told)
    else:
        click.echo("no events to show: none is recorded, or none passes the filters", err=True)


def _write_records(told: dict[str, Any]) -> None:
    page = Page()
    page.title(told["path"])
    age = told["last_commit_age"]
    page.fields(
        {
            "size": size(told["bytes"]),
            "last commit": "none" if age is None else f"{duration(round(age * 1e6))} ago",
            "policy": told["policy"],
            "rejects": told["rejects"] or "",
        }
    )
    page.write()


def _write_contents(told: dict[str, Any]) -> None:
    page = Page()
    page.heading("findings")
    for level, count in told["findings"].items():
        page.lines([f"{level:<13}  {count}"], level_style(level) if count else "dim")
    page.heading("responses")
    page.fields(told["responses"] or {"none": 0})
    page.heading("hosts asked for most")
    page.lines(f"{host['events']:>8}  {host['host']}" for host in told["hosts"])
    page.write()


def _line(decoy: dict[str, Any]) -> Row:
    return (
        Cell(decoy["decoy"]),
        Cell(short_time(decoy["first"])),
        Cell(short_time(decoy["last"])),
        *(Cell(str(decoy[key])) for key in ("connections", "exchanges", "queries", "messages")),
        Cell(size(decoy["request_bytes"])),
        Cell(size(decoy["response_bytes"])),
    )
