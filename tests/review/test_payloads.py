"""Payloads: what is kept, and what it was meant to be."""

import base64
import gzip
import hashlib
import zlib

import brotli
import pytest
import zstandard

from honeyweir.content import DECODE_LIMIT
from honeyweir.record.errors import RecordError
from honeyweir.review.payloads import Payload, bodies, load, whole
from honeyweir.review.pretty import lines


def payload(data, *headers, **about):
    about.setdefault("size", len(data))
    return Payload(data, sha256=hashlib.sha256(data).digest(), headers=headers, **about)


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        (b"application/json; charset=utf-8", "application/json"),
        (b" Text/HTML ;x", "text/html"),
        (b"\xff\x1b", "\xff\x1b"),
        (b"", ""),
    ],
)
def test_the_type_is_what_the_header_says(value, media_type):
    assert payload(b"x", (b"CONTENT-TYPE", value)).media_type == media_type


def test_without_a_header_there_is_no_type_but_for_a_text_message():
    assert payload(b"x").media_type == ""
    assert payload(b"x", is_text=True).media_type == "text/plain"


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        (b"gzip", gzip.compress),
        (b"deflate", zlib.compress),
        (b"br", brotli.compress),
        (b"zstd", zstandard.compress),
        (b"gzip, br", lambda data: brotli.compress(gzip.compress(data))),
    ],
)
def test_every_content_encoding_is_undone(name, encode):
    encoded = payload(encode(b"plain"), (b"Content-Encoding", name))
    assert encoded.decoded() == (b"plain", None)


def test_a_decompression_bomb_stays_bounded():
    bomb = payload(gzip.compress(bytes(20 << 20)), (b"Content-Encoding", b"gzip"))
    data, _ = bomb.decoded()
    assert len(data) <= DECODE_LIMIT
    assert len(lines(bomb)) < 40


def test_bytes_without_an_encoding_are_what_they_are():
    assert payload(b"\x1f\x8b").decoded() == (b"\x1f\x8b", None)


def test_text_is_text_in_json_and_bytes_are_base64():
    assert payload("ünï".encode()).as_json()["text"] == "ünï"
    assert "encoding" not in payload(b"text").as_json()
    told = payload(b"\xff\x00").as_json()
    assert (base64.b64decode(told["text"]), told["encoding"]) == (b"\xff\x00", "base64")


def test_what_is_not_whole_says_so_in_json():
    told = payload(b"beginning", size=100, complete=False).as_json()
    assert (told["size"], told["truncated"], told["complete"]) == (100, True, False)
    assert payload(b"all").as_json()["truncated"] is False


def test_the_bodies_of_an_exchange_come_with_the_headers_of_their_side(archive, records):
    event = archive.exchange(request=b"asked", response=b"told")
    header = ((b"Content-Type", b"text/plain"),)
    found = bodies(records(), event.id, {"response": header})
    assert list(found) == ["request", "response"]
    assert (found["request"].data, found["request"].headers) == (b"asked", ())
    assert (found["response"].data, found["response"].headers) == (b"told", header)


def test_one_payload_serves_all_that_carried_it(archive, records):
    archive.exchange(response=b"same")
    archive.message(b"same")
    connection = records()
    key = hashlib.sha256(b"same").digest()
    (count,) = connection.execute(
        "SELECT count(*) FROM payloads WHERE sha256 = ?", (key,)
    ).fetchone()
    assert (count, load(connection, key)) == (1, b"same")
    assert whole(connection, key).size == 4
    assert whole(connection, None) is None


def test_a_payload_that_is_larger_than_it_should_be_is_damaged(archive, records, change):
    archive.exchange(response=b"x" * 100)
    change("UPDATE payloads SET size = 10")
    with pytest.raises(RecordError, match="is damaged: see `honeyweir verify`"):
        load(records(), hashlib.sha256(b"x" * 100).digest())
