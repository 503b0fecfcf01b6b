"""A page for people: headings, fields and lines, in colour where there is a terminal.

Whatever is printed is made visible here, see ``safe``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from honeyweir.review.safe import visible
from honeyweir.review.table import console, on_terminal

_INDENT = "  "

Line = tuple[str, str]
"""A text and one of rich's styles."""


class Page:
    """Collects lines, and prints them at once."""

    def __init__(self) -> None:
        self._lines: list[Line] = []

    def title(self, text: str, style: str = "") -> None:
        """What the page is about."""
        self._add(text, f"bold {style}".strip())

    def heading(self, text: str, style: str = "") -> None:
        """The beginning of a part of the page."""
        self._lines.append(("", ""))
        self._add(text, f"bold {style}".strip())

    def fields(self, fields: Mapping[str, object]) -> None:
        """Names and values, those that have one."""
        known = {name: value for name, value in fields.items() if value not in (None, "")}
        width = max(map(len, known), default=0)
        for name, value in known.items():
            self._add(f"{_INDENT}{name.ljust(width)}  {value}")

    def lines(self, lines: Iterable[str], style: str = "") -> None:
        """Text that is in lines already."""
        for line in lines:
            self._add(f"{_INDENT}{line}", style)

    def verbatim(self, text: str) -> None:
        """Text that somebody will copy, without a margin."""
        for line in text.splitlines():
            self._add(line)

    def difference(self, lines: Iterable[str]) -> None:
        """The lines of a unified diff."""
        styles = {"-": "red", "+": "green", "@": "cyan"}
        for line in lines:
            self._add(f"{_INDENT}{line}", styles.get(line[:1], ""))

    def write(self) -> None:
        """Print it. Long lines are left to the terminal to wrap, so that they can be copied."""
        write_lines(self._lines, wrap=True)

    def _add(self, text: str, style: str = "") -> None:
        self._lines.append((text, style))


def write_lines(lines: Iterable[Line], *, wrap: bool) -> None:
    """Print lines with their styles; without ``wrap`` a terminal cuts them, with a mark."""
    if not on_terminal():
        for text, _ in lines:
            sys.stdout.write(visible(text) + "\n")
        return
    from rich.text import Text

    out = console()
    for text, style in lines:
        if wrap:
            out.print(Text(visible(text), style), soft_wrap=True)
        else:
            out.print(Text(visible(text), style), no_wrap=True, overflow="ellipsis")
