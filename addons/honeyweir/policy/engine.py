"""pySigma's regular expressions by hyperscan: what it takes is what can run in linear time."""

from __future__ import annotations

import functools
import re
from typing import cast

from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RegexEngine, RegexPattern

from honeyweir.policy.patterns import regex
from honeyweir.policy.scan import Hits, Scanner

_LETTERS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


class LinearEngine(RegexEngine):
    """Refuses what needs backtracking, with hyperscan's reason."""

    error = ValueError

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        letters = "".join(letter for flag, letter in _LETTERS.items() if flags & flag)
        regex(f"(?{letters}){pattern}" if letters else pattern)
        return cast(RegexPattern, _Compiled(pattern))


class _Compiled:
    """What pySigma asks of a pattern: whether the name of a detection is all of it."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    @functools.cached_property
    def _scanner(self) -> Scanner:
        return Scanner([(0, regex(rf"\A(?:{self._pattern})\z"))])

    def fullmatch(self, text: str) -> bool:
        hits: Hits = {}
        self._scanner.scan(text.encode(), hits)
        return bool(hits)


SIGMA_POLICY = SigmaPolicy(regex_engine=LinearEngine())
