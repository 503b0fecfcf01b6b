"""How wide the columns of a table are on a terminal, and which have no room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

GAP = 2
"""Spaces between columns."""


class Column(NamedTuple):
    """A column of a table.

    ``narrow`` is how far it may shrink, in characters, where the terminal is narrow; None: not at
    all. Where that is not enough, columns with a rank of ``minor`` are left out, the highest first.
    """

    title: str
    narrow: int | None = None
    right: bool = False
    minor: int = 0


def fit(columns: Sequence[Column], widths: Sequence[int], room: int) -> dict[int, int]:
    """The columns that are shown, by their places, with their widths.

    ``widths`` are what their contents want. The result may still be wider than ``room`` where the
    columns that must be shown are.
    """
    shown = dict(enumerate(widths))
    minor = [place for place in shown if columns[place].minor]
    for place in sorted(minor, key=lambda place: -columns[place].minor):
        if _total(_narrowed(columns, shown)) <= room:
            break
        del shown[place]
    return _shrink(columns, shown, _total(shown) - room)


def _narrowed(columns: Sequence[Column], shown: dict[int, int]) -> dict[int, int]:
    return {
        place: width if (narrow := columns[place].narrow) is None else min(width, narrow)
        for place, width in shown.items()
    }


def _shrink(columns: Sequence[Column], shown: dict[int, int], excess: int) -> dict[int, int]:
    """Take what is too much from the columns that can give way, as much as each has to give."""
    least = _narrowed(columns, shown)
    give = sum(shown.values()) - sum(least.values())
    fitted = dict(shown)
    for place, width in shown.items():
        if excess <= 0 or give <= 0:
            break
        spare = width - least[place]
        taken = min(spare, -(-excess * spare // give))
        fitted[place] -= taken
        excess, give = excess - taken, give - spare
    return fitted


def _total(shown: dict[int, int]) -> int:
    return sum(shown.values()) + GAP * (len(shown) - 1)
