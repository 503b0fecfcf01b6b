"""A rule's condition as a tree, as pySigma parses it and in the words of the fields table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import SigmaExpansion, SigmaFieldReference, SigmaType

from honeyweir.model import Phase
from honeyweir.policy import atoms
from honeyweir.policy.fields import FULLTEXT, Field, Source


@dataclass(frozen=True, slots=True)
class Atom:
    """One test of one field, which a rule calls ``name``."""

    name: str
    field: Field
    test: atoms.Test


@dataclass(frozen=True, slots=True)
class Reference:
    """A field compared with another field of the same event."""

    name: str
    field: Field
    other: Field
    start: bool  # the field starts with the other
    end: bool  # it ends with the other; with both, it contains the other


@dataclass(frozen=True, slots=True)
class And:
    children: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class Or:
    children: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class Not:
    child: Condition


Condition = Atom | Reference | And | Or | Not


class UnknownFieldError(ValueError):
    """A field that the events of a source do not have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown field {name!r}")
        self.name = name


def build(parsed: object, source: Source) -> Condition:
    """The tree for a condition that pySigma has parsed.

    Raises ValueError for a field that the source does not have, or a value without a meaning.
    """
    match parsed:
        case ConditionAND():
            return And([build(child, source) for child in parsed.args])
        case ConditionOR():
            return Or([build(child, source) for child in parsed.args])
        case ConditionNOT():
            return Not(build(parsed.args[0], source))
        case ConditionFieldEqualsValueExpression():
            return field_value(source, parsed.field, parsed.value)
        case ConditionValueExpression():
            return keyword(source, parsed.value)
        case _:
            raise ValueError("the condition is empty")


def field_value(source: Source, name: str, value: SigmaType) -> Condition:
    """The tree for one value of a field. Raises ValueError as ``build`` does."""
    field = _field(source, name)
    if isinstance(value, SigmaExpansion):
        return Or([field_value(source, name, one) for one in value.values])
    if isinstance(value, SigmaFieldReference):
        return _reference(source, name, field, value)
    return _any(Atom(name, field, test) for test in atoms.tests(field, value))


def keyword(source: Source, value: SigmaType) -> Condition:
    """The tree for a value without a field. Raises ValueError as ``build`` does."""
    if isinstance(value, SigmaExpansion):
        return Or([keyword(source, one) for one in value.values])
    return Atom(FULLTEXT, source.fields[FULLTEXT], atoms.keyword(value))


def fields(condition: Condition) -> Iterator[Field]:
    """Every field that a condition reads."""
    match condition:
        case Atom():
            yield condition.field
        case Reference():
            yield condition.field
            yield condition.other
        case Not():
            yield from fields(condition.child)
        case And() | Or():
            for child in condition.children:
                yield from fields(child)


def phase(condition: Condition) -> Phase:
    """The earliest at which all is known that a condition asks for."""
    return max((field.phase for field in fields(condition)), default=Phase.HEAD)


def _field(source: Source, name: str) -> Field:
    try:
        return source.fields[name]
    except KeyError:
        raise UnknownFieldError(name) from None


def _reference(source: Source, name: str, field: Field, value: SigmaFieldReference) -> Condition:
    other = _field(source, value.field)
    if field.streamed or other.streamed:
        raise ValueError("a body cannot be compared with a field")
    return Reference(name, field, other, value.starts_with, value.ends_with)


def _any(children: Iterable[Condition]) -> Condition:
    found = list(children)
    return found[0] if len(found) == 1 else Or(found)
