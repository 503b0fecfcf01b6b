"""``honeyweir sql``: any question to the records."""

from __future__ import annotations

import base64
import itertools
import math
import sqlite3

import click

from honeyweir.review.layout import Column
from honeyweir.review.options import reading
from honeyweir.review.output import write_json_lines
from honeyweir.review.statement import run
from honeyweir.review.table import Cell, write_table


@click.command()
@click.argument("query")
@reading
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop a query that takes longer.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines, with the columns as keys.")
def sql(records: sqlite3.Connection, query: str, timeout: float, as_json: bool) -> None:
    """Ask the records in SQL; nothing can be changed.

    Views with plain names: timeline, http, dns, tls, streams, findings_summary. In the views
    sigma_http, sigma_dns, sigma_tls and sigma_message the columns have the names of Sigma's
    fields; X REGEXP pattern works as in rules, and weir_body(payload, headers) is a body as text.
    Bytes are shown in hexadecimal; in JSON they are {"$base64": true, "encoded": "..."}.

    \b
    Examples:
      honeyweir sql "SELECT decoy, count(*) FROM http GROUP BY decoy"
      honeyweir sql "SELECT id, url FROM http WHERE url REGEXP '[0-9a-f]{32}'" --json
    """
    answer = run(records, query, timeout)
    first = next(answer.rows, None)
    if first is None:
        click.echo("no rows", err=True)
        return
    rows = itertools.chain([first], answer.rows)
    if as_json:
        write_json_lines(dict(zip(answer.columns, map(_json, row), strict=True)) for row in rows)
    else:
        columns = [Column(name, narrow=8) for name in answer.columns]
        write_table(columns, (list(map(_cell, row)) for row in rows))


def _json(value: object) -> object:
    """Bytes as sqlite-utils and Datasette write them in JSON, and numbers that JSON has not."""
    if isinstance(value, bytes):
        return {"$base64": True, "encoded": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _cell(value: object) -> Cell:
    if value is None:
        return Cell("NULL", "dim")
    return Cell(value.hex() if isinstance(value, bytes) else str(value))
