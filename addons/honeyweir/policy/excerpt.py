"""The part of a value that proves a match."""

from __future__ import annotations

_BEFORE = 150
_AFTER = 50
"""Bytes before and after the place where a match ended: at most 200 characters together."""


def excerpt(data: bytes, end: int) -> str:
    """The text around an offset; its beginning for a match that has no place (offset 0)."""
    start = max(0, end - _BEFORE)
    return data[start : start + _BEFORE + _AFTER].decode("utf-8", "ignore")


def tail(data: bytes) -> bytes:
    """What of the text so far an excerpt of the next chunk may need."""
    return data[-_BEFORE:]
