"""Two forms of the same bytes beside each other."""

import gzip
import hashlib
import random

from hypothesis import given
from hypothesis import strategies as st

from honeyweir.review.difference import difference
from honeyweir.review.payloads import Payload


def compare(before, after, *headers):
    return difference(
        *(
            Payload(data, len(data), hashlib.sha256(data).digest(), headers=headers)
            for data in (before, after)
        )
    )


def test_text_is_compared_line_by_line_with_some_lines_around():
    lines = [f"line {number}" for number in range(10)]
    after = [*lines[:4], "new", *lines[5:]]
    assert compare("\n".join(lines).encode(), "\n".join(after).encode()) == [
        "@@ -3,5 +3,5 @@",
        " line 2",
        " line 3",
        "-line 4",
        "+new",
        " line 5",
        " line 6",
    ]


def test_what_was_added_and_removed():
    assert compare(b"a\nb", b"a\nb\nc") == ["@@ -1,2 +1,3 @@", " a", " b", "+c"]
    assert compare(b"a\nb", b"b") == ["@@ -1,2 +1,1 @@", "-a", " b"]


def test_a_line_end_that_both_have_is_no_line_of_its_own():
    assert compare(b"a\nb\n", b"a\nc\n") == ["@@ -1,2 +1,2 @@", " a", "-b", "+c"]
    assert compare(b"a\n", b"a") == ["@@ -1,2 +1,1 @@", " a", "-"]


def test_what_is_shown_of_text_is_visible():
    assert compare(b"a\x1b[2J b c d e f g h", b"x\xe2\x80\xae")[1:] == [
        "-a\\x1b[2J b c d e f g h",
        "+x\\u202e",
    ]


def test_a_long_line_is_shown_around_what_differs():
    before = b"x" * 5000 + b"SECRET" + b"y" * 5000
    _, minus, plus = compare(before, before.replace(b"SECRET", b"decoy"))
    assert minus == "-…" + "x" * 40 + "SECRET" + "y" * 40 + "…"
    assert plus == "+…" + "x" * 40 + "decoy" + "y" * 40 + "…"


def test_a_long_difference_in_a_line_is_cut_in_its_middle():
    _, minus, plus = compare(b"a" * 10_000, b"b" * 10_000)
    assert minus == "-" + "a" * 400 + "…" + "a" * 400
    assert len(plus) == len(minus)


def test_bytes_are_dumped_from_the_first_difference_on():
    before = bytes(range(256)) * 10
    after = before[:1000] + b"\xff\xfe" + before[1002:]
    shown = compare(before, after)
    assert shown[0] == "@@ the first 1000 bytes are the same @@"
    assert shown[1].startswith("-000003e0  e0 e1 e2 e3 e4 e5 e6 e7 e8 e9")
    assert any(line.startswith("+000003e0  e0 e1 e2 e3 e4 e5 e6 e7 ff fe") for line in shown)


def test_content_encodings_are_undone_first():
    header = (b"Content-Encoding", b"gzip")
    assert compare(gzip.compress(b"old"), gzip.compress(b"new"), header)[1:] == ["-old", "+new"]


def test_what_cannot_be_decoded_is_compared_as_it_was_sent():
    header = (b"Content-Encoding", b"gzip")
    assert compare(gzip.compress(b"old"), b"not gzip", header)[0].startswith("@@ the first 0 bytes")


def test_very_many_lines_are_compared_as_bytes():
    before = b"\n" * 5000
    assert compare(before, before + b"x")[0] == "@@ the first 5000 bytes are the same @@"


def test_lines_that_are_much_alike_are_compared_in_bounded_time():
    lines = random.Random(1).choices([b"a", b"b"], k=900)
    other = random.Random(2).choices([b"a", b"b"], k=900)
    assert compare(b"\n".join(lines), b"\n".join(other))


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_two_byte_strings_can_be_compared(before, after):
    shown = compare(before, after)
    assert all(line.isprintable() for line in shown)
    assert bool(shown) or before == after
