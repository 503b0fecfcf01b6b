"""Patterns: what they match, whole and in chunks, in any thread."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import pytest
from sigma.types import SigmaString

from honeyweir.policy.engine import LinearEngine
from honeyweir.policy.patterns import Pattern, regex, wildcards
from honeyweir.policy.scan import Hits, Scanner, StreamScanner


def pattern(value: str, *, cased: bool = False) -> Pattern:
    made = wildcards(SigmaString(value).s, cased=cased)
    assert made
    return made


def found(made: Pattern, text: str) -> bool:
    hits: Hits = {}
    Scanner([(7, made)]).scan(text.encode(), hits)
    return 7 in hits


@pytest.mark.parametrize(
    ("value", "text", "matches"),
    [
        ("abc", "ABC", True),
        ("abc", "abcd", False),
        ("abc", "abc\n", False),
        ("a*c", "a\n\nc", True),
        ("*b*", "abc", True),
        ("a?c", "aéc", True),
        ("a?c", "a\nc", True),
        ("a?c", "ac", False),
        ("??", "é", False),
        ("é", "É", False),
        ("k", "\u212a", False),
        (r"a\*c", "a*c", True),
        (r"a\*c", "abc", False),
        ("a.c", "abc", False),
        ("[a]", "a", False),
        (r"C:\Windows", r"c:\windows", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_a_value_matches_as_sigma_says(value: str, text: str, matches: bool) -> None:
    assert found(pattern(value), text) is matches


def test_a_cased_value_tells_letters_apart() -> None:
    assert found(pattern("*Abc*", cased=True), "xAbcx")
    assert not found(pattern("*Abc*", cased=True), "xabcx")


@pytest.mark.parametrize("value", ["*", "**"])
def test_a_value_of_wildcards_alone_needs_no_pattern(value: str) -> None:
    assert wildcards(SigmaString(value).s, cased=False) is None


def test_a_value_that_hyperscan_could_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        wildcards(["é" * 5000], cased=False)


@pytest.mark.parametrize(
    ("expression", "text", "matches"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        ("(?i)B", "abc", True),
        ("^.$", "é", True),
        ("a.c", "a\nc", False),
        ("(?s)a.c", "a\nc", True),
        ("^c$", "ab\nc\nd", False),
        ("(?m)^c$", "ab\nc\nd", True),
        ("^$", "", True),
        ("^$", "a", False),
        ("x*", "anything", True),
    ],
)
def test_a_regular_expression_is_searched_for_anywhere(
    expression: str, text: str, matches: bool
) -> None:
    assert found(regex(expression), text) is matches


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(?=a)b", "Zero-width assertions"),
        (r"(a)\1", "Back-references"),
        ("(a", "Missing close parenthesis"),
        ("a{1,40000}", "Bounded repeat is too large"),
        ("a\0", "NUL"),
    ],
)
def test_what_cannot_run_in_linear_time_is_refused_with_the_reason(
    expression: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        regex(expression)
    with pytest.raises(ValueError, match=reason):
        LinearEngine().compile(expression)


def test_the_engine_answers_what_pysigma_asks_of_names() -> None:
    compiled = LinearEngine().compile("sel.*")
    assert [bool(compiled.fullmatch(name)) for name in ("selection", "asel", "sel")] == [
        True,
        False,
        True,
    ]


def test_many_patterns_are_found_at_once_with_the_place_where_they_end() -> None:
    scanner = Scanner([(3, pattern("*one*")), (5, pattern("*two*")), (9, pattern("*three*"))])
    hits: Hits = {}
    scanner.scan(b"xxone and three", hits)
    assert hits == {3: 5, 9: 15}


def test_threads_scan_with_the_same_patterns_at_once() -> None:
    scanner = Scanner([(1, pattern("*needle*"))])
    streams = StreamScanner([(1, pattern("*needle*"))])
    data = b"hay " * 50_000

    def scan(number: int) -> tuple[Hits, Hits]:
        hits: Hits = {}
        scanner.scan(data + b"needle" * (number % 2), hits)
        stream = streams.open()
        stream.scan(data)
        stream.scan(b"needle" * (number % 2))
        stream.close()
        return hits, stream.hits

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(scan, range(64)))
    assert all(bool(hits) == bool(number % 2) for number, both in enumerate(found) for hits in both)


class TestStreams:
    def test_a_match_may_span_chunks(self) -> None:
        stream = StreamScanner([(1, pattern("*needle*"))]).open()
        stream.scan(b"a nee")
        assert stream.hits == {}
        stream.scan(b"dle")
        assert stream.hits == {1: 8}

    def test_an_end_is_found_at_the_end(self) -> None:
        stream = StreamScanner([(1, pattern("*end")), (2, pattern("begin*"))]).open()
        stream.scan(b"begin at the end")
        assert set(stream.hits) == {2}
        stream.close()
        assert set(stream.hits) == {1, 2}

    def test_nothing_is_scanned_after_the_end(self) -> None:
        stream = StreamScanner([(1, pattern("*x*"))]).open()
        stream.close()
        stream.close()
        stream.scan(b"x")
        assert stream.hits == {}

    def test_streams_that_are_given_up_free_their_memory(self) -> None:
        scanner = StreamScanner([(1, pattern("*needle*"))])
        for _ in range(20_000):
            scanner.open().scan(b"nee")
        gc.collect()
        stream = scanner.open()
        stream.scan(b"needle")
        assert stream.hits == {1: 6}
