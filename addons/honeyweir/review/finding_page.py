"""Everything about one finding, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from honeyweir.review.page import Page
from honeyweir.review.table import level_style, short_time


def write_finding(finding: dict[str, Any]) -> None:
    """Print a finding: its text, what proves it, and its events."""
    page = Page()
    page.title(f"finding {finding['id']}")
    page.heading(finding["title"], level_style(finding["level"]))
    page.fields(
        {
            "level": finding["level"],
            "decoy": finding["decoy"],
            "first": finding["time"],
            "last": finding["last_time"],
            "source": finding["source"],
            "rule": finding["rule_id"],
            "tags": " ".join(finding["tags"]),
        }
    )
    page.heading("evidence")
    page.lines(evidence_lines(finding))
    events, count = finding["events"], finding["count"]
    page.heading(f"events: {count}")
    page.lines(map(event_line, events))
    if count > len(events):
        page.lines([f"[{count - len(events)} more: `honeyweir findings --json` has their ids]"])
    page.write()


def evidence_lines(finding: dict[str, Any]) -> Iterator[str]:
    """What proves a finding, a line for each place in which it was seen."""
    return (f"{item['field']}: {item['value']}" for item in finding["evidence"])


def event_line(event: dict[str, Any]) -> str:
    """An event on one line."""
    what = event["method"] or event["kind"]
    where = event["url"] or event["host"] or event["server"] or ""
    status = "" if event["status"] is None else f" -> {event['status']}"
    return (
        f"{short_time(event['time'])}  {event['id']}  {event['protocol']}  {what} {where}{status}"
    )
