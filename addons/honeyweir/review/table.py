"""Rows for people: a table as wide as the terminal, or plain whole lines where there is none."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from honeyweir.review import safe
from honeyweir.review.layout import GAP, Column, fit

if TYPE_CHECKING:
    from rich.console import Console

CELL_LIMIT = 1000
"""Characters that a cell shows of a text; JSON and `show` have the rest."""

_PAGE = 500
"""Rows that are laid out together; what comes later cannot widen their columns."""

_PAD_LIMIT = 60
"""Plain columns are lined up to this width; one long cell does not push all others away."""

_LEVEL_STYLES = {
    "informational": "dim",
    "low": "cyan",
    "medium": "yellow",
    "high": "red",
    "critical": "bold red",
}

_SHORT_ID = 12
"""The last part of a UUID, which is random and tells events apart."""


class Cell(NamedTuple):
    """What stands in a column: any text, made visible here, and one of rich's styles."""

    text: str
    style: str = ""


Row = Sequence[Cell]


def console() -> Console:
    """Where people read. Nothing in a text is taken for markup, an emoji or a link."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False)


def write_table(columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Print rows under their titles; nothing where there are none."""
    columns = [column._replace(title=safe.visible(column.title)) for column in columns]
    shown = ([Cell(safe.cell(text, CELL_LIMIT), style) for text, style in row] for row in rows)
    write = _write_pretty if on_terminal() else _write_plain
    for number, page in enumerate(_paged(shown)):
        write(columns, page, header=number == 0)


def on_terminal() -> bool:
    """Whether a person looks at standard output, as far as one can tell."""
    return sys.stdout.isatty()


def _paged(rows: Iterator[list[Cell]]) -> Iterator[list[list[Cell]]]:
    while page := list(itertools.islice(rows, _PAGE)):
        yield page


def _write_pretty(columns: Sequence[Column], rows: Sequence[Row], *, header: bool) -> None:
    from rich.cells import cell_len
    from rich.text import Text

    out = console()
    titles = [Cell(column.title, "bold") for column in columns]
    widths = [
        max(cell_len(cell.text) for cell in cells) for cells in zip(titles, *rows, strict=True)
    ]
    shown = fit(columns, widths, out.width)
    for row in [titles, *rows] if header else rows:
        cells = []
        for place, width in shown.items():
            text = Text(*row[place])
            text.truncate(width, overflow="ellipsis", pad=not columns[place].right)
            text.pad_left(width - text.cell_len)
            cells.append(text)
        line = Text(" " * GAP).join(cells)
        line.rstrip()
        out.print(line, no_wrap=True, overflow="ellipsis")
    if header and len(shown) < len(columns):
        left_out = (column.title for place, column in enumerate(columns) if place not in shown)
        click.echo(f"no room for {', '.join(left_out)}: widen the terminal, or pipe", err=True)


def _write_plain(columns: Sequence[Column], rows: Sequence[Row], *, header: bool) -> None:
    lines = [[text for text, _ in row] for row in rows]
    titles = [column.title for column in columns]
    widths = [min(max(map(len, texts)), _PAD_LIMIT) for texts in zip(titles, *lines, strict=True)]
    for line in [titles, *lines] if header else lines:
        cells = (
            text.rjust(width) if column.right else text.ljust(width)
            for text, width, column in zip(line, widths, columns, strict=True)
        )
        sys.stdout.write((" " * GAP).join(cells).rstrip() + "\n")


def size(number: int | None) -> str:
    """Bytes as people read them: ``812 B``, ``1.5 kB`` (of 1000 bytes), nothing for None."""
    if number is None:
        return ""
    if number < 1000:
        return f"{number} B"
    units = iter(("kB", "MB", "GB", "TB"))
    value, unit = number / 1000, next(units)
    while value >= 999.95 and (larger := next(units, None)):
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}"


def level_style(level: str) -> str:
    """The style in which something of a level is shown; plain for what is no level."""
    return _LEVEL_STYLES.get(level, "")


def short_id(identity: str) -> str:
    """What tables show of an id, and `show` and `payload` take for it."""
    return identity[-_SHORT_ID:]


def short_time(time: str) -> str:
    """An ISO time as tables show it: to the second, UTC as their title says."""
    return time[:19].replace("T", " ")
