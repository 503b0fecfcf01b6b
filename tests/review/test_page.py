"""Pages: headings, fields and lines."""

import pytest

from honeyweir.review.page import Page, write_lines


@pytest.fixture
def written(capsys):
    """A function that gives what a page prints."""

    def write(page):
        page.write()
        return capsys.readouterr().out

    return write


def test_fields_line_up_and_those_without_a_value_are_left_out(written):
    page = Page()
    page.fields({"id": "x", "longer": 0, "none": None, "empty": "", "no": False})
    assert written(page) == "  id      x\n  longer  0\n  no      False\n"


def test_a_heading_stands_apart(written):
    page = Page()
    page.title("An event")
    page.heading("request")
    page.lines(["GET / HTTP/1.1", "Host: a"])
    assert written(page) == "An event\n\nrequest\n  GET / HTTP/1.1\n  Host: a\n"


def test_what_is_to_be_copied_has_no_margin(written):
    page = Page()
    page.verbatim("one\ntwo\n")
    assert written(page) == "one\ntwo\n"


def test_whatever_is_put_on_it_is_made_visible(written):
    page = Page()
    page.title("\x1b[2J")
    page.heading("\u202e")
    page.fields({"\x07": "\n\x1b"})
    page.lines(["a\tb\x9b"])
    page.difference(["-\x1b", "+\u200b"])
    page.verbatim("\x1b]0;x\x07")
    shown = written(page)
    assert shown.replace("\n", "").isprintable()
    assert shown.splitlines()[0] == "\\x1b[2J"


def test_an_empty_page_prints_nothing(written):
    assert written(Page()) == ""


def test_lines_are_written_as_they_come(capsys):
    def lines():
        yield "one", "bold"
        assert capsys.readouterr().out == "one\n"
        yield "two", ""

    write_lines(lines(), wrap=False)
    assert capsys.readouterr().out == "two\n"


def test_a_terminal_wraps_long_lines_of_a_page_and_loses_nothing(archive, honeyweir):
    event = archive.exchange("http://a/" + "0123456789" * 20)
    told = honeyweir.on_terminal("show", event.id, columns=50, NO_COLOR="1")
    assert "0123456789" * 20 in told.out
    assert "…" not in told.out


def test_a_difference_is_red_and_green_on_a_terminal(archive, honeyweir):
    event = archive.exchange(response=b"old")
    archive.response(event, "alter", b"old", b"new", part="response_body")
    told = honeyweir.on_terminal("show", event.id)
    assert "\x1b[31m  -old\x1b[0m" in told.out
    assert "\x1b[32m  +new\x1b[0m" in told.out
