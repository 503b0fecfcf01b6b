"""Replacements, at once and in a stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeyweir.respond.replace import Replacement, StreamReplacer, literal, regex


def streamed(replacement: Replacement, chunks: list[bytes]) -> tuple[bytes, int]:
    replacer = StreamReplacer(replacement)
    output = b"".join(map(replacer.feed, chunks)) + replacer.close()
    return output, replacer.count


def test_a_literal_is_replaced_and_counted() -> None:
    assert literal(b"ab", b"X").apply(b"abcab") == (b"XcX", 2)


def test_a_regex_may_use_its_groups() -> None:
    assert regex(r"IBAN: (\w+)", r"IBAN [\1]").apply(b"IBAN: DE1, x") == (b"IBAN [DE1], x", 1)


def test_text_beyond_ascii_is_matched_as_utf_8() -> None:
    replacement = regex("Müller", "Meier")
    assert replacement.apply("Frau Müller".encode()) == (b"Frau Meier", 1)


def test_bytes_that_are_no_text_can_be_replaced() -> None:
    assert literal(b"\x00\xff", b"\x01").apply(b"a\x00\xffb") == (b"a\x01b", 1)
    assert regex(r"\x00\xff", "z").apply(b"a\x00\xffb") == (b"azb", 1)


@given(
    st.lists(
        st.binary(max_size=6).map(lambda data: data.translate(bytes(b % 3 for b in range(256))))
    ),
    st.sampled_from([b"\0", b"\0\1", b"\0\0", b"\0\1\0", b"\1\1\1\1\2"]),
)
def test_a_stream_is_changed_as_the_whole_would_be(chunks: list[bytes], find: bytes) -> None:
    replacement = literal(find, b"<\0>")
    assert streamed(replacement, chunks) == replacement.apply(b"".join(chunks))


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_a_regex_is_found_across_chunks(size: int) -> None:
    data = b"card 4111111111111111 and 4242424242424242." * 10
    replacement = regex(r"\d{16}", "0" * 16)
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert streamed(replacement, chunks) == replacement.apply(data)


def test_what_a_replacement_puts_in_is_not_replaced_again() -> None:
    assert streamed(literal(b"a", b"aa"), [b"a", b"a", b"ba"]) == (b"aaaabaa", 3)


def test_a_stream_holds_back_no_more_than_a_match_needs() -> None:
    replacer = StreamReplacer(literal(b"abc", b"x"))
    assert replacer.feed(b"0123456789") == b"01234567"
