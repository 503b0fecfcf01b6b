"""Which event or finding somebody means by an id, or a part of one."""

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

from honeyweir.record.errors import RecordError
from honeyweir.review.database import select

_PART = re.compile(r"[0-9a-f-]{1,36}")

_SHORT = re.compile(r"[0-9a-f]{12}")

_CANDIDATES = 10
"""Ids that an error lists."""


class Subject(NamedTuple):
    """What an id stands for: ``table`` is events or findings."""

    table: str
    id: str


def identify(records: sqlite3.Connection, given: str, *tables: str) -> Subject:
    """The one event or finding that is meant: by its id, the beginning of it, or its short form.

    Raises RecordError where none is, or several are.
    """
    wanted = given.strip().lower()
    if not _PART.fullmatch(wanted):
        raise RecordError(f"{given!r} is no id; take one from `honeyweir events` or `findings`")
    found = [subject for table in tables for subject in _lookup(records, table, wanted)]
    exact = [subject for subject in found if subject.id == wanted]
    if len(found) > 1 and not exact:
        ids = "\n".join(f"  {subject.id}  ({subject.table})" for subject in found[:_CANDIDATES])
        more = "\n  ..." if len(found) > _CANDIDATES else ""
        raise RecordError(f"{given!r} could be any of these; give more of it:\n{ids}{more}")
    if not found:
        raise RecordError(f"nothing has the id {given!r} among the {' and '.join(tables)}")
    return exact[0] if exact else found[0]


def _lookup(records: sqlite3.Connection, table: str, wanted: str) -> list[Subject]:
    """Those whose id begins with what is wanted, and those whose short form it is."""
    condition, parameters = "id >= ? AND id < ?", [wanted, wanted + "g"]
    if _SHORT.fullmatch(wanted):
        condition += " OR substr(id, 25) = ?"
        parameters.append(wanted)
    query = " ".join(("SELECT id FROM", table, "WHERE", condition, "LIMIT ?"))
    rows = select(records, query, (*parameters, _CANDIDATES + 1))
    return [Subject(table, row["id"]) for row in rows]
