"""A rule of the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sigma.rule import SigmaRule

from honeyweir.model import Level, Phase
from honeyweir.policy.action import Action
from honeyweir.policy.condition import Condition


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A Sigma rule that was read and checked, with what is to be done when it matches."""

    id: str
    title: str
    level: Level
    tags: Sequence[str]
    references: Sequence[str]
    source: str  # a name in SOURCES
    protocol: str | None  # the one protocol of that source that it is about
    phase: Phase  # the earliest at which all is known that it asks for
    actions: Sequence[Action]
    path: Path
    line: int
    condition: Condition = field(repr=False)
    sigma: SigmaRule = field(repr=False)
