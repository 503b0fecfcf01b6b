"""YAML files: the data, the places, and errors that name them."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeyweir import yamlfile
from honeyweir.yamlfile import Document, FileError

PATH = Path("policy.yml")

RULE = """\
title: A rule
detection:
  selection:
    cs-host|contains:
      - one
      - two
  condition: selection
"""


def one(text: str) -> Document:
    (document,) = yamlfile.parse(PATH, text)
    return document


def error(text: str) -> str:
    with pytest.raises(FileError) as raised:
        yamlfile.parse(PATH, text)
    return str(raised.value)


def test_the_data_is_what_safe_loader_makes_of_it() -> None:
    assert one("a: [1, 1.5, true, null, text]\nd: 2026-11-24\n").data == {
        "a": [1, 1.5, True, None, "text"],
        "d": datetime.date(2026, 11, 24),
    }


@pytest.mark.parametrize(
    ("place", "position"),
    [
        ((), (1, 1)),
        (("title",), (1, 1)),
        (("detection", "selection"), (3, 3)),
        (("detection", "selection", "cs-host|contains"), (4, 5)),
        (("detection", "selection", "cs-host|contains", 1), (6, 9)),
        (("detection", "condition"), (7, 3)),
    ],
)
def test_a_part_is_found_by_its_keys(place: yamlfile.Place, position: tuple[int, int]) -> None:
    assert one(RULE).position(place) == position


@pytest.mark.parametrize(
    ("place", "position"),
    [
        (("detection", "filter"), (2, 1)),
        (("detection", "selection", "cs-host|contains", 7), (4, 5)),
        (("title", "x"), (1, 1)),
        (("level",), (1, 1)),
    ],
)
def test_a_part_that_is_not_there_is_placed_by_what_is_around_it(
    place: yamlfile.Place, position: tuple[int, int]
) -> None:
    assert one(RULE).position(place) == position


def test_an_error_about_a_part_names_its_place() -> None:
    raised = one(RULE).error(("detection", "condition"), "too short")
    assert str(raised) == "policy.yml:7:3: too short"
    assert (raised.line, raised.column, raised.message) == (7, 3, "too short")


def test_an_error_about_a_whole_file_has_no_line() -> None:
    assert str(FileError(PATH, 0, 0, "too large")) == "policy.yml: too large"


def test_every_document_has_its_own_places() -> None:
    first, second = yamlfile.parse(PATH, "a: 1\n---\n# a comment\nb: 2\n")
    assert (first.data, second.data) == ({"a": 1}, {"b": 2})
    assert second.position(("b",)) == (4, 1)


@pytest.mark.parametrize("text", ["", "# a comment\n", "\n\n"])
def test_a_file_without_a_document_is_empty(text: str) -> None:
    assert yamlfile.parse(PATH, text) == []


def test_merged_keys_give_way_to_the_own_ones() -> None:
    document = one("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n")
    assert document.data["b"] == {"x": 1, "y": 3}
    assert document.position(("b", "y")) == (4, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "policy.yml:3:1: key 'a' stands twice; first in line 1"),
        ("a: {b: 1, b: 2}\n", "policy.yml:1:11: key 'b' stands twice; first in line 1"),
        ("a: &x [*x]\n", "policy.yml:1:4: an alias inside of what it stands for"),
        ("a: 1\nd: 2026-13-45\n", "policy.yml:2:4: '2026-13-45' cannot be read"),
        ("? [a]\n: 1\n", "policy.yml:1:3: a list or a mapping cannot be a key"),
        ("a: !!python/object:os.system x\n", "policy.yml:1:4: a tag; write the value without it"),
        ("a: !!binary aGk=\n", "policy.yml:1:4: a tag; write the value without it"),
        ("a: [1\nb: 2\n", "policy.yml:2:2: not YAML: while parsing a flow sequence"),
        ("a: 1\n\tb: 2\n", "policy.yml:2:1: not YAML: while scanning"),
        ("a: *nowhere\n", "policy.yml:1:4: not YAML: found undefined alias"),
        ("a: 1\nb: \x07\n", "policy.yml:2:4: a character that YAML forbids"),
        ("<<: 5\n", "policy.yml:1:5: not YAML: while constructing a mapping"),
        ("a: 1" + "0" * 5000, "policy.yml:1:4: '1000000000000000000000000000000000000000'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str) -> None:
    assert error(text).startswith(message)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 60 + "1" + "}" * 60, "- " * 50 + "a"])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "nest" in error(text)


def test_aliases_that_unfold_without_end_are_refused() -> None:
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "with aliases unfolded" in error("\n".join(["l0: &l0 [a]", *levels]))


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"#%@`?,=<~ \n\t0.1é\x07\ufeff"), max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(FileError):
        for document in yamlfile.parse(PATH, text):
            assert document.position(("a", 0)) >= (1, 1)


class TestFiles:
    def test_a_byte_order_mark_is_no_part_of_the_text(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yml"
        path.write_bytes(b"\xef\xbb\xbfa: 1\n")
        assert yamlfile.load_one(path).data == {"a": 1}

    def test_the_only_document_of_an_empty_file_is_none(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yml"
        path.touch()
        assert yamlfile.load_one(path).data is None

    def test_a_second_document_is_refused_where_one_is_meant(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yml"
        path.write_text("a: 1\n---\nb: 2\n")
        with pytest.raises(FileError, match=r"a\.yml:3:1: a second document"):
            yamlfile.load_one(path)
        assert [document.data for document in yamlfile.load_all(path)] == [{"a": 1}, {"b": 2}]

    def test_bytes_that_are_no_utf8_are_told_with_their_place(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yml"
        path.write_bytes("a: é\nb: ".encode() + b"\xe9\n")
        with pytest.raises(FileError, match=r"a\.yml:2:4: not UTF-8; save the file as UTF-8"):
            yamlfile.read(path)

    def test_a_file_that_is_not_there_cannot_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(FileError, match=r"a\.yml: cannot be read: No such file"):
            yamlfile.read(tmp_path / "a.yml")

    def test_a_folder_cannot_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(FileError, match="cannot be read: Is a directory"):
            yamlfile.read(tmp_path)

    def test_a_file_without_end_is_not_read_to_its_end(self) -> None:
        with pytest.raises(FileError, match="larger than 1 MiB; split it"):
            yamlfile.read(Path("/dev/zero"))
