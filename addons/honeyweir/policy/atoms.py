"""What one value of a rule asks of one field, as SQLite would compare them.

https://www.sqlite.org/datatype3.html#comparison_expressions says how a text and a number compare:
a number becomes text beside a text column, a text that looks like a number becomes one beside an
integer column. Nothing here is true of a field that the event does not have, but Absent.
"""

from __future__ import annotations

import contextlib
import operator
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
    TimestampPart,
)

from honeyweir.policy.fields import TIME, Field
from honeyweir.policy.patterns import Part, Pattern, regex, wildcards

Order = Callable[[Any, Any], bool]

_ORDERS: dict[CompareOperators, Order] = {
    CompareOperators.LT: operator.lt,
    CompareOperators.LTE: operator.le,
    CompareOperators.GT: operator.gt,
    CompareOperators.GTE: operator.ge,
}

_DIRECTIVES = {
    TimestampPart.MINUTE: "%M",
    TimestampPart.HOUR: "%H",
    TimestampPart.DAY: "%d",
    TimestampPart.WEEK: "%W",
    TimestampPart.MONTH: "%m",
    TimestampPart.YEAR: "%Y",
}

_NUMBER = re.compile(
    r"[ \t\n\v\f\r]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[ \t\n\v\f\r]*"
)

_INTEGER_LIMIT = 1 << 63
"""From here on, SQLite reads an integer as a real number."""


@dataclass(frozen=True, slots=True)
class Equal:
    """The text is this one; the case of ASCII letters does not count."""

    folded: bytes


@dataclass(frozen=True, slots=True)
class Present:
    """The event has the field."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The event does not have the field."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The value stands in an order to another of its kind."""

    order: Order
    other: int | float | str

    def holds(self, value: int | str) -> bool:
        return self.order(value, self.other)


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of a time, such as its hour, stands in an order to a number."""

    directive: str
    order: Order
    other: int | float

    def holds(self, value: int | str) -> bool:
        part = datetime.fromisoformat(str(value)).strftime(self.directive)
        return self.order(int(part), self.other)


Test = Equal | Pattern | Present | Absent | Compared | TimePart


def tests(field: Field, value: SigmaType) -> Iterator[Test]:
    """What to ask of a field for a value; the value matches if one of them is true.

    Raises ValueError if the value has no meaning for the field.
    """
    match value:
        case SigmaNull():
            yield Absent()
        case SigmaExists():
            yield Present() if value.exists else Absent()
        case SigmaString():
            yield from _string(field, value)
        case SigmaRegularExpression():
            yield regex(value.escape([], ""))
        case SigmaCIDRExpression():
            for network in value.expand():
                yield from _string(field, SigmaString(network))
        case SigmaTimestampPart():
            yield _time_part(field, value, operator.eq)
        case SigmaCompareExpression():
            yield _order(field, value)
        case SigmaNumber():
            yield _number(field, value)
        case SigmaBool():
            yield from _bool(field, value)
        case _:
            raise ValueError(f"a value of the type {type(value).__name__} cannot be compared")


def keyword(value: SigmaType) -> Test:
    """What to ask of the full text for a keyword. Raises ValueError if it cannot be one."""
    match value:
        case SigmaRegularExpression():
            return regex(value.escape([], ""))
        case SigmaString():
            inner = _parts(value)
        case SigmaNumber() if not isinstance(value, SigmaTimestampPart):
            inner = [str(value)]
        case _:
            raise ValueError("a keyword is a text, a number or a regular expression; name a field")
    around = [SpecialChars.WILDCARD_MULTI, *inner, SpecialChars.WILDCARD_MULTI]
    return wildcards(around, cased=isinstance(value, SigmaCasedString)) or Present()


def encoded(value: str | int) -> bytes:
    """A value as the UTF-8 of its text, which is what patterns run over."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace")
    return b"%d" % value


def number_in(text: str) -> int | float | None:
    """The number that a text is beside an integer column; None if it stays a text."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    number = float(found[1])
    return int(number) if number.is_integer() else number


def _string(field: Field, value: SigmaString) -> Iterator[Test]:
    parts = _parts(value)
    text = "".join(part for part in parts if isinstance(part, str))
    cased = isinstance(value, SigmaCasedString)
    if cased or value.contains_special():
        yield wildcards(parts, cased=cased) or Present()
    elif field.text:
        yield _equal(field, text)
    elif (number := number_in(text)) is not None:
        yield Compared(operator.eq, number)


def _parts(value: SigmaString) -> list[Part]:
    for part in value.s:
        if isinstance(part, Placeholder):
            raise ValueError(f"nothing fills the placeholder %{part.name}%; write its values out")
    return [part for part in value.s if isinstance(part, str | SpecialChars)]


def _equal(field: Field, text: str) -> Test:
    if field.streamed:
        return _exactly(text, cased=False)
    return Equal(text.encode().lower())


def _exactly(text: str, *, cased: bool) -> Test:
    return wildcards([text] if text else [], cased=cased) or Present()


def _number(field: Field, value: SigmaNumber) -> Test:
    if field.text:
        return _exactly(_number_text(value.number), cased=True)
    return Compared(operator.eq, value.number)


def _bool(field: Field, value: SigmaBool) -> Iterator[Test]:
    if field.text:
        yield _exactly("true" if value.boolean else "false", cased=True)
        yield _exactly("1" if value.boolean else "0", cased=True)
    else:
        yield Compared(operator.eq, int(value.boolean))


def _order(field: Field, value: SigmaCompareExpression) -> Test:
    order = _ORDERS[value.op]
    if isinstance(value.number, SigmaTimestampPart):
        return _time_part(field, value.number, order)
    if field.streamed:
        raise ValueError("a body has no order; compare its size, cs-bytes or sc-bytes")
    return Compared(order, _number_text(value.number.number) if field.text else value.number.number)


def _time_part(field: Field, value: SigmaTimestampPart, order: Order) -> Test:
    if field is not TIME:
        raise ValueError(f"|{value.timestamp_part.name.lower()} is a part of the field `time` only")
    return TimePart(_DIRECTIVES[value.timestamp_part], order, value.number)


def _number_text(number: int | float) -> str:
    """A number as SQLite writes it where it must become text."""
    literal = number if abs(number) < _INTEGER_LIMIT else float(number)
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        text: str = db.execute("SELECT CAST(? AS TEXT)", (literal,)).fetchone()[0]
    return text
