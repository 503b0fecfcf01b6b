"""What is wrong with a policy, in which place, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

_CLOSE = 0.7
"""How much alike two words are of which one was meant, from 0 to 1 (difflib's ratio)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Lines and columns count from 1; line 0 is the file, or the folder, as a whole."""

    path: Path
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else str(self.path)
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{place}: {self.message}{hint}"


class PolicyError(Exception):
    """A policy that cannot be put in force, with everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def meant(word: str, known: Collection[str], otherwise: str) -> str:
    """A hint for a word that is not known: the one that was probably meant, or where they stand."""
    folded = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=_CLOSE)
    return f"did you mean {folded[close[0]]!r}?" if close else otherwise
