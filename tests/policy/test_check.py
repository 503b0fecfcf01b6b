"""What `honeyweir check` tells of a policy."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from honeyweir.policy.check import check
from honeyweir.respond import ACTIONS
from policy.traffic import rule_text

TCP = {"product": "honeyweir", "service": "tcp"}
HOST = {"selection": {"cs-host": "example.com"}}


def test_a_good_policy_is_counted(tmp_path: Path) -> None:
    rules = [
        rule_text(HOST),
        rule_text(HOST, response=["flag", "block"]),
        rule_text({"selection": {"payload|contains": "x"}}, TCP, response=["block"]),
    ]
    (tmp_path / "a.yml").write_text("---\n".join(rules))
    report = check([tmp_path], ACTIONS)
    assert (report.rules, report.problems) == (3, ())
    assert report.by_source == {"http": 2, "tcp": 1}
    assert report.by_action == {"flag": 2, "block": 2}
    assert str(report) == "3 rules (http 2, tcp 1); actions: flag 2, block 2"


def test_problems_are_told_a_line_each_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text(rule_text({"selection": {"cs-hots": "x"}}, response=["blok"]))
    report = check([path], ACTIONS)
    assert str(report).splitlines() == [
        f"{path}:4:5: unknown field 'cs-hots'",
        "    did you mean 'cs-host'?",
        f"{path}:10:3: unknown action 'blok'",
        "    did you mean 'block'?",
        "2 problems: nothing is in force",
    ]


def test_one_problem_is_one(tmp_path: Path) -> None:
    assert str(check([tmp_path / "x"], ACTIONS)).endswith("\n1 problem: nothing is in force")


GOOD = rule_text(
    {"selection": {"cs-host|re": "a.b", "request_body|contains|all": ["a", "b"]}, "other": ["x"]},
    description="any",
    date="2026-11-24",
    response=[{"block": {"how": "reset"}}],
)
LINES = GOOD.splitlines(keepends=True)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("a*?|%\\({\0", max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3),
    max_leaves=6,
)
KEYS = """
    title id level status date tags references related name fields logsource detection response
    falsepositives author taxonomy scope license modified description
"""
MODIFIERS = """
    contains all re i cidr base64 base64offset wide windash gt exists fieldref hour expand cased neq
    startswith utf16
"""
keys = st.sampled_from(KEYS.split())
modifiers = st.sampled_from(MODIFIERS.split())
fields = st.builds(
    "{}|{}".format,
    st.sampled_from(["cs-host", "request_body", "sc-status", "time", "dst_ip", ""]),
    st.lists(modifiers, min_size=1, max_size=3).map("|".join),
)

quickly = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quickly
@given(st.dictionaries(keys, values, max_size=2))
def test_no_value_of_a_key_makes_check_fail(tmp_path: Path, changed: dict[str, object]) -> None:
    path = tmp_path / "a.yml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(rule_text(HOST)), **changed}))
    check([path], ACTIONS)


@quickly
@given(
    st.dictionaries(fields, values, min_size=1, max_size=3),
    st.text("selnotafr(1of *)|", max_size=20),
)
def test_no_detection_makes_check_fail(
    tmp_path: Path, selection: dict[str, object], condition: str
) -> None:
    path = tmp_path / "a.yml"
    path.write_text(rule_text({"selection": selection, "condition": condition}))
    check([path], ACTIONS)


@quickly
@given(st.lists(st.sampled_from(LINES) | st.text(" -:{}[]&*a\n", max_size=6), max_size=25))
def test_no_shuffled_lines_make_check_fail(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "a.yml"
    path.write_text("".join(lines))
    check([path], ACTIONS)
