"""What an adversary wrote cannot act on a terminal, hide, or break out of JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeyweir.review.safe import cell, cut, is_plain, to_json, visible, visible_lines

ANYTHING = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x00\x07\x7f", "\\x00\\x07\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("zero\u200bwidth\u2060\ufeff", "zero\\u200bwidth\\u2060\\ufeff"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\ue000", "\\ue000"),
        ("\U000e0041", "\\U000e0041"),
        ("\u0378", "\\u0378"),
        ("\udc80", "\\udc80"),
        ("a\u00a0b", "a\\xa0b"),
        ("a\u3164b\ufe0f", "a\\u3164b\\ufe0f"),
        ("one\r\n\ttwo", "one\\r\\n\\ttwo"),
    ],
)
def test_what_acts_or_hides_is_written_out(hidden, shown):
    assert visible(hidden) == shown


@pytest.mark.parametrize("text", ["plain", "C:\\new\\table", "Ünïcödé 漢字 🐟", "[red]x[/red]", ""])
def test_what_can_be_seen_stays_as_it_is(text):
    assert visible(text) == text


@given(ANYTHING)
def test_every_shown_character_is_printable_and_showing_twice_changes_nothing(text):
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown


@given(ANYTHING)
def test_json_is_printable_ascii_and_says_the_same(text):
    line = to_json({"text": text})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"text": text}


def test_lines_end_at_line_feeds_and_nowhere_else():
    assert visible_lines("one\ntwo\x0bthree\x85four") == ["one", "two\\x0bthree\\x85four"]


def test_carriage_returns_are_shown_unless_every_line_ends_in_one():
    assert visible_lines("one\r\ntwo\r\n") == ["one", "two", ""]
    assert visible_lines("one\r\ntwo\n") == ["one\\r", "two", ""]
    assert visible_lines("over\rwritten") == ["over\\rwritten"]


def test_a_tab_in_a_line_is_space():
    assert visible_lines("a\tb") == ["a       b"]


def test_what_is_cut_has_a_mark():
    assert cut("12345", 5) == "12345"
    assert cut("123456", 5) == "1234…"
    assert cell("\x1b" * 1_000_000, 9) == "\\x1b\\x1b…"


def test_plain_text_has_layout_and_nothing_else_that_is_not_printable():
    assert is_plain("one\r\n\ttwo ünï\n")
    assert not is_plain("one\x1b[2J")
    assert not is_plain("\u202e")
