"""Sigma's strings and regular expressions as hyperscan patterns.

They match what SQLite's LIKE, GLOB and our REGEXP match: LIKE folds the case of ASCII only, and a
single-character wildcard takes one UTF-8 character, a line break too.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Pattern:
    """What hyperscan compiles. ``weight`` tells how rarely it will match, roughly."""

    expression: bytes
    flags: int
    weight: int = 0


def wildcards(parts: Sequence[Part], *, cased: bool) -> Pattern | None:
    """The pattern for a whole value; None if every value matches.

    Raises ValueError if it is too long.
    """
    if parts and all(part is SpecialChars.WILDCARD_MULTI for part in parts):
        return None
    expression = b"".join(_expression(part) for part in parts)
    if not parts or parts[0] is not SpecialChars.WILDCARD_MULTI:
        expression = rb"\A" + expression
    if not parts or parts[-1] is not SpecialChars.WILDCARD_MULTI:
        expression += rb"\z"
    if len(expression) > _EXPRESSION_LIMIT:
        raise ValueError("the value is too long")
    flags = _WILDCARDS if parts else _WILDCARDS | hyperscan.HS_FLAG_ALLOWEMPTY
    if not cased:
        flags |= hyperscan.HS_FLAG_CASELESS
    weight = max((len(part) for part in parts if isinstance(part, str)), default=0)
    return Pattern(expression.removeprefix(_ANY).removesuffix(_ANY), flags, weight)


@functools.lru_cache(maxsize=1024)
def regex(expression: str) -> Pattern:
    """The pattern for a regular expression that is searched for anywhere in a value.

    Raises ValueError with hyperscan's reason for what cannot run in linear time.
    """
    if "\0" in expression:
        raise ValueError(
            r"a NUL in a regular expression; write \\x00, the form in which it is kept"
        )
    pattern = Pattern(expression.encode(), _REGEX, weight=4)
    try:
        compile_patterns([(0, pattern)], hyperscan.HS_MODE_BLOCK)
    except hyperscan.error as error:
        raise ValueError(f"regular expression {expression[:80]!r}: {error}") from error
    return pattern


def compile_patterns(patterns: Sequence[tuple[int, Pattern]], mode: int) -> hyperscan.Database:
    """One database for many patterns, each under its number. Raises hyperscan.error."""
    database = hyperscan.Database(mode=mode)
    database.compile(
        expressions=[pattern.expression for _, pattern in patterns],
        ids=[number for number, _ in patterns],
        elements=len(patterns),
        flags=[pattern.flags for _, pattern in patterns],
    )
    return database


def _expression(part: Part) -> bytes:
    if part is SpecialChars.WILDCARD_MULTI:
        return _ANY
    if part is SpecialChars.WILDCARD_SINGLE:
        return _ONE_CHARACTER
    text = str(part).encode()
    return b"".join(b"%c" % byte if byte in _PLAIN else b"\\x%02x" % byte for byte in text)
