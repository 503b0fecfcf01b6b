"""Messages of WebSockets as events."""

import pytest
from mitmproxy import http
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from honeyweir.model import Message
from honeyweir.tap.connections import read_connection
from honeyweir.tap.http import read_request
from honeyweir.tap.inventory import Inventory
from honeyweir.tap.websocket import read_message


@pytest.fixture
def flow() -> http.HTTPFlow:
    return tflow.twebsocketflow()


def read(flow: http.HTTPFlow, number: int, keep: int = 1000) -> Message:
    event = read_connection(flow.client_conn, Inventory())
    exchange = read_request(event, flow)
    return read_message(event, exchange, flow, flow.websocket.messages[number], keep)


@pytest.mark.parametrize(
    ("number", "content", "is_text", "from_client"),
    [
        (0, b"hello binary", False, True),
        (1, b"hello text", True, True),
        (2, b"it's me", True, False),
    ],
)
def test_text_and_binary_messages_are_read_in_both_directions(
    flow: http.HTTPFlow, number: int, content: bytes, is_text: bool, from_client: bool
) -> None:
    message = read(flow, number)
    assert (message.body.data, message.is_text) == (content, is_text)
    assert (message.from_client, message.protocol) == (from_client, "websocket")
    assert message.time == (946681203 + number) * 1_000_000


def test_a_message_knows_where_its_websocket_leads(flow: http.HTTPFlow) -> None:
    event = read_connection(flow.client_conn, Inventory())
    exchange = read_request(event, flow)
    message = read_message(event, exchange, flow, flow.websocket.messages[0], 1000)
    assert (message.exchange, message.connection) == (exchange.id, event.id)
    assert (message.host, message.url) == ("example.com", "http://example.com/ws")


def test_a_message_whose_exchange_was_not_seen_is_read_without_it(flow: http.HTTPFlow) -> None:
    event = read_connection(flow.client_conn, Inventory())
    message = read_message(event, None, flow, flow.websocket.messages[0], 1000)
    assert (message.exchange, message.host, message.url) == (None, None, None)
    assert message.body.data == b"hello binary"


def test_no_more_is_kept_than_there_is_room_for(flow: http.HTTPFlow) -> None:
    body = read(flow, 0, keep=5).body
    assert (body.kept, body.size, body.truncated) == (b"hello", 12, True)


def test_a_text_that_is_none_is_read_byte_for_byte(flow: http.HTTPFlow) -> None:
    flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, True, b"\xff\x00\xc3"))
    assert read(flow, -1).body.data == b"\xff\x00\xc3"
