"""Conditions made ready to run: a truth is True, False, or None where it cannot be known yet.

That is Kleene's three-valued logic. Children stand in the order of their cost, and what decides a
node ends its evaluation: a body is not read for a rule that the request line rules out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from honeyweir.model import Event, Evidence, Phase
from honeyweir.policy.atoms import encoded, number_in
from honeyweir.policy.condition import Reference
from honeyweir.policy.excerpt import excerpt
from honeyweir.policy.fields import Value

Truth = bool | None


class Seen(Protocol):
    """What is known of one event."""

    event: Event

    def hits(self, field: int) -> tuple[Mapping[int, int], bool]:
        """The tests of a field that are true, and whether all others are certainly false."""

    def knows(self, phase: Phase) -> bool:
        """Whether what comes with a phase has come."""

    def excerpt(self, field: int, test: int) -> str:
        """The text around the place where a test hit."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One of several tests of a field, which a rule calls ``name``, is true."""

    name: str
    field: int
    tests: frozenset[int]

    def truth(self, seen: Seen) -> Truth:
        """Whether it is true, as far as that is known."""
        hits, final = seen.hits(self.field)
        if not self.tests.isdisjoint(hits):
            return True
        return False if final else None

    def proof(self, seen: Seen) -> Iterator[Evidence]:
        """What makes it true, once it is; nothing for what is missing."""
        hits, _ = seen.hits(self.field)
        for test in sorted(self.tests.intersection(hits)):
            if found := seen.excerpt(self.field, test):
                yield Evidence(self.name, found)


@dataclass(frozen=True, slots=True)
class Linked:
    """A field stands in a relation to another one of the same event."""

    reference: Reference
    phase: Phase

    def truth(self, seen: Seen) -> Truth:
        if not seen.knows(self.phase):
            return None
        value, other = self._values(seen)
        return value is not None and other is not None and _related(self.reference, value, other)

    def proof(self, seen: Seen) -> Iterator[Evidence]:
        value, _ = self._values(seen)
        if value is not None:
            yield Evidence(self.reference.name, excerpt(encoded(value), 0))

    def _values(self, seen: Seen) -> tuple[Value, Value]:
        return self.reference.field.get(seen.event), self.reference.other.get(seen.event)


@dataclass(frozen=True, slots=True)
class Every:
    """All of several nodes are true."""

    children: Sequence[Node]

    def truth(self, seen: Seen) -> Truth:
        result: Truth = True
        for child in self.children:
            truth = child.truth(seen)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    def proof(self, seen: Seen) -> Iterator[Evidence]:
        for child in self.children:
            yield from child.proof(seen)


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of several nodes is true."""

    children: Sequence[Node]

    def truth(self, seen: Seen) -> Truth:
        result: Truth = False
        for child in self.children:
            truth = child.truth(seen)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    def proof(self, seen: Seen) -> Iterator[Evidence]:
        for child in self.children:
            if child.truth(seen):
                yield from child.proof(seen)


@dataclass(frozen=True, slots=True)
class Without:
    """A node is not true."""

    child: Node

    def truth(self, seen: Seen) -> Truth:
        truth = self.child.truth(seen)
        return None if truth is None else not truth

    def proof(self, seen: Seen) -> Iterator[Evidence]:
        return iter(())


Node = Hit | Linked | Every | Some | Without


def _related(reference: Reference, value: str | int, other: str | int) -> bool:
    if reference.start or reference.end:
        return _within(reference, encoded(value).lower(), encoded(other).lower())
    if isinstance(value, int) or isinstance(other, int):
        return _as_number(value) == _as_number(other)
    return encoded(value).lower() == encoded(other).lower()


def _within(reference: Reference, value: bytes, other: bytes) -> bool:
    if reference.start and reference.end:
        return other in value
    return value.startswith(other) if reference.start else value.endswith(other)


def _as_number(value: str | int) -> str | int | float:
    if not isinstance(value, str):
        return value
    number = number_in(value)
    return value if number is None else number
