"""Whether the database holds the tables, indexes, triggers and views that we make, and no others.

A trigger can drop rows as they come, a table can be replaced by a view that leaves some out.
"""

from __future__ import annotations

import re
import sqlite3

from sqlite_utils import Database

from honeyweir.record.report import Problem
from honeyweir.record.schema import migrations
from honeyweir.record.views import statements

_OBJECTS = (
    "SELECT name, type, coalesce(sql, '') FROM sqlite_schema"
    " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND type {} 'view' ORDER BY name"
)

_COMMENT_OR_SPACE = re.compile(r"--[^\n]*|\s+")

_Objects = dict[str, tuple[str, str]]
"""Type and text by name."""


def schema_problems(db: sqlite3.Connection) -> list[Problem]:
    """What is missing, changed, or acts on the rows without being ours."""
    present, ours = _objects(db, "<>"), _expected(db)
    problems = [
        Problem("schema", f"the {ours[name][0]} {name} is missing or was changed", name)
        for name in ours
        if present.get(name) != ours[name]
    ]
    problems += (
        Problem("schema", f"the trigger {name} is not ours, and may change what is stored", name)
        for name, (kind, _) in present.items()
        if kind == "trigger" and name not in ours
    )
    return problems


def notices(db: sqlite3.Connection) -> list[str]:
    """What is not ours but holds no evidence, or is not as this version makes it."""
    ours = {name: ("view", _plain(sql)) for name, sql in statements().items()}
    views = _objects(db, "=")
    found = [f"the view {name} is not ours" for name in views if name not in ours]
    found += (
        f"the view {name} is missing, or not as this version makes it"
        for name in ours
        if views.get(name) != ours[name]
    )
    foreign = set(_objects(db, "<>").items()) - set(_expected(db).items())
    found += (
        f"the {kind} {name} is not ours" for name, (kind, _) in sorted(foreign) if kind != "trigger"
    )
    return found


def _objects(db: sqlite3.Connection, comparison: str) -> _Objects:
    rows = db.execute(_OBJECTS.format(comparison))
    return {name: (kind, _plain(sql)) for name, kind, sql in rows}


def _expected(db: sqlite3.Connection) -> _Objects:
    """The objects that the migrations make which these records have been through."""
    fresh = Database(memory=True, execute_plugins=False)
    pending = migrations.pending(Database(db, recursive_triggers=False, execute_plugins=False))
    migrations.apply(fresh, stop_before=[migration.name for migration in pending])
    try:
        return _objects(fresh.conn, "<>")
    finally:
        fresh.close()


def _plain(sql: str) -> str:
    return _COMMENT_OR_SPACE.sub(" ", sql).strip()
