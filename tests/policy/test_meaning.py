"""A rule means the same live, chunk by chunk, and as SQL over the records."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from honeyweir.model import Exchange, Phase
from honeyweir.policy.load import Policy
from policy.traffic import (
    NOON,
    exchange,
    found_by_sql,
    found_live,
    matched,
    policy_of,
    records,
    rule_text,
)

WORDS = [
    *("", "a", "A", "ab", "aB", "abab", "Ab1", "ba", "k", "K", "\u212a", "é", "É", "aéb", "true"),
    *("a.b", "a%b", "a_b", "a\\b", "a*b", "a?b", "[a]", "a^", "a\nb", "ab\n", "\na", "\n", "True"),
    *("0", "1", "11", "200", " 200\n", "1.5", "1e1", "1.0", "\\x00", "a/b"),
    *("9.22337203685478e+18", "9.22337203685478E+18"),
]
"""Values that meet: with the marks of LIKE, GLOB, Sigma and numbers, and letters that fold."""

PATTERNS = [
    *("*", "?", "??", "a*", "*b", "*b*", "a?b", "a*b*", "?*", "*?a", r"a\*b", r"a\?b", r"a\\b"),
    *("a%*", "a_*", "[a]*", "[*", "*\\", "é*", "?b", "\n*"),
]
ENDS = ["", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|endswith|cased"]
REGEXES = [
    *("a", "^a", "a$", "^$", "", "a.b", "[^a]", "a|b", "(ab)+", r"\bA", "k", "^A.*b$", ".{2}"),
    *("é", "^.$", "^b", r"\x00", r"\\", "É"),
]
FLAGS = ["", "|i", "|m", "|s", "|i|m|s"]
NUMBERS = [0, 1, 11, -1, 200, 1.5, 10, 2**63, True, False, None]
TEXTS = ["c-useragent", "request_body"]
INTEGERS = ["sc-status"]
NAMES = ["c-useragent", "cs-host", "sc-status", "dst_port", "cs-uri-query"]


def single_tests() -> Iterable[tuple[str, Any]]:
    """Every modifier, with values that meet the words."""
    yield from ((f"c-useragent{end}", w) for end in ENDS for w in WORDS + PATTERNS)
    yield from ((f"request_body{end}", w) for end in ENDS for w in WORDS[::3] + PATTERNS[::2])
    yield from ((f"{f}{end}", w) for f in INTEGERS for end in ENDS for w in [*WORDS[-20:], "1*"])
    yield from ((f"c-useragent|re{flag}", r) for flag in FLAGS for r in REGEXES)
    yield from ((f"{f}|re|i", r) for f in ("request_body", "sc-status") for r in REGEXES)
    yield from ((f, number) for f in TEXTS + INTEGERS for number in NUMBERS)
    yield from ((f"{f}|exists", there) for f in TEXTS + INTEGERS for there in (True, False))
    yield from ((f"{f}|neq", word) for f in TEXTS + INTEGERS for word in WORDS[:3])
    for order in ("lt", "lte", "gt", "gte"):
        yield from ((f"{f}|{order}", n) for f in ("c-useragent", "sc-status") for n in NUMBERS[:8])
        yield f"time|hour|{order}", 12
    for relation in ("", "|contains", "|startswith", "|endswith"):
        yield from ((f"{a}|fieldref{relation}", b) for a in NAMES for b in NAMES)
    for part, value in (("minute", 0), ("hour", 12), ("day", 9), ("week", 40), ("month", 10)):
        yield f"time|{part}", value
    yield "time|year", 2025
    yield from ((f"{f}|contains|all", ["a", "B"]) for f in TEXTS)
    yield from (("request_body|wide|contains", w) for w in ("b", "ab"))
    yield "request_body|utf16be|contains", "b"
    yield from (("c-useragent|base64offset|contains", w) for w in ("foo", "fo"))
    yield "c-useragent|base64", "foo"
    yield "c-useragent|windash|contains", "a -b"
    networks = ("10.0.0.0/9", "10.1.2.3/32", "0.0.0.0/0", "2001:db8::/33", "2001:db8:8000::/34")
    yield from (("dst_ip|cidr", network) for network in networks)


def keyword_tests() -> Iterable[Any]:
    yield from WORDS[1:] + PATTERNS
    yield from [1, 1.5]
    yield from (
        {end: word} for end in ("|cased", "|re", "|re|i") for word in ("a", "A", "Ab", "^GET")
    )
    yield {"|all": ["a", "b"]}


def words_as_traffic() -> list[Exchange]:
    addresses = ["10.1.2.3", "10.200.0.1", "2001:db8::1", "2001:db8:8000::1", None]
    statuses = [None, 0, 1, 10, 11, 200]
    encoded = ["Zm9v", "xmb29", "a /b", "a \u2013b", "xxZm8"]
    return [
        exchange(
            host=word,
            path=word,
            user_agent=other if index % 9 else None,
            headers={"X": word},
            request=word.encode() if index % 7 else None,
            status=status,
            dst=(address, 200) if address else None,
            time=NOON + index * 977_777_777_777,
        )
        for index, (word, other, status, address) in enumerate(
            zip(
                WORDS + encoded,
                encoded + WORDS,
                itertools.cycle(statuses),
                itertools.cycle(addresses),
                strict=False,
            )
        )
    ] + [
        exchange(request=data) for data in (b"\0b\0", b"b\0", b"a\0b\0", b"\xff", b"k\xc3", b"\xe2")
    ]


def differences(
    folder: Path, texts: Sequence[str], traffic: Sequence[Exchange]
) -> dict[str, set[str]]:
    """The titles of rules whose two meanings differ, with the events on which they do."""
    policy = policy_of(folder, *texts)
    db = records(traffic, folder / "records.sqlite")
    with contextlib.closing(db):
        live = found_live(policy, traffic)
        pairs = {rule.title: live[rule] ^ found_by_sql(db, rule) for rule in policy.rules}
    return {title: ids for title, ids in pairs.items() if ids}


def test_every_modifier_means_live_what_it_means_in_sql(tmp_path: Path) -> None:
    texts = [
        rule_text({"selection": {key: value}}, title=f"{key}: {value!r}")
        for key, value in single_tests()
    ]
    assert differences(tmp_path, texts, words_as_traffic()) == {}


def test_keywords_mean_live_what_they_mean_in_sql(tmp_path: Path) -> None:
    texts = [
        rule_text({"selection": word if isinstance(word, dict) else [word]}, title=repr(word))
        for word in keyword_tests()
    ]
    assert differences(tmp_path, texts, words_as_traffic()) == {}


values = st.sampled_from(WORDS)
fields = st.sampled_from(["cs-host", "c-useragent", "request_body", "sc-status", "cs-uri-query"])
ends = st.sampled_from(["", "|contains", "|startswith", "|endswith", "|neq", "|contains|cased"])
items = st.tuples(st.builds("{}{}".format, fields, ends), st.lists(values, min_size=1, max_size=3))
selections = st.lists(items, min_size=1, max_size=2).map(dict)
conditions = st.sampled_from(
    [
        "not one",
        "one and two",
        "one and not two",
        "one or not two",
        "not (one or two) or three",
        "all of them",
        "1 of t*",
        "one and (two or not (three and two))",
        "not (not one and not (not two))",
        ["one and three", "two"],
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
events = st.builds(
    exchange,
    host=values,
    path=values,
    user_agent=st.none() | values,
    request=st.none() | values,
    status=st.sampled_from([None, 1, 11, 200]),
)

unhurried = settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@unhurried
@given(st.lists(rules, min_size=4, max_size=8), st.lists(events, min_size=4, max_size=12))
def test_a_condition_means_live_what_it_means_in_sql(
    texts: list[str], traffic: list[Exchange]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert differences(Path(folder), texts, traffic) == {}


def matched_in_chunks(policy: Policy, event: Exchange, chunks: Sequence[bytes]) -> list[str]:
    """The rules that match where the request's body passes in chunks."""
    evaluation = policy.evaluate(event)
    decisions = [evaluation.decide(Phase.HEAD)]
    decisions += [evaluation.feed("request_body", chunk) for chunk in chunks]
    evaluation.close("request_body")
    decisions += [evaluation.decide(phase) for phase in list(Phase)[1:]]
    return sorted(match.rule.title for decision in decisions for match in decision.matches)


