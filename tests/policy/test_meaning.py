"""A rule means the same live, chunk by chunk, and as SQL: shown for rules and traffic at random."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from honeyweir.model import Exchange, Phase
from honeyweir.policy.load import Policy, load
from honeyweir.policy.problem import PolicyError
from honeyweir.respond import ACTIONS
from policy.traffic import NOON, exchange, found_by_sql, found_live, matched, records, rule_text

LETTERS = "aAbBkK1.-%_\\*?[]^ é\u212aÉ\n"
"""Few, so that values meet; with all that LIKE, GLOB and Sigma give a meaning."""

texts = st.text(LETTERS, max_size=4)
raw = st.one_of(
    texts.map(str.encode),
    st.binary(max_size=4),
    st.lists(st.sampled_from([b"a", b"b\0", b"\xff", b"\xc3", b"\xe2\x84\xaa", b"\n"])).map(b"".join),
)
escaped = texts.map(lambda text: text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?"))

regexes = st.sampled_from(
    ["a", "^a", "a$", "^$", "", "a.b", "[^a]", "a|b", "(ab)+", r"\bA", "k", "^A.*b$", ".{2}", "é+"]
)
flags = st.sampled_from(["", "|i", "|m", "|s", "|i|m|s"])
orders = st.sampled_from(["lt", "lte", "gt", "gte"])
numbers = st.sampled_from([0, 1, 11, -1, 200, 1.5, 2**63])

TEXT_FIELDS = ["cs-host", "cs-uri-query", "c-useragent", "cs-username", "request_body", "sc-server"]
NUMBER_FIELDS = ["sc-status", "cs-bytes", "dst_port"]
ANY_FIELD = st.sampled_from(TEXT_FIELDS + NUMBER_FIELDS)


def item(key: str, fields: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> Any:
    return st.tuples(fields.map(lambda field: key.format(field)), values)


strings = st.one_of(texts, escaped)
one_or_more = st.one_of(strings, st.lists(strings, min_size=1, max_size=3))
ends = st.sampled_from(["", "|contains", "|startswith", "|endswith", "|contains|all"])
cased = st.sampled_from(["", "|cased"])
relations = st.sampled_from(["", "|contains", "|startswith", "|endswith"])
not_bodies = st.sampled_from([name for name in TEXT_FIELDS + NUMBER_FIELDS if "body" not in name])

items = st.one_of(
    st.tuples(st.builds("{}{}{}".format, ANY_FIELD, ends, cased), one_or_more),
    st.tuples(st.builds("{}|re{}".format, ANY_FIELD, flags), regexes),
    st.tuples(ANY_FIELD, st.one_of(numbers, st.booleans(), st.none())),
    st.tuples(ANY_FIELD, st.sampled_from(["1", "200", " 200\n", "2e2", "1.0", "0x1", "+1", "1e", "."])),
    st.tuples(st.builds("{}|{}".format, not_bodies, orders), numbers),
    st.tuples(st.builds("{}|exists".format, ANY_FIELD), st.booleans()),
    st.tuples(st.builds("{}|neq".format, ANY_FIELD), strings),
    st.tuples(st.builds("{}|fieldref{}".format, not_bodies, relations), not_bodies),
    st.tuples(st.just("dst_ip|cidr"), st.sampled_from(["10.0.0.0/9", "10.1.2.3/32", "2001:db8::/33"])),
    st.tuples(st.builds("request_body|{}|contains".format, st.sampled_from(["wide", "utf16"])), st.just("b")),
    st.tuples(st.just("request_body|base64offset|contains"), st.sampled_from(["aab", "k1"])),
    st.tuples(st.just("c-useragent|windash|contains"), st.just("a -b")),
    st.tuples(st.builds("time|{}".format, st.sampled_from(["hour", "minute|gte", "week", "day|lt"])), st.integers(0, 60)),
    st.tuples(st.builds("{}{}".format, st.sampled_from(["", "|all"]), cased), st.lists(strings, min_size=1, max_size=2)),
)
selections = st.lists(items, min_size=1, max_size=2).map(dict)
conditions = st.sampled_from(
    [
        "one",
        "not one",
        "one and two",
        "one and not two",
        "one or not two",
        "not (one or two) or three",
        "all of them",
        "1 of t*",
        "one and (two or not (three and two))",
    ]
)
rules = st.builds(
    lambda one, two, three, condition: rule_text(
        {"one": one, "two": two, "three": three, "condition": condition}
    ),
    selections,
    selections,
    selections,
    conditions,
)

maybe = st.one_of(st.none(), texts)
events = st.builds(
    exchange,
    host=texts,
    path=texts,
    query=maybe,
    user_agent=maybe,
    username=maybe,
    request=st.one_of(st.none(), raw),
    status=st.sampled_from([None, 1, 200, 11]),
    reply_headers=st.one_of(st.just({}), texts.map(lambda text: {"Server": text})),
    headers=texts.map(lambda text: {"X": text}),
    dst=st.sampled_from([None, ("10.1.2.3", 1), ("10.200.0.1", 200), ("2001:db8::1", 11)]),
    time=st.integers(0, 60 * 24 * 400).map(lambda minutes: NOON + minutes * 60_000_000 + 59_999_999),
)


def policy_of(folder: Path, texts: list[str]) -> Policy | None:
    path = folder / "policy.yml"
    path.write_text("---\n".join(texts))
    try:
        return load([path], ACTIONS)
    except PolicyError:
        return None


unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=150)


@unhurried
@given(st.lists(rules, min_size=4, max_size=8), st.lists(events, min_size=4, max_size=10))
def test_live_and_sql_agree(texts: list[str], traffic: list[Exchange]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        policy = policy_of(Path(folder), texts)
        if policy is None: 
            return
        db = records(traffic, Path(folder) / "records.sqlite")
        for rule in policy.rules:
            assert found_live(policy, traffic, rule) == found_by_sql(db, rule)
        db.close()
