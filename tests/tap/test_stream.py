"""Segments of TCP and UDP streams as events."""

import hashlib

import pytest
from mitmproxy import tcp
from mitmproxy.test import tflow

from honeyweir.tap.connections import read_connection
from honeyweir.tap.inventory import Inventory
from honeyweir.tap.stream import forget_messages, read_message

FLOWS = [("tcp", tflow.ttcpflow()), ("udp", tflow.tudpflow())]


@pytest.mark.parametrize(("protocol", "flow"), FLOWS)
def test_the_newest_message_is_read(protocol: str, flow: tcp.TCPFlow) -> None:
    event = read_connection(flow.client_conn, Inventory())
    message = read_message(event, flow, 1000)
    assert (message.protocol, message.from_client) == (protocol, False)
    assert (message.body.data, message.body.truncated) == (b"it's me", False)
    assert (message.connection, message.dst) == (event.id, ("address", 22))
    assert (message.time, message.host) == (946681204_500_000, "address")
    assert not message.is_text


@pytest.mark.parametrize("keep", [0, 3, 6])
def test_no_more_is_kept_than_there_is_room_for(keep: int) -> None:
    flow = tflow.ttcpflow()
    message = read_message(read_connection(flow.client_conn, Inventory()), flow, keep)
    assert message.body.kept == b"it's me"[:keep]
    assert (message.body.size, message.body.truncated) == (7, True)
    assert message.body.sha256 == hashlib.sha256(b"it's me").digest()


@pytest.mark.parametrize("make", [tflow.ttcpflow, tflow.tudpflow])
def test_all_but_the_newest_message_is_forgotten(make: object) -> None:
    flow = make()
    newest = flow.messages[-1]
    forget_messages(flow)
    assert flow.messages == [newest]
    forget_messages(flow)
    assert flow.messages == [newest]


def test_where_there_is_no_message_there_is_nothing_to_forget() -> None:
    flow = tflow.ttcpflow(messages=[])
    forget_messages(flow)
    assert flow.messages == []
