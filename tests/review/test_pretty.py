"""Bytes as lines that people can read."""

import gzip
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeyweir.review.payloads import Payload
from honeyweir.review.pretty import SHOWN, form_lines, hex_lines, indented, is_text, lines


def payload(data, *headers):
    return Payload(data, len(data), hashlib.sha256(data).digest(), headers=headers)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", True),
        (b"plain\r\n\ttext", True),
        ("Ünïcödé 漢字".encode(), True),
        (b"caf\xe9 au lait, s'il vous pla\xeet", True),
        (b"\x1b[31mred\x1b[0m in a longer text", True),
        (b"a\x00b", False),
        (bytes(range(1, 256)), False),
        (b"\x89PNG\r\n\x1a\n", False),
    ],
)
def test_what_is_text(data, text):
    assert is_text(data) is text


def test_text_comes_line_by_line_made_visible():
    assert lines(payload(b"one\r\ntwo \x1b[2J\r\n")) == ["one", "two \\x1b[2J"]


def test_bytes_come_as_a_hex_dump_of_their_beginning():
    shown = lines(payload(bytes(range(256)) * 100))
    assert len(shown) == 33
    assert shown[6].endswith("60 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f  |`abcdefghijklmno|")
    assert shown[-1] == "[25088 more bytes: see `honeyweir payload`]"


def test_a_hex_dump_lines_up_also_in_its_last_row():
    assert hex_lines(b"0123456789abcdefX") == [
        "00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|",
        "00000010  58                                               |X|",
    ]


def test_a_long_text_is_cut_with_a_mark():
    shown = lines(payload(b"x" * (SHOWN + 5)))
    assert shown == ["x" * SHOWN, "[5 more bytes: see `honeyweir payload`]"]


def test_content_encodings_are_undone():
    encoded = payload(gzip.compress(b'{"a": 1}'), (b"content-encoding", b"gzip"))
    assert lines(encoded) == ["[gzip undone: 8 bytes]", "{", '  "a": 1', "}"]


def test_what_cannot_be_decoded_is_shown_as_it_is_and_why():
    shown = lines(payload(b"not gzip at all", (b"Content-Encoding", b"gzip")))
    assert shown[0].startswith("[malformed content-encoding")
    assert shown[1:] == ["not gzip at all"]
    unknown = lines(payload(b"x", (b"Content-Encoding", b"\x1b[2J")))
    assert unknown == ["[content-encoding \\x1b[2j]", "x"]


def test_json_is_indented_and_nothing_of_it_is_lost():
    document = '{"a":[1.50,{"b":"x, {y}: \\"z\\""}],"a":1e400,"c":{}}'
    shown = indented(document)
    assert shown.splitlines()[:3] == ["{", '  "a": [', "    1.50,"]
    kept = "".join(shown.split())
    assert kept == "".join(document.split())


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_indented_json_means_the_same(value):
    document = json.dumps([value])
    assert json.dumps(json.loads(indented(document))) == document


@pytest.mark.parametrize(
    "document", ["", "{", "[1,]", "just text", '"text"', "{'a': 1}", "[" * 10**5]
)
def test_what_is_no_json_is_left_alone(document):
    assert indented(document) is None


def test_json_that_is_nested_too_deep_is_left_alone():
    assert indented("[" * 60 + "]" * 60) is None
    assert indented("[" * 40 + "]" * 40) is not None


def test_form_fields_keep_their_order_and_repeats():
    assert form_lines("b=1&a=%E2%80%AE&b=&c&=d&%ff=+x") == [
        "b = 1",
        "a = \\u202e",
        "b = ",
        "c = ",
        " = d",
        "\\xff =  x",
    ]
