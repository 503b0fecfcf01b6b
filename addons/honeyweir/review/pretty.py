"""Bytes as lines that people can read: JSON indented, form fields, text; else a hex dump."""

from __future__ import annotations

import json
from urllib.parse import unquote_plus

from honeyweir.model import text
from honeyweir.review.payloads import Payload
from honeyweir.review.safe import visible, visible_lines

SHOWN = 64 << 10
"""Bytes of a text that are shown; `payload` has them all."""

HEX_SHOWN = 512
"""Bytes of a hex dump that are shown."""

_HEX_ROW = 16

_DEPTH = 50
"""JSON that is nested deeper is not indented: the lines would be mostly space."""

_BINARY_SHARE = 0.1
"""A body with more control characters than this is no text."""

_CONTROLS = bytes([*range(9), 11, *range(14, 32), 127])


def lines(payload: Payload) -> list[str]:
    """What is kept of a payload, without its content-encodings, and a mark for what is not shown.

    Everything in it is visible, see ``safe``.
    """
    data, problem = payload.decoded()
    notes = [f"[{problem}]"] if problem else []
    if payload.encodings and not problem:
        notes = [f"[{', '.join(payload.encodings)} undone: {len(data)} bytes]"]
    shown = text_lines(data, payload.media_type) if is_text(data) else hex_lines(data)
    return [visible(note) for note in notes] + shown


def is_text(data: bytes) -> bool:
    """Whether bytes are better read as text: UTF-8, or nearly, with few control characters."""
    beginning = data[:SHOWN]
    if b"\0" in beginning:
        return False
    controls = len(beginning) - len(beginning.translate(None, _CONTROLS))
    # What is not UTF-8 becomes four characters each; a text in another encoding has few of them.
    foreign = beginning.decode("utf-8", "replace").count("\ufffd")
    return controls + foreign <= len(beginning) * _BINARY_SHARE


def text_lines(data: bytes, media_type: str = "") -> list[str]:
    """The beginning of a text, by its type."""
    shown = text(data[:SHOWN])
    rest = len(data) - SHOWN
    if rest > 0:
        return [*visible_lines(shown), f"[{rest} more bytes: see `honeyweir payload`]"]
    if media_type == "application/x-www-form-urlencoded":
        return form_lines(shown)
    whole = visible_lines(indented(shown) or shown)
    return whole[:-1] if len(whole) > 1 and not whole[-1] else whole


def form_lines(encoded: str) -> list[str]:
    """The fields of a form, a line each, in their order."""
    pairs = (pair.partition("=") for pair in encoded.split("&"))
    return [f"{_field(name)} = {_field(value)}" for name, _, value in pairs]


def _field(encoded: str) -> str:
    return visible(unquote_plus(encoded, errors="backslashreplace"))


def indented(document: str) -> str | None:
    """JSON on as many lines as it has values; None for what is not JSON.

    Nothing but the space between tokens is changed: numbers, order and repeated keys stay as sent.
    """
    if document.lstrip()[:1] not in ("{", "["):
        return None
    try:
        json.loads(document)
    except (ValueError, RecursionError):
        return None
    return _indent(document)


def _indent(document: str) -> str | None:
    out: list[str] = []
    depth, in_string, escaped = 0, False, False
    for character in document:
        if in_string:
            out.append(character)
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character in "{[":
            depth += 1
            out.append(f"{character}\n{'  ' * depth}")
        elif character in "}]":
            depth -= 1
            out.append(f"\n{'  ' * depth}{character}")
        elif character == ",":
            out.append(f",\n{'  ' * depth}")
        elif character == ":":
            out.append(": ")
        elif not character.isspace():
            in_string = character == '"'
            out.append(character)
        if depth > _DEPTH:
            return None
    return "".join(out)


def hex_lines(data: bytes, start: int = 0, shown: int = HEX_SHOWN) -> list[str]:
    """A hex dump from an offset on, and a mark for what comes after it."""
    end = min(len(data), start + shown)
    dump = [_hex_row(data, at, min(end, at + _HEX_ROW)) for at in range(start, end, _HEX_ROW)]
    if end < len(data):
        dump.append(f"[{len(data) - end} more bytes: see `honeyweir payload`]")
    return dump


def _hex_row(data: bytes, start: int, end: int) -> str:
    row = data[start:end]
    characters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
    return f"{start:08x}  {row.hex(' '):<{3 * _HEX_ROW - 1}}  |{characters}|"
