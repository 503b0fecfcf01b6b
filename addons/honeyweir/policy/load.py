"""Loading a policy: files in, rules in their order out, or everything that is wrong with them."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import hyperscan

from honeyweir import yamlfile
from honeyweir.model import Event
from honeyweir.policy import files
from honeyweir.policy.action import Action
from honeyweir.policy.evaluate import Evaluation
from honeyweir.policy.fields import SOURCES
from honeyweir.policy.files import RuleFile
from honeyweir.policy.problem import PolicyError, Problem
from honeyweir.policy.program import Program
from honeyweir.policy.reader import RuleReader
from honeyweir.policy.rule import Rule

_NO_RULES = Program({}, ())


class Policy:
    """Rules in force. It never changes: another policy is another object."""

    def __init__(self, rules: Sequence[Rule], read: Iterable[RuleFile]) -> None:
        self.rules = tuple(rules)
        names_and_texts = [[file.name, file.text] for file in read]
        self.content = json.dumps(names_and_texts, ensure_ascii=False, separators=(",", ":"))
        self.hash = hashlib.sha256(self.content.encode()).hexdigest()
        self._programs = {
            source.kind: Program(source.fields, [r for r in self.rules if r.source == name])
            for name, source in SOURCES.items()
        }

    def evaluate(self, event: Event) -> Evaluation:
        """Begin to hold an event against the rules for its kind."""
        return Evaluation(self._programs.get(type(event), _NO_RULES), event)


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that could be read, and all that is wrong."""

    rules: Sequence[Rule]
    problems: Sequence[Problem]
    policy: Policy | None  # None if there are problems


def load(paths: Sequence[Path], actions: Mapping[str, type[Action]]) -> Policy:
    """The policy of some files and folders, top down. Raises PolicyError with all problems.

    ``actions`` are the actions that a response may name, by their names.
    """
    gathered = gather(paths, actions)
    if gathered.policy is None:
        raise PolicyError(gathered.problems)
    return gathered.policy


def gather(paths: Sequence[Path], actions: Mapping[str, type[Action]]) -> Gathered:
    """Read some files and folders as far as that is possible."""
    read, problems = files.read(paths)
    rules: list[Rule] = []
    for file in read:
        found, wrong = _read_file(file, actions)
        rules += found
        problems += wrong
    problems += _duplicates(rules)
    problems += _without_rules(paths, rules) if not problems else ()
    if problems:
        return Gathered(rules, problems, None)
    try:
        return Gathered(rules, (), Policy(rules, read))
    except hyperscan.error as error:
        problem = Problem(paths[0], 0, 0, f"the patterns do not compile together: {error}")
        return Gathered(rules, [problem], None)


def _read_file(
    file: RuleFile, actions: Mapping[str, type[Action]]
) -> tuple[list[Rule], list[Problem]]:
    try:
        documents = yamlfile.parse(file.path, file.text)
    except yamlfile.FileError as error:
        return [], [Problem(file.path, error.line, error.column, error.message)]
    readers = [RuleReader(each, actions) for each in documents if each.data is not None]
    rules = [rule for reader in readers if (rule := reader.read())]
    problems = [problem for reader in readers for problem in reader.problems]
    return rules, sorted(problems, key=lambda problem: (problem.line, problem.column))


def _duplicates(rules: Iterable[Rule]) -> Iterable[Problem]:
    by_id: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_id[rule.id].append(rule)
    for first, *others in by_id.values():
        for rule in others:
            message = f"the id {rule.id} is taken; first in {first.path}:{first.line}"
            yield Problem(rule.path, rule.line, 1, message, "give every rule an id of its own")


def _without_rules(paths: Sequence[Path], rules: Iterable[Rule]) -> Iterable[Problem]:
    """A gateway that lets everything pass is not what somebody meant who named a policy."""
    held = [rule.path for rule in rules]
    for path in paths or [Path()]:
        if not any(rule.is_relative_to(path) for rule in held):
            yield Problem(path, 0, 0, "holds no rules", "name files or folders of Sigma rules")
