"""The part of a value that proves a match."""

from __future__ import annotations

_BEFORE = 150
_AFTER = 50
"""Bytes before and after the place where a match ended: at most 200 characters together."""


def excerpt(data: bytes, end: int) -> str:
    """The text around an offset; its beginning for a match that has no place (offset 0)."""
    return around_match(data, end).decode("utf-8", "ignore")


def around_match(data: bytes, end: int) -> bytes:
    """The bytes around an offset."""
    start = max(0, end - _BEFORE)
    return data[start : start + _BEFORE + _AFTER]


def tail(data: bytes) -> bytes:
    """What of the bytes so far an excerpt of the next chunk may need."""
    return data[-_BEFORE:]
