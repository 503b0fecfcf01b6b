"""Bodies that are altered while they pass."""

import gzip

import pytest

from honeyweir.content import decode
from honeyweir.respond.parts import AlterError
from honeyweir.respond.replace import WINDOW, literal
from honeyweir.respond.stream import StreamAlterer

BODY = bytes(range(1, 128)) * 3000
CHUNK = 65535


def chunks(data: bytes) -> list[bytes]:
    return [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]


def test_without_a_replacement_the_content_stays_what_it_was() -> None:
    alterer = StreamAlterer([])
    assert b"".join(map(alterer.feed, chunks(BODY))) + alterer.close() == BODY


def test_a_replacement_that_is_decided_late_reaches_what_is_held_back() -> None:
    alterer = StreamAlterer([])
    sent = alterer.feed(BODY + b"SECRET")
    alterer.add(literal(b"SECRET", b"******"))
    sent += alterer.feed(b"tail SECRET") + alterer.close()
    assert sent == BODY + b"******tail ******"
    assert alterer.counts == [2]


def test_a_window_is_held_back_and_no_more() -> None:
    assert len(StreamAlterer([]).feed(BODY)) == len(BODY) - WINDOW


def test_several_replacements_apply_one_after_the_other() -> None:
    alterer = StreamAlterer([])
    alterer.add(literal(b"one", b"two"))
    alterer.add(literal(b"two", b"three"))
    assert alterer.feed(b"one two") + alterer.close() == b"three three"
    assert alterer.counts == [1, 2]


def test_an_encoded_body_is_decoded_altered_and_encoded_again() -> None:
    alterer = StreamAlterer(["gzip"])
    alterer.add(literal(b"Z", b"--"))
    packed = gzip.compress(BODY + b"Z")
    output = b"".join(map(alterer.feed, chunks(packed))) + alterer.close()
    assert decode(output, [(b"content-encoding", b"gzip")]) == (BODY + b"Z").replace(b"Z", b"--")


def test_a_body_that_does_not_decode_cannot_be_altered() -> None:
    alterer = StreamAlterer(["gzip"])
    with pytest.raises(AlterError, match="malformed content-encoding"):
        alterer.feed(b"this is not gzip")
