"""Bodies that are streamed although nobody knew at their start that they would be."""

import pytest
from mitmproxy import http
from mitmproxy.test import tutils

from honeyweir.hooks import late

MESSAGES = [tutils.treq, tutils.tresp]


def keep(data: bytes) -> list[bytes]:
    return [data]


@pytest.mark.parametrize("make", MESSAGES)
def test_a_body_that_turns_out_large_is_given_to_us(make: object) -> None:
    message = make()
    late.watch(message, lambda: keep)
    assert message.stream is False
    message.stream = True
    assert message.stream is keep


@pytest.mark.parametrize("make", MESSAGES)
def test_a_body_that_does_not_leaves_an_ordinary_message(make: object) -> None:
    message = make()
    before = type(message), message.get_state()
    late.watch(message, lambda: keep)
    late.unwatch(message)
    assert (type(message), message.get_state()) == before
    message.stream = True
    assert message.stream is True


def test_a_watched_message_is_still_a_request() -> None:
    message = tutils.treq()
    late.watch(message, lambda: keep)
    assert isinstance(message, http.Request)
    assert message.copy().method == "GET"


def test_unwatching_what_was_not_watched_does_nothing() -> None:
    message = tutils.treq()
    late.unwatch(message)
    assert type(message) is http.Request
