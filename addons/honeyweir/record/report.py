"""What ``verify`` has to say."""

from __future__ import annotations

from dataclasses import dataclass, field

PROBLEMS_LIMIT = 100
"""Problems that are listed; there may be as many as rows."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written.

    ``kind`` is ``changed``, ``removed`` or ``inserted`` (a row), ``payload`` (its data is not what
    its SHA-256 says), ``batch`` or ``link`` (the chain itself), ``signature``, ``truncated``,
    ``schema`` (a table, an index or a trigger) or ``database`` (it cannot be read).
    """

    kind: str
    message: str
    table: str | None = None
    seq: int | None = None
    id: str | None = None  # of the event or finding; of a payload, its SHA-256
    batch: int | None = None
    time: int | None = None  # of the batch, microseconds since 1970


@dataclass(slots=True)
class Report:
    """The outcome. ``problems`` are in the order of the chain, the first PROBLEMS_LIMIT of them."""

    batches: int = 0
    rows: int = 0
    checkpoints: int = 0
    unsigned_rows: int = 0  # in batches after the last checkpoint
    last_batch: int = 0
    last_time: int | None = None  # of the last batch, microseconds since 1970
    last_hash: str | None = None  # of the last batch, hexadecimal
    key: str | None = None  # the fingerprint of the key that signed
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    notices: list[str] = field(default_factory=list)  # worth knowing, and no proof of a change

    @property
    def ok(self) -> bool:
        """Nothing was changed, removed or inserted."""
        return self.problem_count == 0

    def add(self, problem: Problem) -> None:
        """Count a problem, and list it if it is among the first."""
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_LIMIT:
            self.problems.append(problem)
