"""The rules of one source, made ready so that an event that matches none of them costs little.

Every rule that can have one gets a key: tests of which one must be true for the rule to be true.
The fields of the keys are scanned, each once; a rule of which no key test hit is not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from honeyweir.model import Phase
from honeyweir.policy.bind import Binder, Key
from honeyweir.policy.fields import Field
from honeyweir.policy.matcher import Matcher
from honeyweir.policy.nodes import Node
from honeyweir.policy.rule import Rule


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A rule with its condition ready to run; ``position`` is its place in the order."""

    position: int
    rule: Rule
    node: Node


@dataclass(slots=True)
class Stage:
    """What begins with a phase: fields of keys to scan, and rules without a key."""

    keys: list[int] = field(default_factory=list)
    always: list[Bound] = field(default_factory=list)


class Program:
    """The rules of one source, in the order of the policy. Raises hyperscan.error."""

    def __init__(self, fields: Mapping[str, Field], rules: Iterable[Rule]) -> None:
        self.bounds: list[Bound] = []
        self.stages = tuple(Stage() for _ in Phase)
        self.watchers: dict[int, list[Bound]] = defaultdict(list)  # by the tests of their keys
        self.readers: dict[int, list[Bound]] = defaultdict(list)  # by the tests of bodies
        binder = Binder()
        keyed: set[int] = set()
        for position, rule in enumerate(rules):
            bound = Bound(position, rule, binder.bind(rule.condition))
            self.bounds.append(bound)
            keyed |= self._watch(bound, binder.key(bound.node))
            for test in binder.streamed(bound.node):
                self.readers[test].append(bound)
        self.matchers: Sequence[Matcher] = [
            Matcher(field, binder.tests(number)) for number, field in enumerate(binder.fields)
        ]
        for number in sorted(keyed):
            self.stages[self.matchers[number].phase].keys.append(number)
        self.streams = {
            name: binder.fields.index(field)
            for name, field in fields.items()
            if field.streamed and field in binder.fields
        }

    def _watch(self, bound: Bound, key: Key | None) -> frozenset[int]:
        if key is None:
            self.stages[bound.rule.phase].always.append(bound)
            return frozenset()
        for test in key.tests:
            self.watchers[test].append(bound)
        return key.fields
