"""The check command: all that is wrong with policies."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from honeyweir.cli import main
from honeyweir.review.commands.check import KEYS

RULE = """
title: Anything
id: 0f2a6ad6-6f0c-4b0e-9d53-0d4f0b0f9b01
status: stable
level: low
logsource: {category: proxy}
detection:
  everything: {cs-method: GET}
  condition: everything
"""


@pytest.fixture
def check(tmp_path):
    """A function that checks some rules: their exit code, and what was said."""

    def run(text, *arguments):
        (tmp_path / "rule.yml").write_text(text)
        result = CliRunner().invoke(main, ["check", str(tmp_path / "rule.yml"), *arguments])
        return result.exit_code, result.stdout

    return run


def test_a_policy_in_which_nothing_is_wrong(check):
    code, told = check(RULE)
    assert code == 0
    assert told.startswith("1 rule")


def test_every_problem_has_its_place(check, tmp_path):
    code, told = check(RULE.replace("{cs-method: GET}", "{cs-metod: GET, uri|wideish: x}"))
    assert code == 1
    places = re.findall(rf"^{re.escape(str(tmp_path))}/rule\.yml:(\d+):(\d+): ", told, re.MULTILINE)
    assert len(places) >= 1
    assert {line for line, _ in places} == {"8"}


def test_problems_in_json_have_documented_keys(check, tmp_path):
    code, told = check(RULE.replace("cs-method", "cs-metod"), "--json")
    assert code == 1
    (problem,) = [json.loads(line) for line in told.splitlines()]
    assert list(problem) == list(KEYS)
    assert Path(problem["path"]) == tmp_path / "rule.yml"
    assert problem["line"] == 8


def test_what_stands_in_a_rule_does_not_act_on_the_terminal(check):
    code, told = check(RULE.replace("cs-method", '"\\e[2J\\u202e"'))
    assert code == 1
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_a_path_that_is_not_there_is_a_problem(tmp_path):
    result = CliRunner().invoke(main, ["check", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert str(tmp_path / "none") in result.stdout


def test_without_a_path_it_is_wrong_usage():
    assert CliRunner().invoke(main, ["check"]).exit_code == 2
