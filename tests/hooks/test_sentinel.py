"""What stays when the monitor is gone."""

from collections.abc import Callable

import pytest
from mitmproxy import flow, tcp
from mitmproxy.net.dns import response_codes
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import taddons, tflow

from honeyweir.hooks import sentinel
from honeyweir.hooks.guard import Gate
from honeyweir.hooks.sentinel import NAME, Sentinel
from hooks.conftest import Stand, Wire

HTTP_HOOKS = ["http_connect", "requestheaders", "request", "responseheaders", "response"]


@pytest.fixture
def closed() -> Sentinel:
    return Sentinel(Gate())


@pytest.fixture
def opened(stand: Stand) -> Sentinel:
    return Sentinel(stand.gate)


def dialling() -> ServerConnectionHookData:
    server = tflow.tserver_conn()
    server.timestamp_start = None
    return ServerConnectionHookData(server, tflow.tclient_conn())


@pytest.mark.parametrize("hook", HTTP_HOOKS)
async def test_closed_an_exchange_is_ended_at_every_step(
    closed: Sentinel, wire: Wire, hook: str
) -> None:
    exchange = tflow.tflow(client_conn=wire.client, resp=True)
    getattr(closed, hook)(exchange)
    assert exchange.error
    assert exchange.error.msg == flow.Error.KILLED_MESSAGE
    assert await wire.end() == "closed"


@pytest.mark.parametrize("hook", HTTP_HOOKS)
def test_open_an_exchange_passes_at_every_step(opened: Sentinel, wire: Wire, hook: str) -> None:
    exchange = tflow.tflow(client_conn=wire.client, resp=True)
    before = exchange.get_state()
    getattr(opened, hook)(exchange)
    assert exchange.get_state() == before
    assert wire.is_open


def test_closed_no_client_gets_in_and_no_origin_is_dialled(closed: Sentinel) -> None:
    client, data = tflow.tclient_conn(), dialling()
    closed.client_connected(client)
    closed.server_connect(data)
    assert (client.error, data.server.error) == ("closed", "closed")


def test_open_clients_get_in_and_origins_are_dialled(opened: Sentinel) -> None:
    client, data = tflow.tclient_conn(), dialling()
    opened.client_connected(client)
    opened.server_connect(data)
    assert (client.error, data.server.error) == (None, None)


async def test_closed_a_websocket_message_is_dropped(closed: Sentinel, wire: Wire) -> None:
    exchange = tflow.tflow(client_conn=wire.client, ws=True)
    closed.websocket_message(exchange)
    assert [message.dropped for message in exchange.websocket.messages] == [False, False, True]
    assert await wire.end() == "closed"


def test_open_a_websocket_message_passes(opened: Sentinel, wire: Wire) -> None:
    exchange = tflow.tflow(client_conn=wire.client, ws=True)
    opened.websocket_message(exchange)
    assert not exchange.websocket.messages[-1].dropped
    assert wire.is_open


STREAMS = [(tflow.ttcpflow, "tcp_message"), (tflow.tudpflow, "udp_message")]


@pytest.mark.parametrize(("make", "hook"), STREAMS)
async def test_closed_a_segment_is_emptied(
    closed: Sentinel, wire: Wire, make: Callable[..., tcp.TCPFlow], hook: str
) -> None:
    stream = make(client_conn=wire.client)
    getattr(closed, hook)(stream)
    assert [message.content for message in stream.messages] == [b"hello", b""]
    assert await wire.end() == "closed"


@pytest.mark.parametrize(("make", "hook"), STREAMS)
def test_open_a_segment_passes(
    opened: Sentinel, wire: Wire, make: Callable[..., tcp.TCPFlow], hook: str
) -> None:
    stream = make(client_conn=wire.client)
    getattr(opened, hook)(stream)
    assert [message.content for message in stream.messages] == [b"hello", b"it's me"]
    assert wire.is_open


async def test_closed_a_query_is_not_passed_on(closed: Sentinel, wire: Wire) -> None:
    query = tflow.tdnsflow(client_conn=wire.client)
    closed.dns_request(query)
    assert query.response
    assert query.response.response_code == response_codes.SERVFAIL
    assert query.response.id == query.request.id
    assert await wire.end() == "closed"


def test_open_a_query_passes(opened: Sentinel, wire: Wire) -> None:
    query = tflow.tdnsflow(client_conn=wire.client)
    opened.dns_request(query)
    assert query.response is None
    assert wire.is_open


def test_a_sentinel_is_posted_once_and_watches_the_newest_gate(
    context: taddons.context, stand: Stand
) -> None:
    sentinel.post(Gate())
    first = context.master.addons.get(NAME)
    sentinel.post(stand.gate)
    assert context.master.addons.get(NAME) is first
    assert first.gate is stand.gate


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "the monitor is not ready, so nothing passes"),
        (["weir_db=a", "weir_db=b"], "so nothing passes: weir_db was given twice"),
        (["weir_db=a", "other=a", "other=b"], "the monitor is not ready, so nothing passes"),
    ],
)
def test_a_start_with_a_closed_gate_is_an_error(
    context: taddons.context, caplog: pytest.LogCaptureFixture, values: list[str], said: str
) -> None:
    context.options.set(*values, defer=True)
    Sentinel(Gate()).running()
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", f"honeyweir: {said}") or (
        record.getMessage().endswith(said)
    )


def test_a_start_with_an_open_gate_is_none(
    opened: Sentinel, caplog: pytest.LogCaptureFixture
) -> None:
    opened.running()
    assert not caplog.records
