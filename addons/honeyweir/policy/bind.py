"""Numbers for the fields and tests of many conditions, and a key for each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from honeyweir.model import Phase
from honeyweir.policy.atoms import Equal, Test
from honeyweir.policy.condition import And, Atom, Condition, Not, Or, Reference
from honeyweir.policy.fields import Field
from honeyweir.policy.nodes import Every, Hit, Linked, Node, Some, Without
from honeyweir.policy.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Key:
    """Tests of which one must be true for a rule to be true, and the fields that they are about."""

    tests: frozenset[int]
    fields: frozenset[int]
    cost: tuple[Phase, bool, int]  # when all is known, whether a body is read, how often it hits


class Binder:
    """Gives equal fields and equal tests the same number, whichever rules ask for them."""

    def __init__(self) -> None:
        self.fields: list[Field] = []
        self._numbers: dict[Field, int] = {}
        self._tests: list[Test] = []
        self._test_numbers: dict[tuple[int, Test], int] = {}

    def tests(self, field: int) -> list[tuple[int, Test]]:
        """The numbered tests of a field."""
        return [(number, test) for (of, test), number in self._test_numbers.items() if of == field]

    def bind(self, condition: Condition) -> Node:
        """The condition, ready to run."""
        match condition:
            case Atom():
                return self._hit(condition)
            case Reference():
                return Linked(condition, max(condition.field.phase, condition.other.phase))
            case Not():
                return Without(self.bind(condition.child))
            case And():
                return Every(self._ordered(self.bind(child) for child in condition.children))
            case Or():
                return Some(self._ordered(_merged(self.bind(c) for c in condition.children)))

    def key(self, node: Node) -> Key | None:
        """The cheapest key of a node; None if it can be true without any test being true."""
        match node:
            case Hit():
                often = -min(_weight(self._tests[number]) for number in node.tests)
                return Key(node.tests, frozenset({node.field}), (*self._cost(node), often))
            case Every():
                keys = [key for child in node.children if (key := self.key(child))]
                return min(keys, key=lambda key: key.cost, default=None)
            case Some():
                keys = [key for child in node.children if (key := self.key(child))]
                return _union(keys) if len(keys) == len(node.children) else None
            case _:
                return None

    def streamed(self, node: Node) -> frozenset[int]:
        """The tests of bodies that a node asks for."""
        match node:
            case Hit():
                return node.tests if self.fields[node.field].streamed else frozenset()
            case Every() | Some():
                return frozenset().union(*map(self.streamed, node.children))
            case Without():
                return self.streamed(node.child)
            case _:
                return frozenset()

    def _hit(self, atom: Atom) -> Hit:
        field = self._numbers.setdefault(atom.field, len(self.fields))
        if field == len(self.fields):
            self.fields.append(atom.field)
        test = self._test_numbers.setdefault((field, atom.test), len(self._tests))
        if test == len(self._tests):
            self._tests.append(atom.test)
        return Hit(atom.name, field, frozenset({test}))

    def _ordered(self, nodes: Iterable[Node]) -> list[Node]:
        return sorted(nodes, key=self._cost)

    def _cost(self, node: Node) -> tuple[Phase, bool]:
        match node:
            case Hit():
                field = self.fields[node.field]
                return field.phase, field.streamed
            case Linked():
                return node.phase, False
            case Without():
                return self._cost(node.child)
            case Every() | Some():
                return max(map(self._cost, node.children), default=(Phase.HEAD, False))


def _merged(nodes: Iterable[Node]) -> list[Node]:
    """Tests of the same field in one node: one look answers all of them."""
    hits: dict[tuple[str, int], set[int]] = defaultdict(set)
    others: list[Node] = []
    for node in nodes:
        if isinstance(node, Hit):
            hits[node.name, node.field] |= node.tests
        else:
            others.append(node)
    return [*(Hit(*where, frozenset(tests)) for where, tests in hits.items()), *others]


def _union(keys: Sequence[Key]) -> Key:
    return Key(
        frozenset().union(*(key.tests for key in keys)),
        frozenset().union(*(key.fields for key in keys)),
        max((key.cost for key in keys), default=(Phase.HEAD, False, 0)),
    )


def _weight(test: Test) -> int:
    """How rarely a test will be true, roughly: the length of the text that it asks for."""
    match test:
        case Pattern():
            return test.weight
        case Equal():
            return len(test.folded)
        case _:
            return 0
