"""Headers as JSON: in their order and case, and every byte of them comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson

from honeyweir.model import Headers

LINE_LIMIT = 64 << 10
"""Bytes of a head that go into its columns. Nobody honest sends more; the rest is in a payload."""

_LINE_OVERHEAD = len(": \r\n")


def dump(headers: Headers) -> str:
    """``[[name, value], ...]``. Bytes that are no UTF-8 become lone surrogates, written ``\\udcNN``
    (PEP 383)."""
    try:
        return orjson.dumps([(name.decode(), value.decode()) for name, value in headers]).decode()
    except UnicodeDecodeError:
        return to_json(
            [
                [name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")]
                for name, value in headers
            ]
        )


def load(stored: str) -> list[tuple[bytes, bytes]]:
    """The headers that ``dump`` was given."""
    return [
        (name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape"))
        for name, value in json.loads(stored)
    ]


def to_json(value: object) -> str:
    """Compact JSON; ASCII alone where a text has lone surrogates, which UTF-8 cannot hold."""
    try:
        return orjson.dumps(value, default=str).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value, default=str, separators=(",", ":"))


def lines(headers: Headers) -> Iterator[bytes]:
    """Headers as HTTP/1 would write them."""
    for name, value in headers:
        yield b"%b: %b\r\n" % (name, value)


def shorten(headers: Headers) -> Headers:
    """The first LINE_LIMIT bytes, with a mark that tells how many bytes were cut."""
    kept: list[tuple[bytes, bytes]] = []
    left = LINE_LIMIT
    for index, (name, value) in enumerate(headers):
        left -= len(name) + len(value) + _LINE_OVERHEAD
        if left < 0:
            kept.append(_cut_line(name, value, headers[index + 1 :], -left))
            break
        kept.append((name, value))
    return kept


def _cut_line(name: bytes, value: bytes, rest: Headers, excess: int) -> tuple[bytes, bytes]:
    """The header in which the limit is reached, ``excess`` bytes before its end."""
    shown = value[: max(0, len(value) - excess)]
    excess -= len(value) - len(shown)
    shown_name = name[: max(0, len(name) - excess)]
    cut = len(name) - len(shown_name) + len(value) - len(shown)
    cut += sum(len(line) for line in lines(rest))
    return shown_name, shown + f"…[{cut} bytes cut]".encode()
