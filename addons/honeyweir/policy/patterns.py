"""Sigma's strings and regular expressions as hyperscan patterns.

They match what SQLite's LIKE, GLOB and our REGEXP match: LIKE folds the case of ASCII only, and a
single-character wildcard takes one UTF-8 character, a line break too.

A body that passes is searched as it is on the wire, since making it text would cost a hundred times
as much. So each pattern has a second form, for bytes: it takes a byte that ``model.text`` would
write as ``\\xNN`` as well as that text. The dot of a regular expression takes one byte.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import hyperscan
from sigma.types import SpecialChars

Part = str | SpecialChars

_EXPRESSION_LIMIT = 15_000
"""Bytes of one pattern; hyperscan itself takes 16,000."""

_WILDCARDS = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL
_REGEX = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_ALLOWEMPTY

_ANY = b".*"
_ONE_CHARACTER = rb"(?:[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]{1,3})"
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/ ")


_KEPT_BYTE = re.compile(r"\\x(00|[89a-f][0-9a-f])")
"""How ``model.text`` writes NUL and what is not UTF-8."""

_KEPT_NUL = re.compile(r"\\\\x00")
"""The same for NUL, as a regular expression asks for it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What hyperscan compiles: for text, and for bytes (``raw``).

    ``weight`` tells how rarely it will match, roughly.
    """

    expression: bytes
    raw: bytes
    flags: int
    weight: int = 0


def wildcards(parts: Sequence[Part], *, cased: bool) -> Pattern | None:
    """The pattern for a whole value; None if every value matches.

    Raises ValueError if it is too long.
    """
    if parts and all(part is SpecialChars.WILDCARD_MULTI for part in parts):
        return None
    expression, raw = _anchored(parts, _expression), _anchored(parts, _raw_expression)
    if max(len(expression), len(raw)) > _EXPRESSION_LIMIT:
        raise ValueError("the value is too long")
    flags = _WILDCARDS if parts else _WILDCARDS | hyperscan.HS_FLAG_ALLOWEMPTY
    if not cased:
        flags |= hyperscan.HS_FLAG_CASELESS
    weight = max((len(part) for part in parts if isinstance(part, str)), default=0)
    return Pattern(expression, raw, flags, weight)


def _anchored(parts: Sequence[Part], express: Callable[[Part], bytes]) -> bytes:
    expression = b"".join(map(express, parts))
    if not parts or parts[0] is not SpecialChars.WILDCARD_MULTI:
        expression = rb"\A" + expression
    if not parts or parts[-1] is not SpecialChars.WILDCARD_MULTI:
        expression += rb"\z"
    return expression.removeprefix(_ANY).removesuffix(_ANY)


@functools.lru_cache(maxsize=1024)
def regex(expression: str) -> Pattern:
    """The pattern for a regular expression that is searched for anywhere in a value.

    Raises ValueError with hyperscan's reason for what cannot run in linear time.
    """
    if "\0" in expression:
        raise ValueError(
            r"a NUL in a regular expression; write \\x00, the form in which it is kept"
        )
    raw = _KEPT_NUL.sub(lambda found: f"(?:{found[0]}|\\x00)", expression)
    pattern = Pattern(expression.encode(), raw.encode(), _REGEX, weight=4)
    try:
        compile_patterns([(0, pattern)])
        compile_raw_patterns([(0, pattern)])
    except hyperscan.error as error:
        raise ValueError(f"regular expression {expression[:80]!r}: {error}") from error
    return pattern


def compile_patterns(patterns: Sequence[tuple[int, Pattern]]) -> hyperscan.Database:
    """A database for texts that are there as a whole, each pattern under its number.

    Raises hyperscan.error.
    """
    made = [(number, pattern.expression, pattern.flags) for number, pattern in patterns]
    return _compile(made, hyperscan.HS_MODE_BLOCK)


def compile_raw_patterns(patterns: Sequence[tuple[int, Pattern]]) -> hyperscan.Database:
    """The same for bytes that pass in chunks."""
    bytewise = ~hyperscan.HS_FLAG_UTF8
    made = [(number, pattern.raw, pattern.flags & bytewise) for number, pattern in patterns]
    return _compile(made, hyperscan.HS_MODE_STREAM)


def _compile(patterns: Sequence[tuple[int, bytes, int]], mode: int) -> hyperscan.Database:
    numbers, expressions, flags = zip(*patterns, strict=True)
    database = hyperscan.Database(mode=mode)
    database.compile(expressions=expressions, ids=numbers, elements=len(patterns), flags=flags)
    return database


def _expression(part: Part) -> bytes:
    if part is SpecialChars.WILDCARD_MULTI:
        return _ANY
    if part is SpecialChars.WILDCARD_SINGLE:
        return _ONE_CHARACTER
    text = str(part).encode()
    return b"".join(b"%c" % byte if byte in _PLAIN else b"\\x%02x" % byte for byte in text)


def _raw_expression(part: Part) -> bytes:
    if isinstance(part, SpecialChars):
        return _expression(part)
    pieces = _KEPT_BYTE.split(str(part))
    raw = _expression(pieces[0])
    for digits, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        escape = _expression(f"\\x{digits}")
        raw += b"(?:" + escape + b"|\\x" + digits.encode() + b")" + _expression(piece)
    return raw
