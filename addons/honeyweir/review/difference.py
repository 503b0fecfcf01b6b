"""Two forms of the same bytes beside each other: a unified diff of text, or hex dumps."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from honeyweir.model import text
from honeyweir.review.payloads import Payload
from honeyweir.review.pretty import hex_lines, is_text
from honeyweir.review.safe import CUT, visible

COMPARED = 256 << 10
"""Bytes that are compared as text; difflib takes the square of the number of lines."""

LINES_COMPARED = 1000

_HEX_SHOWN = 128
"""Bytes of each form that a hex dump shows from the first difference on."""

_LINE = 200
"""A longer line is shown around what differs in it."""

_CONTEXT = 40
"""Characters of such a line before and after what differs."""


def difference(original: Payload, altered: Payload) -> list[str]:
    """Lines as `diff -u` writes them; ``-`` is what was sent, ``+`` what went on in its place.

    Content-encodings are undone. Everything in it is visible, see ``safe``.
    """
    before, problem = original.decoded()
    after, other_problem = altered.decoded()
    if problem or other_problem:
        before, after = original.data, altered.data
    if _comparable(before) and _comparable(after):
        if before.endswith(b"\n") and after.endswith(b"\n"):
            before, after = before[:-1], after[:-1]
        return list(_text_difference(text(before).split("\n"), text(after).split("\n")))
    return _hex_difference(before, after)


def _comparable(data: bytes) -> bool:
    return len(data) <= COMPARED and data.count(b"\n") < LINES_COMPARED and is_text(data)


def _text_difference(before: list[str], after: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, before, after)
    for group in matcher.get_grouped_opcodes(2):
        first, last = group[0], group[-1]
        yield f"@@ -{first[1] + 1},{last[2] - first[1]} +{first[3] + 1},{last[4] - first[3]} @@"
        for tag, start, end, other_start, other_end in group:
            if tag == "equal":
                yield from (f" {_short(visible(line))}" for line in before[start:end])
            else:
                yield from _changed(before[start:end], after[other_start:other_end])


def _changed(before: list[str], after: list[str]) -> Iterator[str]:
    """Lines that were replaced. Where each has its counterpart, both are cut in the same place."""
    if len(before) == len(after):
        pairs = [_focus(*pair) for pair in zip(before, after, strict=True)]
        before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    yield from (f"-{_short(visible(line), 4 * _LINE)}" for line in before)
    yield from (f"+{_short(visible(line), 4 * _LINE)}" for line in after)


def _focus(before: str, after: str) -> tuple[str, str]:
    """Two long lines without most of what they have in common at both ends."""
    if max(len(before), len(after)) <= _LINE:
        return before, after
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    start, end = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
    return _middle(before, start, end), _middle(after, start, end)


def _middle(line: str, start: int, end: int) -> str:
    return (CUT if start else "") + line[start : len(line) - end] + (CUT if end else "")


def _short(line: str, width: int = _LINE) -> str:
    """A line of at most ``width`` characters, with a mark in its middle where it was cut."""
    half = width // 2
    return line if len(line) <= width else f"{line[:half]}{CUT}{line[-half:]}"


def _common[T: (str, bytes)](one: T, other: T) -> int:
    """How much at their beginning is the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _hex_difference(before: bytes, after: bytes) -> list[str]:
    same = _common(before, after)
    start = same - same % 16
    return [
        f"@@ the first {same} bytes are the same @@",
        *(f"-{line}" for line in hex_lines(before, start, _HEX_SHOWN)),
        *(f"+{line}" for line in hex_lines(after, start, _HEX_SHOWN)),
    ]
