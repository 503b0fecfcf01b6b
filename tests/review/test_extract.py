"""Which of an event's payloads is meant."""

import pytest

from honeyweir.record.errors import RecordError
from honeyweir.review.detail import event_detail
from honeyweir.review.extract import altered, carried


@pytest.fixture
def detail(records):
    """A function that gives everything about an event."""
    return lambda event: event_detail(records(), event.id)


def test_one_body_is_the_one_that_is_meant(archive, detail):
    asked, told = archive.exchange(request=b"q"), archive.exchange(response=b"r")
    assert carried(detail(asked), None).data == b"q"
    assert carried(detail(told), None).data == b"r"


def test_a_whole_head_does_not_compete_with_a_body(archive, detail):
    event = archive.exchange(reply_headers=((b"X", b"a" * 100_000),), response=b"r")
    assert carried(detail(event), None).data == b"r"
    assert len(carried(detail(event), "response_head").data) > 100_000


def test_a_side_that_was_not_kept_names_those_that_were(archive, detail):
    event = archive.exchange(request=b"asked")
    with pytest.raises(RecordError, match=r"has no response .*\(there is: request, 5 bytes\)"):
        carried(detail(event), "response")


def test_the_first_original_and_the_last_altered_are_meant(archive, detail):
    event = archive.message(b"1")
    for before, after in ((b"1", b"2"), (b"2", b"3"), (b"3", b"4")):
        archive.response(event, "alter", before, after, part="payload")
    assert altered(detail(event), None, original=True).data == b"1"
    assert altered(detail(event), None, original=False).data == b"4"


def test_a_body_is_meant_before_headers_and_url(archive, detail):
    event = archive.exchange(request=b"q")
    archive.response(event, "alter", b"/a", b"/b", part="url")
    archive.response(event, "alter", b"A: b", b"A: c", part="request_headers")
    archive.response(event, "alter", b"q", b"p", part="request_body")
    assert altered(detail(event), None, original=False).data == b"p"
    assert altered(detail(event), "request", original=False).data == b"p"


def test_two_altered_bodies_must_be_told_apart(archive, detail):
    event = archive.exchange(request=b"q", response=b"r")
    archive.response(event, "alter", b"q", b"p", part="request_body")
    archive.response(event, "alter", b"r", b"s", part="response_body")
    with pytest.raises(RecordError, match="several parts were altered: request_body, response_"):
        altered(detail(event), None, original=True)
    assert altered(detail(event), "response", original=True).data == b"r"


def test_an_answer_that_was_altered_has_both_forms(archive, detail):
    event = archive.query("a.example")
    archive.response(event, "alter", b"192.0.2.1", b"192.0.2.9", part="answer", count=1)
    assert altered(detail(event), None, original=True).data == b"192.0.2.1"
    assert altered(detail(event), None, original=False).data == b"192.0.2.9"


def test_a_block_is_no_alteration(archive, detail):
    event = archive.exchange(request=b"q")
    archive.response(event, "block", how="close")
    with pytest.raises(RecordError, match="nothing of it was altered"):
        altered(detail(event), None, original=True)


def test_an_altered_body_has_the_encodings_of_its_side(archive, detail):
    event = archive.exchange(reply_headers=((b"Content-Encoding", b"br"),), response=b"r")
    archive.response(event, "alter", b"r", b"s", part="response_body")
    assert altered(detail(event), None, original=False).encodings == ["br"]
