"""The rules that ship: what each finds, what it passes, and that it leaves ordinary traffic alone.

The cases are data, one file a rule in ``shipped/``: traffic that must match, and traffic that must
not although it is close.
"""

from __future__ import annotations

import gzip
import json
import uuid
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from honeyweir.model import Event, Level
from honeyweir.policy.load import Policy, load
from honeyweir.policy.rule import Rule
from honeyweir.respond import ACTIONS
from policy.traffic import CORPORA, event_of, exchange, matched, query

POLICIES = Path(__file__).parents[2] / "policies"
CASES = {
    path.stem: yaml.safe_load(path.read_text())
    for path in sorted(Path(__file__).with_name("shipped").glob("*.yaml"))
}
RULES = load([POLICIES], ACTIONS).rules
LOW = (Level.INFORMATIONAL, Level.LOW)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load([POLICIES], ACTIONS)


def found(policy: Policy, event: Event) -> list[str]:
    return [rule.id for rule in matched(policy, event)]


@pytest.mark.parametrize(
    ("case", "spec"), [(name, spec) for name, case in CASES.items() for spec in case["match"]]
)
def test_a_rule_finds_what_it_is_for(policy: Policy, case: str, spec: dict[str, Any]) -> None:
    assert CASES[case]["rule"] in found(policy, event_of(spec))


@pytest.mark.parametrize(
    ("case", "spec"), [(name, spec) for name, case in CASES.items() for spec in case["pass"]]
)
def test_a_rule_passes_what_is_only_close(policy: Policy, case: str, spec: dict[str, Any]) -> None:
    assert CASES[case]["rule"] not in found(policy, event_of(spec))


def test_every_rule_has_its_cases() -> None:
    assert Counter(case["rule"] for case in CASES.values()) == Counter(rule.id for rule in RULES)


def test_every_rule_does_what_its_cases_say() -> None:
    said = {case["rule"]: case["actions"] for case in CASES.values()}
    assert {rule.id: [action.name for action in rule.actions] for rule in RULES} == said


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.title)
def test_every_rule_says_what_it_is(rule: Rule) -> None:
    assert uuid.UUID(rule.id).version == 4
    assert (rule.sigma.author, rule.sigma.status.name) == ("honeyweir", "EXPERIMENTAL")
    assert rule.sigma.description
    assert rule.sigma.date
    assert rule.sigma.falsepositives
    assert rule.references
    assert all(reference.startswith("https://") for reference in rule.references)
    assert any(tag.startswith("attack.t") for tag in rule.tags)


def alarms(policy: Policy, events: Iterable[Event]) -> Counter[str]:
    """How often each rule above low was true, by its title."""
    rules = (rule for event in events for rule in matched(policy, event))
    return Counter(rule.title for rule in rules if rule.level not in LOW)


HTTP = CORPORA / "rita" / "http.log.gz"
DNS = CORPORA / "dns-ordinary" / "dns.log.gz"


def ordinary_http() -> Iterable[Event]:
    with gzip.open(HTTP, "rt") as lines:
        for line in lines:
            entry = json.loads(line)
            yield exchange(
                f"http://{entry['host']}{entry['uri']}",
                entry["method"],
                headers={"User-Agent": entry["user_agent"]} if "user_agent" in entry else {},
                status=entry.get("status_code", 200),
                reply_headers={"Content-Type": (entry.get("resp_mime_types") or ["text/html"])[0]},
                referer=entry.get("referrer"),
                dst=(entry["id.resp_h"], entry["id.resp_p"]),
            )


def ordinary_dns() -> Iterable[Event]:
    with gzip.open(DNS, "rt") as lines:
        fields: list[str] = []
        for line in lines:
            name, *values = line.rstrip("\n").split("\t")
            if name == "#fields":
                fields = values
            elif not name.startswith("#"):
                entry = dict(zip(fields, [name, *values], strict=True))
                answers = [] if entry["answers"] == "-" else entry["answers"].split(",")
                yield query(entry["query"], entry["qtype_name"], answers)


@pytest.mark.skipif(not HTTP.exists(), reason=f"no ordinary traffic at {HTTP}")
def test_ordinary_http_raises_no_alarm(policy: Policy) -> None:
    assert alarms(policy, ordinary_http()) == {}


@pytest.mark.skipif(not DNS.exists(), reason=f"no ordinary traffic at {DNS}")
def test_ordinary_dns_raises_no_alarm(policy: Policy) -> None:
    assert alarms(policy, ordinary_dns()) == {}
