"""Content-encodings are undone within limits, and done again."""

import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard

from honeyweir import content
from honeyweir.content import DECODE_LIMIT, StreamDecoder, StreamEncoder, decode

PLAIN = b"the quick brown fox " * 500

ENCODED = {
    "gzip": gzip.compress(PLAIN),
    "x-gzip": gzip.compress(PLAIN),
    "deflate": zlib.compress(PLAIN),
    "br": brotli.compress(PLAIN),
    "zstd": zstandard.compress(PLAIN),
}


def headers(encoding: str) -> list[tuple[bytes, bytes]]:
    return [(b"Content-Encoding", encoding.encode())]


@pytest.mark.parametrize("encoding", ENCODED)
def test_each_encoding_is_undone(encoding: str) -> None:
    assert decode(ENCODED[encoding], headers(encoding)) == PLAIN


@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_each_encoding_is_undone_in_chunks(encoding: str, size: int) -> None:
    decoder = StreamDecoder([encoding])
    data = ENCODED[encoding]
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert b"".join(map(decoder.decode, chunks)) == PLAIN
    assert decoder.problem is None


@pytest.mark.parametrize("encoding", ENCODED)
def test_what_is_encoded_in_chunks_can_be_decoded(encoding: str) -> None:
    encoder = StreamEncoder([encoding])
    chunks = [encoder.encode(PLAIN[start : start + 999]) for start in range(0, len(PLAIN), 999)]
    assert decode(b"".join(chunks) + encoder.close(), headers(encoding)) == PLAIN


def test_stacked_encodings_are_undone_in_reverse_order() -> None:
    stacked = brotli.compress(gzip.compress(PLAIN))
    assert decode(stacked, headers("gzip, br")) == PLAIN
    encoder = StreamEncoder(["gzip", "br"])
    assert decode(encoder.encode(PLAIN) + encoder.close(), headers("gzip, br")) == PLAIN


def test_deflate_without_a_zlib_header_is_undone_as_browsers_do() -> None:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    raw = stream.compress(PLAIN) + stream.flush()
    assert decode(raw, headers("deflate")) == PLAIN


def test_all_members_of_a_gzip_file_are_read() -> None:
    assert decode(gzip.compress(b"one") + gzip.compress(b"two"), headers("gzip")) == b"onetwo"


def test_what_was_good_before_a_malformed_place_is_kept() -> None:
    broken = bytearray(gzip.compress(bytes(range(256)) * 400, 0))
    broken[-6] ^= 0xFF  # the checksum at the end
    assert decode(bytes(broken), headers("gzip")).startswith(bytes(range(256)))


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_a_bomb_becomes_no_more_than_the_limit(encoding: str) -> None:
    encoder = StreamEncoder([encoding])
    bomb = b"".join(encoder.encode(bytes(1 << 20)) for _ in range(64)) + encoder.close()
    assert len(decode(bomb, headers(encoding))) == DECODE_LIMIT


def test_a_bomb_in_a_bomb_is_a_problem_and_not_in_memory() -> None:
    bomb = gzip.compress(gzip.compress(bytes(200 << 20)))
    decoder = StreamDecoder(["gzip", "gzip"])
    assert len(decoder.decode(bomb)) <= 2 * DECODE_LIMIT
    assert decoder.problem is not None


def test_an_unknown_encoding_leaves_the_body_as_it_is_and_says_so() -> None:
    decoder = StreamDecoder(["exi"])
    assert decoder.decode(b"abc") == b"abc"
    assert decoder.problem == "content-encoding exi"


def test_encodings_without_end_are_a_problem() -> None:
    assert StreamDecoder(["gzip"] * 50).problem == "content-encoding nested too deep"


def test_identity_and_odd_spellings_are_read() -> None:
    fields = [(b"CONTENT-encoding", b" GZip ,identity,"), (b"content-encoding", b"br")]
    assert content.encodings(fields) == ["gzip", "br"]


SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip"  # a zstd frame without content, RFC 8878 3.1.2


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", gzip.compress(b"one ") + gzip.compress(b"two ") + gzip.compress(PLAIN)),
        ("zstd", zstandard.compress(b"one ") + zstandard.compress(PLAIN)),
        ("zstd", SKIPPABLE + zstandard.compress(PLAIN)),
        ("gzip", gzip.compress(PLAIN) + b"garbage" * 3),
        ("deflate", zlib.compress(PLAIN) + b"garbage" * 3),
        ("br", brotli.compress(PLAIN) + b"garbage" * 3),
        ("zstd", zstandard.compress(PLAIN) + b"garbage" * 3),
    ],
    ids=["members", "frames", "skippable", "gzip+", "deflate+", "br+", "zstd+"],
)
def test_what_lax_readers_find_is_found(encoding: str, data: bytes) -> None:
    assert PLAIN[:-100] in decode(data, headers(encoding))


@pytest.mark.parametrize("first", [1, 2, 3])
def test_deflate_without_a_zlib_header_may_begin_with_a_few_bytes(first: int) -> None:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    raw = stream.compress(PLAIN) + stream.flush()
    decoder = StreamDecoder(["deflate"])
    assert decoder.decode(raw[:first]) + decoder.decode(raw[first:]) == PLAIN


def test_a_few_bytes_of_zstd_do_not_fill_the_memory() -> None:
    run = b"\x02\x00\x10\x00"  # a block of 128 KiB of one byte, RFC 8878 3.1.1.2
    bomb = b"\x28\xb5\x2f\xfd\x00\x58" + run * 100_000
    tracemalloc.start()
    try:
        decode(zstandard.compress(bomb), headers("zstd, zstd"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * DECODE_LIMIT
