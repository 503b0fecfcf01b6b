"""What the commands that list something have in common: a table or JSON lines, and what was cut."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from honeyweir.review.events import COUNT_LIMIT, Selection
from honeyweir.review.layout import Column
from honeyweir.review.safe import to_json
from honeyweir.review.table import Row, write_table


def documented(keys: Mapping[str, str], title: str = "Keys of the JSON lines") -> str:
    """The part of a command's help that tells the keys of its JSON."""
    width = max(map(len, keys))
    lines = (f"  {key.ljust(width)}  {meaning}" for key, meaning in keys.items())
    return f"\b\n{title}:\n" + "\n".join(lines)


def write_selection(
    selection: Selection,
    rows: Iterable[dict[str, Any]],
    what: str,
    columns: Iterable[Column],
    line: Callable[[dict[str, Any]], Row],
    *,
    as_json: bool,
) -> None:
    """Print the rows that were selected; say on standard error that there are none, or more."""
    if not selection.seqs:
        note_empty(what)
        return
    if as_json:
        write_json_lines(rows)
    else:
        write_table(tuple(columns), map(line, rows))
    note_cut(selection, what)


def note_empty(what: str) -> None:
    """Say on standard error that there is nothing to show."""
    click.echo(f"no {what} to show: none is recorded, or none passes the filters", err=True)


def note_cut(selection: Selection, what: str) -> None:
    """Say on standard error that there is more, if there is."""
    if selection.total <= len(selection.seqs):
        return
    total = f"{selection.total}"
    if selection.total > COUNT_LIMIT:
        total = f"more than {COUNT_LIMIT}"
    click.echo(f"the newest {len(selection.seqs)} of {total} {what}; --limit 0 shows all", err=True)


def write_json_lines(rows: Iterable[object]) -> None:
    """One JSON value a line, in ASCII."""
    for row in rows:
        sys.stdout.write(to_json(row) + "\n")
