"""Showing what an adversary wrote without letting it run, hide or pass for something else.

Characters that a terminal acts on, that turn the direction of writing or that cannot be seen are
written as Python writes them: ``\\x1b``, ``\\u202e``. A backslash that was there is left alone, so
that paths stay readable: what is shown can be told from what was sent in JSON and in `payload`.
"""

from __future__ import annotations

import json
import re

CUT = "…"
"""The mark of what was left out of a text."""

_SUSPECT = re.compile(r"[^ -~]")

_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Printable by their category, and yet nothing is to be seen of them: Unicode's
Default_Ignorable_Code_Point outside category C, and the empty Braille pattern."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """A text on one line: what is not a printable character is escaped, line breaks too.

    ``str.isprintable`` is false for just the categories Cc, Cf, Cs, Co, Cn, Zl, Zp, and for spaces
    other than the ordinary one.
    """
    return _SUSPECT.sub(_escape, text)


def visible_lines(text: str) -> list[str]:
    """A text as lines, each made visible. A line may end in CR LF; a lone CR is shown."""
    lines = text.split("\n")
    ends = [line.endswith("\r") for line in lines[:-1]]
    if ends and all(ends):
        lines = [line.removesuffix("\r") for line in lines[:-1]] + lines[-1:]
    return [visible(line.expandtabs(8)) for line in lines]


def is_plain(text: str) -> bool:
    """Whether a text can be written to a terminal as it is."""
    return visible(text.translate(_LAYOUT)) == text.translate(_LAYOUT)


_LAYOUT = {ord(character): " " for character in "\n\r\t"}


def cut(text: str, width: int) -> str:
    """At most ``width`` characters, the last of them the mark where something was left out."""
    return text if len(text) <= width else text[: max(0, width - 1)] + CUT


def cell(text: str, width: int) -> str:
    """A text for a cell of a table: visible, and at most ``width`` characters of it."""
    return cut(visible(text[: width + 1]), width)


def to_json(value: object) -> str:
    """JSON on one line, in characters that no terminal acts on."""
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable() and character not in _BLANK:
        return character
    if character in _SHORT:
        return _SHORT[character]
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
