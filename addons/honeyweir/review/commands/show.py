"""``honeyweir show``: everything about one event or finding."""

from __future__ import annotations

import sqlite3

import click

from honeyweir.review.detail import EVENT_KEYS, FINDING_KEYS, event_detail, finding_detail
from honeyweir.review.event_page import write_event
from honeyweir.review.finding_page import write_finding
from honeyweir.review.identify import identify
from honeyweir.review.options import json_option, reading
from honeyweir.review.output import documented, write_json_lines


@click.command(
    epilog=documented(EVENT_KEYS, "Keys of an event in JSON")
    + "\n\n"
    + documented(FINDING_KEYS, "Keys of a finding in JSON")
)
@click.argument("id_", metavar="ID")
@reading
@json_option
def show(records: sqlite3.Connection, id_: str, as_json: bool) -> None:
    """Show everything about an event or a finding.

    ID is its id, the beginning of it, or its last 12 characters, as tables have it. Bodies are
    shown by their type, without content-encodings, and only their beginning if they are long;
    `honeyweir payload` has the bytes as they were.

    \b
    Examples:
      honeyweir show 83517c26c59b
      honeyweir show 0199d713-a643-7527-a9bd-83517c26c59b --json
    """
    subject = identify(records, id_, "events", "findings")
    if subject.table == "findings":
        finding = finding_detail(records, subject.id)
        write_json_lines([finding]) if as_json else write_finding(finding)
    else:
        detail = event_detail(records, subject.id)
        write_json_lines([detail.as_json()]) if as_json else write_event(detail)
