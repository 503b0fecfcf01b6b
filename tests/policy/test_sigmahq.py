"""SigmaHQ's rules: all load, and mean live what pySigma's SQLite backend says they mean.

The traffic is made from the rules themselves: for every rule events that satisfy it, and events
that miss it by one part each.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    SigmaCIDRExpression,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaType,
    SpecialChars,
)

from honeyweir.model import Event
from honeyweir.policy.check import check
from honeyweir.policy.load import Policy, load
from honeyweir.policy.rule import Rule
from honeyweir.respond import ACTIONS
from policy.traffic import CORPORA, exchange, found_by_sql, found_live, handshake, query, records

FOLDER = CORPORA / "sigma"
RULES = 83

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no SigmaHQ rules in {FOLDER}")

Wish = tuple[tuple[str, SigmaType], ...]
"""Fields and the values that they should have; a field may be asked for several."""

ALTERNATIVES = 40


def wishes(node: object, wanted: bool = True) -> list[Wish]:
    """Ways to make a condition true, or false; the first is the most direct one."""
    match node:
        case ConditionFieldEqualsValueExpression():
            return [((node.field, node.value),)] if wanted else [()]
        case ConditionValueExpression():
            return [(("", node.value),)] if wanted else [()]
        case ConditionNOT():
            return wishes(node.args[0], not wanted)
        case ConditionAND() | ConditionOR() if isinstance(node, ConditionAND) == wanted:
            return list(together([wishes(child, wanted) for child in node.args]))[:ALTERNATIVES]
        case ConditionAND() | ConditionOR():
            return [wish for child in node.args for wish in wishes(child, wanted)][:ALTERNATIVES]
    raise TypeError(node)


def together(parts: list[list[Wish]]) -> Iterator[Wish]:
    """The first way of every part; then each other way of one part beside the first of others."""
    first = [ways[0] for ways in parts]
    yield sum(first, ())
    for index, ways in enumerate(parts):
        for way in ways[1:]:
            yield sum([*first[:index], way, *first[index + 1 :]], ())


def misses(node: object) -> Iterator[Wish]:
    """The most direct way to make a condition true without one of its parts."""
    best = wishes(node)[0]
    for index in range(len(best)):
        yield best[:index] + best[index + 1 :]


def filtered(node: object) -> Iterator[Wish]:
    """What makes a condition true, together with what one of its negations excludes."""
    best = wishes(node)[0]
    for child in negations(node):
        yield from (best + wish for wish in wishes(child)[:4])


def negations(node: object) -> Iterator[object]:
    if isinstance(node, ConditionNOT):
        yield node.args[0]
    for child in getattr(node, "args", []):
        yield from negations(child)


def text_of(values: list[SigmaType]) -> str:
    """A text that has all the values: those that begin it first, those that end it last."""
    texts = [sample(value) for value in values]
    order = sorted(zip(values, texts, strict=True), key=lambda pair: place(pair[0]))
    return "".join(text for _, text in order)


def place(value: SigmaType) -> int:
    if not isinstance(value, SigmaString):
        return 1
    begins = not value.startswith(SpecialChars.WILDCARD_MULTI)
    ends = not value.endswith(SpecialChars.WILDCARD_MULTI)
    return 1 if begins == ends else 0 if begins else 2


def sample(value: SigmaType) -> str:
    match value:
        case SigmaString():
            fill = {SpecialChars.WILDCARD_MULTI: "x-", SpecialChars.WILDCARD_SINGLE: "y"}
            return "".join(part if isinstance(part, str) else fill[part] for part in value.s)
        case SigmaRegularExpression():
            return regex_sample(str(value.regexp))
        case SigmaCIDRExpression():
            return str(value.network[1])
        case SigmaNumber():
            return str(value)
    raise TypeError(value)


@functools.cache
def regex_sample(expression: str) -> str:
    unshrunk = settings(phases=[Phase.generate], database=None)
    return find(st.from_regex(re.compile(expression, re.ASCII)), lambda _: True, settings=unshrunk)


def event_for(source: str, wish: Wish) -> Event:
    """An event with the fields that are wished for; of a field that must be null, nothing."""
    values: dict[str, list[SigmaType]] = {}
    for field, value in wish:
        values.setdefault(field, []).append(value)
    texts = {
        field: None if any(isinstance(v, SigmaNull) for v in asked) else text_of(asked)
        for field, asked in values.items()
    }
    makers = {"http": http_event, "dns": dns_event, "tls": tls_event}
    return makers[source](texts)


ATTRIBUTES = {
    "c-uri": "url",
    "cs-uri-stem": "path",
    "c-uri-extension": "extension",
    "cs-host": "host",
    "c-useragent": "user_agent",
    "cs-user-agent": "user_agent",
    "user_agent": "user_agent",
    "cs-referer": "referer",
    "cs-username": "username",
    "cs-method": "method",
    "method": "method",
}


def http_event(texts: dict[str, str | None]) -> Event:
    values: dict[str, object] = {"host": "decoy.test", "referer": "http://decoy.test/"}
    for field, text in texts.items():
        if field in ATTRIBUTES:
            values[ATTRIBUTES[field]] = text
        elif field == "sc-status":
            values["status"] = int(text or 0)
        elif field in ("dst_ip", "id.resp_h"):
            values["dst"] = (text, 80)
        elif field == "":
            values["headers"] = {"X-Header": text}
    target = texts.get("cs-uri-query") or texts.get("cs-uri")
    if target is not None:
        path, mark, rest = target.partition("?")
        values |= {"path": path, "query": rest if mark else None}
        if stem := texts.get("cs-uri-stem"):
            values |= {"path": stem, "query": target}
    return exchange(**values)  # type: ignore[arg-type] # a dict of what it takes


def dns_event(texts: dict[str, str | None]) -> Event:
    answer = texts.get("answer") or "192.0.2.1"
    return query(texts.get("query") or "example.com", texts.get("record_type") or "A", [answer])


def tls_event(texts: dict[str, str | None]) -> Event:
    return handshake(serial=texts.get("certificate.serial") or "01")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load([FOLDER], ACTIONS)


def made_to_match(rule: Rule) -> list[Event]:
    """Events that a rule should find."""
    return [event_for(rule.source, wish) for wish in wishes(parsed(rule))]


def made_to_miss(rule: Rule) -> list[Event]:
    """Events that lack a part of what a rule asks for, or have what it excludes."""
    near = [*misses(parsed(rule)), *filtered(parsed(rule)), ()]
    return [event_for(rule.source, wish) for wish in near]


def parsed(rule: Rule) -> object:
    (condition,) = rule.sigma.detection.parsed_condition
    return condition.parsed


def test_all_rules_load() -> None:
    report = check([FOLDER], ACTIONS)
    assert not report.problems
    assert (report.rules, report.by_action) == (RULES, {"flag": RULES})


def test_live_and_sql_find_the_same_events(policy: Policy, tmp_path: Path) -> None:
    traffic = [event for rule in policy.rules for event in made_to_match(rule) + made_to_miss(rule)]
    live = found_live(policy, traffic)
    with contextlib.closing(records(traffic, tmp_path / "records.sqlite")) as db:
        recorded = {rule: found_by_sql(db, rule) for rule in policy.rules}
    assert live == recorded


def test_every_rule_finds_the_traffic_that_was_made_for_it(policy: Policy) -> None:
    found = {rule: found_live(policy, made_to_match(rule))[rule] for rule in policy.rules}
    assert [rule.path.name for rule, ids in found.items() if not ids] == []


def test_every_rule_passes_traffic_that_lacks_a_part(policy: Policy) -> None:
    for rule in policy.rules:
        traffic = made_to_miss(rule)
        assert len(found_live(policy, traffic)[rule]) < len(traffic), rule.path
