"""Bodies as they pass."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from honeyweir.tap.body import BodyTap, whole_body


@given(st.lists(st.binary(max_size=20)), st.integers(0, 50))
def test_a_body_in_chunks_is_the_same_as_at_once(chunks: list[bytes], keep: int) -> None:
    tap = BodyTap(keep)
    for chunk in chunks:
        tap.feed(chunk)
    passed, whole = tap.body(), whole_body(b"".join(chunks), keep)
    assert (passed.kept, passed.size, passed.sha256) == (whole.kept, whole.size, whole.sha256)
    assert passed.truncated == whole.truncated


def test_the_whole_is_counted_and_hashed_the_beginning_kept() -> None:
    body = whole_body(b"0123456789", 4)
    assert (body.kept, body.size, body.truncated) == (b"0123", 10, True)
    assert body.sha256 == hashlib.sha256(b"0123456789").digest()


def test_a_transfer_that_broke_off_is_marked() -> None:
    tap = BodyTap(4)
    tap.feed(b"ab")
    body = tap.body(complete=False)
    assert (body.complete, body.truncated) == (False, False)
