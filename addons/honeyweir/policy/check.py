"""What `honeyweir check` tells: everything that is wrong with a policy, or what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from honeyweir.policy.action import Action
from honeyweir.policy.load import gather
from honeyweir.policy.problem import Problem


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check; the counts are of the rules that could be read."""

    problems: Sequence[Problem]
    rules: int
    by_source: Mapping[str, int]
    by_action: Mapping[str, int]

    def __str__(self) -> str:
        """All of it as text: a problem on one line, and what to do about it below."""
        return "\n".join([*map(str, self.problems), self.summary])

    @property
    def summary(self) -> str:
        """One line: how many rules, for what, with which actions."""
        if self.problems:
            count = len(self.problems)
            return f"{count} {'problem' if count == 1 else 'problems'}: nothing is in force"
        sources = ", ".join(f"{name} {count}" for name, count in self.by_source.items())
        actions = ", ".join(f"{name} {count}" for name, count in self.by_action.items())
        return f"{self.rules} rules ({sources}); actions: {actions}"


def check(paths: Sequence[Path], actions: Mapping[str, type[Action]]) -> Report:
    """Read some files and folders as a policy, and tell what came of it."""
    gathered = gather(paths, actions)
    rules = gathered.rules
    return Report(
        problems=gathered.problems,
        rules=len(rules),
        by_source=Counter(rule.protocol or rule.source for rule in rules),
        by_action=Counter(action.name for rule in rules for action in rule.actions),
    )