@pytest.fixture(scope="module")
def body_policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """One rule for every test of a body, and the opposite of each."""
    tests = [(key, value) for key, value in single_tests() if key.startswith("request_body")]
    texts = [
        rule_text(
            {"selection": {key: value}, "condition": condition},
            title=f"{condition} {key}: {value!r}",
        )
        for key, value in tests
        for condition in ("selection", "not selection")
    ]
    return policy_of(tmp_path_factory.mktemp("bodies"), *texts)


bodies = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(
    lambda words: "".join(words).replace("\0", "").encode()
)


@unhurried
@given(bodies, st.integers(1, 5))
def test_a_text_means_in_chunks_what_it_means_as_a_whole(
    body_policy: Policy, body: bytes, size: int
) -> None:
    chunks = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    expected = sorted(rule.title for rule in matched(body_policy, exchange(request=body)))
    found = matched_in_chunks(body_policy, exchange(request=b"not this"), chunks)
    if not body.isascii():  # a dot of a regular expression takes a byte in the one, not the other
        expected, found = ([t for t in ts if "|re" not in t] for ts in (expected, found))
    assert found == expected


@pytest.mark.parametrize(
    ("key", "value", "body"),
    [
        ("request_body|contains", "Müller", b"\xff\x00Frau M\xc3\xbcller\xff"),
        ("request_body|contains|wide", "secret", "a secret".encode("utf-16-le")),
        ("request_body|endswith|wide", "secret", "a secret".encode("utf-16-le")),
        ("request_body|contains", r"a\xffb", b"\x00a\xffb\x00"),
        ("request_body|re", r"a\\x00b", b"\xffa\x00b"),
        ("request_body|re", "s.cr.t$", b"\xff\x00secret"),
    ],
)
def test_what_is_no_text_is_found_in_chunks(
    tmp_path: Path, key: str, value: str, body: bytes
) -> None:
    policy = policy_of(
        tmp_path, rule_text({"selection": {key: value}, "condition": "selection"}, title="found")
    )
    chunks = [body[:6], body[6:]]
    assert matched_in_chunks(policy, exchange(request=b"not this"), chunks) == ["found"]
