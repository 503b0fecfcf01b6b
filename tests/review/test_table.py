"""Tables: as wide as the terminal, and whole where there is none."""

import re

import pytest

from honeyweir.review.layout import Column
from honeyweir.review.table import CELL_LIMIT, Cell, size, write_table

URL = "http://origin.example/" + "a" * 300


def test_a_table_is_not_wider_than_the_terminal_and_marks_what_it_cuts(archive, honeyweir):
    archive.exchange(URL)
    told = honeyweir.on_terminal("events", "--protocol", "http", columns=140)
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in told.lines]
    assert len(plain) == 2
    assert all(len(line) <= 140 for line in plain)
    assert "http://origin.example/a" in plain[1]
    assert "…" in plain[1]


def test_a_narrow_terminal_still_has_one_line_for_each_row(archive, honeyweir):
    archive.exchange(URL)
    told = honeyweir.on_terminal("events", columns=40)
    assert len(told.lines) == 3


def test_what_is_piped_is_whole_and_has_no_colour(archive, honeyweir):
    archive.finding(archive.exchange(URL))
    lines = honeyweir("events", "--protocol", "http").lines
    assert len(lines) == 2
    assert URL in lines[1]
    assert "\x1b" not in lines[1]


def test_a_terminal_has_colour_unless_no_color_is_set(archive, honeyweir):
    archive.finding(archive.exchange())
    assert "\x1b[31m" in honeyweir.on_terminal("findings").out
    assert "\x1b[31m" not in honeyweir.on_terminal("findings", NO_COLOR="1").out


def test_markup_in_a_text_is_a_text(archive, honeyweir):
    archive.exchange("http://[red]x[/red]:smile:/[link=http://a]b", decoy="[bold]d")
    told = honeyweir.on_terminal("events", "--protocol", "http", columns=200, NO_COLOR="1")
    assert "http://[red]x[/red]:smile:/[link=http://a]b" in told.out
    assert "[bold]d" in told.out


def test_a_cell_has_an_upper_size_and_does_not_push_the_others_away(capsys):
    rows = [
        [Cell("short"), Cell("x" * 10 * CELL_LIMIT), Cell("end")],
        [Cell("a"), Cell("b"), Cell("c")],
    ]
    write_table([Column("ONE"), Column("TWO"), Column("THREE")], rows)
    _, first, second = capsys.readouterr().out.splitlines()
    assert first == f"short  {'x' * (CELL_LIMIT - 1)}…  end"
    assert second == f"a      {'b'.ljust(60)}  c"


def test_columns_line_up_and_numbers_to_the_right(capsys):
    rows = [[Cell("a"), Cell("1")], [Cell("bcd"), Cell("1000")]]
    write_table([Column("NAME"), Column("N", right=True)], rows)
    assert capsys.readouterr().out == "NAME     N\na        1\nbcd   1000\n"


def test_wide_characters_take_two_places_on_a_terminal(archive, honeyweir):
    archive.exchange("http://漢字漢字漢字漢字/", decoy="d1")
    archive.exchange("http://latin/", decoy="d1")
    told = honeyweir.on_terminal("events", "--protocol", "http", columns=200, NO_COLOR="1")
    wide, narrow = told.lines[1:]
    assert wide.index(" 200 ") + 8 == narrow.index(" 200 ")


def test_what_has_no_room_is_named(archive, honeyweir):
    archive.exchange()
    told = honeyweir.on_terminal("events", columns=80)
    assert told.err == (
        "no room for PROTOCOL, STATUS, SENT, RECEIVED, RESPONSE: widen the terminal, or pipe\n"
    )
    assert honeyweir.on_terminal("events", columns=300).err == ""


def test_a_long_table_has_its_titles_once(capsys):
    write_table([Column("NUMBER")], ([Cell(str(number))] for number in range(1500)))
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["NUMBER", *map(str, range(1500))]


def test_a_line_break_in_a_cell_does_not_break_the_line(capsys):
    write_table([Column("A")], [[Cell("one\ntwo\x1b[2J")]])
    assert capsys.readouterr().out == "A\none\\ntwo\\x1b[2J\n"


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_960, "1.0 MB"),
        (1_500_000_000, "1.5 GB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_sizes_are_told_in_the_unit_that_fits(number, told):
    assert size(number) == told
