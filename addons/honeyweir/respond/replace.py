"""Replacing bytes by bytes: a literal, or a regular expression in linear time (RE2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import re2

WINDOW = 64 << 10
"""Bytes of a stream that are held back so that a match across chunks is found."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What to look for and what to put in its place.

    ``pattern`` is compiled over bytes; ``with_`` is a template with ``\\1`` groups for an
    expression, and is taken as it is for a literal.
    """

    with_: bytes
    literal: bytes | None = None
    pattern: Any = field(default=None, compare=False)

    @property
    def reach(self) -> int:
        """The longest match in bytes."""
        return WINDOW if self.literal is None else len(self.literal)

    def apply(self, data: bytes) -> tuple[bytes, int]:
        """The changed bytes, and how many places were changed."""
        if self.literal is not None:
            return data.replace(self.literal, self.with_), data.count(self.literal)
        changed: tuple[bytes, int] = self.pattern.subn(self.with_, data)
        return changed

    def spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where it matches, from left to right, without overlap."""
        if self.literal is None:
            yield from (match.span() for match in self.pattern.finditer(data))
            return
        start = data.find(self.literal)
        while start >= 0:
            yield start, start + len(self.literal)
            start = data.find(self.literal, start + len(self.literal))


def literal(find: bytes, with_: bytes) -> Replacement:
    """Raises ValueError where there is nothing to look for."""
    if not find:
        raise ValueError("replace: nothing to look for")
    return Replacement(with_, literal=find)


def regex(find: str, with_: str) -> Replacement:
    """Raises ValueError for what RE2 cannot run in linear time, or a template that does not fit."""
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    try:
        pattern = re2.compile(find.encode(), options)
    except re2.error as error:
        raise ValueError(f"regex: {_reason(error)}: {find!r}") from None
    if pattern.search(b"") is not None:
        raise ValueError(f"regex: matches where there is nothing: {find!r}")
    template = with_.encode()
    try:
        re2.compile(b"()" * pattern.groups).sub(template, b"")
    except (re2.error, IndexError) as error:
        raise ValueError(f"with: {_reason(error)}: {with_!r}") from None
    return Replacement(template, pattern=pattern)


def _reason(error: Exception) -> str:
    detail = error.args[0] if error.args else error
    return detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)


class StreamReplacer:
    """Applies one replacement to a stream, also where a match lies across chunks."""

    def __init__(self, replacement: Replacement) -> None:
        self._replacement = replacement
        self._buffer = b""
        self.count = 0

    def feed(self, data: bytes) -> bytes:
        """What can go on now: all but what could be the beginning of a match."""
        self._buffer += data
        cut = max(0, len(self._buffer) - self._replacement.reach + 1)
        for start, end in self._replacement.spans(self._buffer):
            if start >= cut:
                break
            cut = max(cut, end)
        return self._release(cut)

    def close(self) -> bytes:
        """The rest."""
        return self._release(len(self._buffer))

    def _release(self, cut: int) -> bytes:
        ready, self._buffer = self._buffer[:cut], self._buffer[cut:]
        changed, count = self._replacement.apply(ready)
        self.count += count
        return changed
