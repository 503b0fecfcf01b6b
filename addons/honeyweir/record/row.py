"""A row on its way to the records."""

from __future__ import annotations

from typing import NamedTuple

from honeyweir.model import Headers

Value = str | int | bytes | None

TEXT_LIMIT = 64 << 10
"""Characters that a text column takes; what is longer is cut, with a mark."""


class Text(NamedTuple):
    """What the full-text search finds of an event's part: text, or a body as it was sent."""

    part: int
    content: str | bytes
    headers: Headers = ()  # those that tell how a body is encoded


class Row(NamedTuple):
    """``values`` are in the order of the table's columns, without ``seq``; in tables about an
    event its id is the first.

    A payload's data is as it was sent: the writer compresses it, and writes it once.
    """

    table: str
    values: tuple[Value, ...]
    size: int = 0  # bytes in memory, where they are more than a few hundred
    text: Text | None = None


def cut(value: str) -> str:
    """A text that fits its column; ``…[N bytes cut]`` tells what is missing (in UTF-8)."""
    if len(value) <= TEXT_LIMIT:
        return value
    rest = value[TEXT_LIMIT:].encode("utf-8", "surrogatepass")
    return f"{value[:TEXT_LIMIT]}…[{len(rest)} bytes cut]"


def cut_some(value: str | None) -> str | None:
    """The same, for a column that may be empty."""
    return None if value is None else cut(value)


def storable(row: Row) -> Row:
    """The same with lone surrogates, which UTF-8 cannot hold, made visible as ``\\udcNN``."""
    text = row.text
    if text is not None and isinstance(text.content, str):
        text = text._replace(content=_visible(text.content))
    values = tuple(_visible(value) if isinstance(value, str) else value for value in row.values)
    return row._replace(values=values, text=text)


def _visible(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode()
