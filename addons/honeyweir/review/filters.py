"""Which events and findings somebody wants to see, and the same as SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from honeyweir.model import LEVELS, Level
from honeyweir.record.search import EVENT_SEQS, match_expression

Parameter = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is asked for. Of several values of one filter any may hold, of ``texts`` all must.

    ``since`` and ``until`` are microseconds since 1970, both inclusive. A host stands for itself
    and its subdomains, a level for itself and those above.
    """

    decoys: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    level: Level | None = None
    protocols: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that are asked for; none where any will do."""
        return () if self.level is None else LEVELS[LEVELS.index(self.level) :]


def severity(level: str) -> int:
    """A level's rank, to compare by; below all others for what is no level."""
    return LEVELS.index(Level(level)) if level in LEVELS else -1


@dataclass(slots=True)
class Where:
    """Conditions that must all hold, with their parameters."""

    conditions: list[str] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)

    def add(self, condition: str, *parameters: Parameter) -> None:
        """One more condition, with a ``?`` for each of its parameters."""
        self.conditions.append(condition)
        self.parameters.extend(parameters)

    def add_any(self, expression: str, values: Iterable[Parameter]) -> None:
        """That an expression is one of some values; nothing where there are none."""
        if values := tuple(values):
            self.add(f"{expression} IN ({', '.join('?' * len(values))})", *values)

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
    _add_content(where, filters)
    if filters.level is not None:
        where.add(_FOUND.format(", ".join("?" * len(filters.levels))), *filters.levels)
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
    events = Where()
    _add_content(events, filters)
    if events.conditions:
        where.add(_ABOUT.format(" AND ".join(events.conditions)), *events.parameters)
    return where


_FOUND = (
    "e.id IN (SELECT fe.event FROM finding_events fe JOIN findings f ON f.id = fe.finding"
    " WHERE f.level IN ({}))"
)

_ABOUT = (
    "EXISTS (SELECT 1 FROM finding_events fe CROSS JOIN events e ON e.id = fe.event"
    " WHERE fe.finding = f.id AND {})"
)
"""The events of one finding are often alike: the first is asked first."""

_LAST_EVENT_SINCE = (
    "(f.time >= ? OR (SELECT fe.time FROM finding_events fe WHERE fe.finding = f.id"
    " ORDER BY fe.seq DESC LIMIT 1) >= ?)"
)
"""A finding takes in events as they come: the last that was recorded is asked, not all of them."""

_HOSTS = "SELECT DISTINCT host FROM events WHERE "
"""The names that were asked for are looked up first, in an index; they are far fewer than events,
and a subdomain cannot be found by an index."""


def _add_content(where: Where, filters: Filters) -> None:
    """What is asked of an event itself, and not of when or whose it was."""
    if filters.hosts:
        names = [name.strip(".") for name in filters.hosts]
        likes = [pattern for name in names for pattern in (_like(name), f"%.{_like(name)}")]
        condition = " OR ".join(["host LIKE ? ESCAPE '\\'"] * len(likes))
        where.add(f"e.host IN ({_HOSTS}{condition})", *likes)
    where.add_any("e.protocol", filters.protocols)
    for text in filters.texts:
        where.add(f"e.seq IN ({EVENT_SEQS})", match_expression(text))


def _like(name: str) -> str:
    """A name as a LIKE pattern for itself. LIKE ignores the case of ASCII, as DNS does."""
    return name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
