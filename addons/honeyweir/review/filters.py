"""Which events and findings somebody wants to see."""

from __future__ import annotations

from dataclasses import dataclass

from honeyweir.model import LEVELS, Level


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
