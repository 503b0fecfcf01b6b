"""The payload command: bytes as they were kept."""

import gzip
import stat

import pytest


def test_the_only_body_needs_no_side(archive, honeyweir):
    event = archive.exchange(response=b"\x00\x1b[2J\xff")
    assert honeyweir.raw("payload", event.id) == b"\x00\x1b[2J\xff"
    assert honeyweir.raw("payload", event.id[-12:]) == b"\x00\x1b[2J\xff"


def test_of_two_bodies_one_must_be_chosen(archive, honeyweir):
    event = archive.exchange(request=b"asked", response=b"told!!")
    told = honeyweir("payload", event.id)
    assert told.code == 1
    assert "say which with --side (there is: request, 5 bytes; response, 6 bytes)" in told.err
    assert honeyweir.raw("payload", event.id, "--side", "request") == b"asked"
    assert honeyweir.raw("payload", event.id, "--side", "response") == b"told!!"


def test_messages_and_client_hellos_are_payloads_too(archive, honeyweir):
    message = archive.message(b"\x01\x02")
    handshake = archive.handshake()
    assert honeyweir.raw("payload", message.id) == b"\x01\x02"
    assert honeyweir.raw("payload", handshake.id) == b"\x16\x03\x01hello"


def test_a_head_that_was_too_large_is_there_whole(archive, honeyweir):
    event = archive.exchange(headers=((b"X", b"a" * 100_000),), response=b"ok")
    head = honeyweir.raw("payload", event.id, "--side", "request_head")
    assert head == b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n"
    assert honeyweir.raw("payload", event.id) == b"ok"


def test_where_there_is_none_it_says_so(archive, honeyweir):
    event = archive.query("a.example")
    told = honeyweir("payload", event.id)
    assert (told.code, told.err) == (1, "Error: this query carried no payload\n")
    assert (
        "it has no request that was kept" in honeyweir("payload", event.id, "--side", "request").err
    )


def test_decoded_undoes_content_encodings(archive, honeyweir):
    encoded = gzip.compress(b"plain")
    header = ((b"Content-Encoding", b"gzip"),)
    event = archive.exchange(reply_headers=header, response=encoded)
    assert honeyweir.raw("payload", event.id) == encoded
    assert honeyweir.raw("payload", event.id, "--decoded") == b"plain"


def test_what_cannot_be_decoded_comes_with_a_warning(archive, honeyweir):
    header = ((b"Content-Encoding", b"gzip"),)
    event = archive.exchange(reply_headers=header, response=b"no gzip")
    told = honeyweir("payload", event.id, "--decoded")
    assert told.out == "no gzip"
    assert told.err.startswith("not all is decoded: malformed content-encoding")


def test_a_body_that_is_not_kept_whole_comes_with_a_warning(archive, honeyweir, make_body):
    event = archive.exchange(response=make_body(b"beginning", size=10**9))
    told = honeyweir("payload", event.id)
    assert told.out == "beginning"
    assert told.err == "only the first 9 of 1000000000 bytes were kept\n"


@pytest.fixture
def altered(archive):
    """An exchange of which two rules in turn altered the response body, and one the URL."""
    event = archive.exchange(request=b"q", response=b"one two")
    archive.response(event, "alter", b"/a", b"/b", part="url")
    archive.response(event, "alter", b"one two", b"1 two", part="response_body")
    archive.response(event, "alter", b"1 two", b"1 2", part="response_body")
    return event


def test_original_and_altered_are_what_came_and_what_went_on(altered, honeyweir):
    assert honeyweir.raw("payload", altered.id, "--original") == b"one two"
    assert honeyweir.raw("payload", altered.id, "--altered") == b"1 2"
    assert honeyweir.raw("payload", altered.id, "--altered", "--side", "request") == b"/b"


def test_several_altered_parts_of_one_side_must_be_told_apart(archive, honeyweir):
    event = archive.exchange()
    archive.response(event, "alter", b"/a", b"/b", part="url")
    archive.response(event, "alter", b"A: b", b"A: c", part="response_headers")
    told = honeyweir("payload", event.id, "--altered")
    assert told.code == 1
    assert "several parts were altered: url, response_headers; say which with --side" in told.err
    assert honeyweir.raw("payload", event.id, "--altered", "--side", "response") == b"A: c"


def test_a_message_that_was_altered_has_both_forms(archive, honeyweir):
    event = archive.message(b"\xde\xad")
    archive.response(event, "alter", b"\xde\xad", b"\x00\x00", part="payload")
    assert honeyweir.raw("payload", event.id, "--original") == b"\xde\xad"
    assert honeyweir.raw("payload", event.id, "--altered") == b"\x00\x00"


def test_what_was_not_altered_has_no_other_form(archive, honeyweir):
    told = honeyweir("payload", archive.exchange(response=b"x").id, "--altered")
    assert (told.code, told.out) == (1, "")
    assert "nothing of it was altered" in told.err


def test_a_file_is_for_its_owner_alone_and_is_not_replaced(archive, honeyweir, tmp_path):
    event = archive.exchange(response=b"new")
    file = tmp_path / "body"
    assert honeyweir("payload", event.id, "-o", file).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"old and longer")
    told = honeyweir("payload", event.id, "-o", file)
    assert (told.code, file.read_bytes()) == (1, b"old and longer")
    assert "--force replaces it" in told.err
    assert honeyweir("payload", event.id, "-o", file, "--force").code == 0
    assert file.read_bytes() == b"new"


def test_a_file_that_cannot_be_written_is_a_failure(archive, honeyweir, tmp_path):
    told = honeyweir("payload", archive.exchange(response=b"x").id, "-o", tmp_path / "no" / "body")
    assert told.code == 1
    assert "cannot be written: No such file or directory" in told.err


def test_a_terminal_gets_plain_text_only(archive, honeyweir):
    plain = archive.exchange(response="plain ünï\n".encode())
    escape = archive.exchange(response=b"\x1b[2J")
    assert honeyweir.on_terminal("payload", plain.id).out == "plain ünï\r\n"
    told = honeyweir.on_terminal("payload", escape.id)
    assert (told.code, told.out) == (1, "")
    assert "insist with --force" in told.err
    assert "\x1b[2J" in honeyweir.on_terminal("payload", escape.id, "--force").out


def test_a_damaged_payload_is_told(archive, honeyweir, change):
    event = archive.exchange(response=b"x" * 100)
    change("UPDATE payloads SET data = x'28b52ffd00'")
    told = honeyweir("payload", event.id)
    assert told.code == 1
    assert "is damaged: see `honeyweir verify`" in told.err
    change("DELETE FROM payloads")
    assert "is missing: see `honeyweir verify`" in honeyweir("payload", event.id).err
