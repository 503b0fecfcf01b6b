"""Files with one defect each: all that is wrong is told, in its place, with what to do about it.

The comments at the head of a file are the problems that must be told: ``LINE:COLUMN message``, and
indented below it the hint, both as far as they are written there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from honeyweir.policy.load import gather, load
from honeyweir.policy.problem import PolicyError, Problem
from honeyweir.respond import ACTIONS

FILES = sorted(Path(__file__).with_name("broken").glob("*.yml"))


def expected(path: Path) -> list[tuple[str, str]]:
    """The beginnings of the messages and of the hints."""
    told: list[tuple[str, str]] = []
    for line in path.read_text().splitlines():
        if line.startswith("#     "):
            told[-1] = (told[-1][0], line[6:])
        elif line.startswith("# "):
            told.append((line[2:], ""))
        else:
            break
    return told


def tells(problem: Problem, message: str, hint: str) -> bool:
    told = f"{problem.line}:{problem.column} {problem.message}"
    return (
        told.startswith(message)
        and problem.hint.startswith(hint)
        and bool(problem.hint) == bool(hint)
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_rule_is_told_with_all_that_is_wrong(path: Path) -> None:
    problems = gather([path], ACTIONS).problems
    wanted = expected(path)
    assert len(problems) == len(wanted), "\n".join(map(str, problems))
    for problem, (message, hint) in zip(problems, wanted, strict=True):
        assert tells(problem, message, hint), problem


def test_the_problems_of_all_files_are_told_at_once() -> None:
    with pytest.raises(PolicyError) as raised:
        load([FILES[0].parent], ACTIONS)
    assert {problem.path for problem in raised.value.problems} == set(FILES)
