"""Filters as SQL that finds its rows by an index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from honeyweir.record.search import EVENT_SEQS, match_expression
from honeyweir.review.filters import Filters

Parameter = str | int


@dataclass(slots=True)
class Where:
    """Conditions that must all hold, with their parameters.

    Of the lookups only the first may lead SQLite to rows (unless it is ``led`` to them otherwise),
    and the others are tests, which is what the unary plus says. Left to itself, it would go
    through one list for each entry of another.
    """

    led: bool = False
    conditions: list[str] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)

    def add(self, condition: str, *parameters: Parameter) -> None:
        """One more condition, with a ``?`` for each of its parameters."""
        self.conditions.append(condition)
        self.parameters.extend(parameters)

    def add_any(self, column: str, values: Iterable[Parameter]) -> None:
        """That a column has one of some values; nothing where there are none."""
        if values := tuple(values):
            self.add(f"{column} IN ({_marks(values)})", *values)

    def add_lookup(self, column: str, query: str, *parameters: Parameter) -> None:
        """That a column is among the answers of a query, which may be very many."""
        self.add(f"{'+' if self.led else ''}{column} IN ({query})", *parameters)
        self.led = True

    @property
    def sql(self) -> str:
        """The clause; empty where everything is wanted."""
        return "WHERE " + " AND ".join(self.conditions) if self.conditions else ""


def event_conditions(filters: Filters) -> Where:
    """Conditions on ``events e``."""
    where = Where()
    where.add_any("e.decoy", filters.decoys)
    if filters.since is not None:
        where.add("e.time >= ?", filters.since)
    if filters.until is not None:
        where.add("e.time <= ?", filters.until)
    _add_texts(where, filters)
    if levels := filters.levels:
        where.add_lookup("e.id", f"{_FOUND} WHERE f.level IN ({_marks(levels)})", *levels)
    _add_place(where, filters)
    return where


def finding_conditions(filters: Filters) -> Where:
    """Conditions on ``findings f``. What is asked of events one of its events must answer."""
    where = Where()
    where.add_any("f.decoy", filters.decoys)
    where.add_any("f.level", filters.levels)
    if filters.until is not None:
        where.add("f.time <= ?", filters.until)
    if filters.since is not None:
        where.add(_LAST_EVENT_SINCE, filters.since, filters.since)
    events = Where(led=True)
    _add_texts(events, filters)
    _add_place(events, filters)
    if events.conditions:
        where.add(_ABOUT.format(" AND ".join(events.conditions)), *events.parameters)
        where.led = True
    return where


_FOUND = "SELECT fe.event FROM finding_events fe JOIN findings f ON f.id = fe.finding"

_ABOUT = (
    "EXISTS (SELECT 1 FROM finding_events fe CROSS JOIN events e ON e.id = fe.event"
    " WHERE fe.finding = f.id AND {})"
)
"""The events of one finding are mostly alike, so that the first that is asked tells."""

_LAST_EVENT_SINCE = (
    "(f.time >= ? OR (SELECT fe.time FROM finding_events fe WHERE fe.finding = f.id"
    " ORDER BY fe.seq DESC LIMIT 1) >= ?)"
)
"""A finding takes in events as they come: the last that was recorded is asked, not all of them."""

_HOSTS = "SELECT DISTINCT host FROM events WHERE "
"""No index finds subdomains; but one holds all names, and these are far fewer than events."""


def _add_texts(where: Where, filters: Filters) -> None:
    for text in filters.texts:
        where.add_lookup("e.seq", EVENT_SEQS, match_expression(text))


def _add_place(where: Where, filters: Filters) -> None:
    """With whom, and how."""
    if filters.hosts:
        names = [name.strip(".") for name in filters.hosts]
        likes = [pattern for name in names for pattern in (_like(name), f"%.{_like(name)}")]
        condition = " OR ".join(["host LIKE ? ESCAPE '\\'"] * len(likes))
        where.add_lookup("e.host", _HOSTS + condition, *likes)
    where.add_any("e.protocol", filters.protocols)


def _like(name: str) -> str:
    """A name as a LIKE pattern for itself. LIKE ignores the case of ASCII, as DNS does."""
    return name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
