"""Frames that come from a file that anybody may have written."""

from __future__ import annotations

import hashlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from honeyweir.record.frames import holds, unpack


@given(st.binary(), st.integers(1, 19))
def test_a_frame_gives_its_content(content: bytes, level: int) -> None:
    frame = zstandard.compress(content, level)
    assert unpack(frame, len(content)) == content
    assert holds(frame, len(content), hashlib.sha256(content).digest())


@given(st.binary())
def test_anything_else_gives_nothing_or_little(junk: bytes) -> None:
    content = unpack(junk, 100)
    assert content is None or len(content) <= 100


@pytest.mark.parametrize("cut", [0, 1, 10, 50])
def test_a_frame_that_was_cut_off_gives_nothing(cut: int) -> None:
    assert unpack(zstandard.compress(bytes(range(256)))[:cut], 1000) is None


def test_a_frame_that_says_it_is_larger_than_allowed_is_not_unpacked() -> None:
    assert unpack(zstandard.compress(bytes(101)), 100) is None


def test_a_frame_that_does_not_say_how_large_it_is_is_not_ours() -> None:
    stream = zstandard.ZstdCompressor(write_content_size=False)
    assert unpack(stream.compress(b"content"), 100) is None


def test_a_frame_of_other_content_is_told_from_ours() -> None:
    frame = zstandard.compress(b"other")
    assert not holds(frame, 5, hashlib.sha256(b"ours!").digest())
    assert not holds(frame, 6, hashlib.sha256(b"other").digest())
