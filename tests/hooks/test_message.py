"""What the hooks of TCP, UDP and WebSockets do to a message, and what they record of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest
from mitmproxy import http, tcp, udp
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from honeyweir.hooks.http import Http
from honeyweir.hooks.message import Streams, WebSockets
from hooks.conftest import Stand, Wire
from stage import rule

Make = Callable[..., Stand]

ALTER = "{alter: {in: payload, replace: red, with: green}}"


class Tcp:
    """A TCP stream through the hooks."""

    protocol = "tcp"

    def __init__(self, stand: Stand, wire: Wire) -> None:
        self.hooks = Streams(stand.gate)
        self.flow = tflow.ttcpflow(client_conn=wire.client, messages=[])

    def send(self, *contents: bytes, from_client: bool = True) -> list[bytes]:
        """What goes on of some messages, one after the other."""
        return list(self._sent(contents, from_client))

    def _sent(self, contents: Iterable[bytes], from_client: bool) -> Iterable[bytes]:
        for content in contents:
            self.flow.messages.append(tcp.TCPMessage(from_client, content))
            self.hooks.tcp_message(self.flow)
            yield self.flow.messages[-1].content


class Udp(Tcp):
    """A UDP stream."""

    protocol = "udp"

    def __init__(self, stand: Stand, wire: Wire) -> None:
        super().__init__(stand, wire)
        self.flow = tflow.tudpflow(client_conn=wire.client, messages=[])

    def _sent(self, contents: Iterable[bytes], from_client: bool) -> Iterable[bytes]:
        for content in contents:
            self.flow.messages.append(udp.UDPMessage(from_client, content))
            self.hooks.udp_message(self.flow)
            yield self.flow.messages[-1].content


class WebSocket(Tcp):
    """A WebSocket, of which the exchange that opened it was seen."""

    protocol = "websocket"

    def __init__(self, stand: Stand, wire: Wire) -> None:
        exchanges = Http(stand.gate)
        self.sockets = WebSockets(stand.gate, exchanges.exchange)
        self.opened: http.HTTPFlow = tflow.twebsocketflow()
        self.opened.client_conn = wire.client
        self.opened.websocket.messages = []
        for hook in ("requestheaders", "request", "responseheaders", "response"):
            getattr(exchanges, hook)(self.opened)

    def _sent(self, contents: Iterable[bytes], from_client: bool) -> Iterable[bytes]:
        for content in contents:
            message = WebSocketMessage(Opcode.TEXT, from_client, content)
            self.opened.websocket.messages.append(message)
            self.sockets.websocket_message(self.opened)
            yield b"" if message.dropped else message.content


KINDS = [Tcp, Udp, WebSocket]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.protocol)
def kind(request: pytest.FixtureRequest) -> type[Tcp]:
    made: type[Tcp] = request.param
    return made


def test_messages_pass_in_both_directions_and_are_recorded(
    stand: Stand, wire: Wire, kind: type[Tcp]
) -> None:
    stream = kind(stand, wire)
    assert stream.send(b"\x00\xff") == [b"\x00\xff"]
    assert stream.send(b"", b"back", from_client=False) == [b"", b"back"]
    rows = stand.rows(
        "SELECT from_client, size, protocol FROM messages m JOIN events e ON e.id = m.event"
        " ORDER BY m.seq"
    )
    name = kind.protocol
    assert [tuple(row) for row in rows] == [(1, 2, name), (0, 0, name), (0, 4, name)]


def test_a_message_is_altered_and_both_forms_are_kept(
    make_stand: Make, wire: Wire, kind: type[Tcp]
) -> None:
    logsource = f"product: honeyweir, service: {kind.protocol}"
    stand = make_stand(rule(1, "payload|contains: red", ALTER, logsource))
    assert kind(stand, wire).send(b"red red", b"blue") == [b"green green", b"blue"]
    detail, original, altered = stand.row(
        "SELECT detail, o.size, a.size FROM responses r"
        " JOIN payloads o ON o.sha256 = r.original JOIN payloads a ON a.sha256 = r.altered"
    )
    assert json.loads(detail) == {"part": "payload", "count": 2}
    assert (original, altered) == (7, 11)
    assert stand.row("SELECT sum(size) FROM messages") == (11,)


def test_an_alteration_that_finds_nothing_is_not_recorded(
    make_stand: Make, wire: Wire, kind: type[Tcp]
) -> None:
    logsource = f"product: honeyweir, service: {kind.protocol}"
    stand = make_stand(rule(1, "payload|contains: blue", ALTER, logsource))
    assert kind(stand, wire).send(b"blue") == [b"blue"]
    assert (stand.count("findings"), stand.count("responses")) == (1, 0)


CLOSE, RESET = ("block", "closed"), ("{block: {how: reset}}", "reset")


@pytest.mark.parametrize(
    ("kind", "response", "how"),
    [(Tcp, *CLOSE), (Tcp, *RESET), (Udp, *CLOSE), (WebSocket, *CLOSE), (WebSocket, *RESET)],
)
async def test_a_blocked_message_ends_its_connection(
    make_stand: Make, wire: Wire, kind: type[Tcp], response: str, how: str
) -> None:
    logsource = f"product: honeyweir, service: {kind.protocol}"
    stand = make_stand(rule(1, "payload|contains: stop", response, logsource))
    assert kind(stand, wire).send(b"go", b"stop") == [b"go", b""]
    assert await wire.end() == how
    said = json.loads(stand.row("SELECT detail FROM responses")[0])["how"]
    assert said == {"closed": "close", "reset": "reset"}[how]


def test_a_rule_of_one_protocol_does_not_judge_another(
    make_stand: Make, wire: Wire, kind: type[Tcp]
) -> None:
    other = next(other.protocol for other in KINDS if other is not kind)
    logsource = f"product: honeyweir, service: {other}"
    stand = make_stand(rule(1, "payload|contains: stop", "block", logsource))
    assert kind(stand, wire).send(b"stop") == [b"stop"]
    assert stand.count("findings") == 0


async def test_a_message_that_cannot_be_recorded_does_not_pass(
    stand: Stand, wire: Wire, kind: type[Tcp]
) -> None:
    stream = kind(stand, wire)
    stand.weir.recorder.close()
    assert stream.send(b"secret") == [b""]
    assert await wire.end() == "closed"


async def test_while_the_gate_is_closed_no_message_passes(
    stand: Stand, wire: Wire, kind: type[Tcp]
) -> None:
    stream = kind(stand, wire)
    stand.gate.weir = None
    assert stream.send(b"secret") == [b""]
    assert await wire.end() == "closed"


def test_what_goes_on_the_disk_is_bounded_for_each_flow(
    make_stand: Make, wire: Wire, kind: type[Tcp]
) -> None:
    stand = make_stand(keep=5)
    kind(stand, wire).send(b"abc", b"defg", b"h")
    kind(stand, wire).send(b"ijklm")
    rows = stand.rows(
        "SELECT m.size, p.size, truncated FROM messages m"
        " JOIN payloads p ON p.sha256 = m.payload ORDER BY m.seq"
    )
    assert [tuple(row) for row in rows] == [(3, 3, 0), (4, 2, 1), (1, 0, 1), (5, 5, 0)]


def test_what_is_not_kept_is_looked_at_all_the_same(
    make_stand: Make, wire: Wire, kind: type[Tcp]
) -> None:
    logsource = f"product: honeyweir, service: {kind.protocol}"
    stand = make_stand(rule(1, "payload|contains: stop", "block", logsource), keep=0)
    assert kind(stand, wire).send(b"a long way to stop") == [b""]


@pytest.mark.parametrize("kind", [Tcp, Udp])
def test_messages_do_not_pile_up_in_memory(stand: Stand, wire: Wire, kind: type[Tcp]) -> None:
    stream = kind(stand, wire)
    stream.send(*[b"x"] * 20)
    assert len(stream.flow.messages) == 1


def test_messages_of_a_websocket_do_not_pile_up_either(stand: Stand, wire: Wire) -> None:
    socket = WebSocket(stand, wire)
    socket.send(*[b"x"] * 20)
    assert len(socket.opened.websocket.messages) == 1


def test_a_websocket_message_knows_the_exchange_that_opened_it(stand: Stand, wire: Wire) -> None:
    WebSocket(stand, wire).send(b"x")
    found = stand.row(
        "SELECT m.is_text, e.host, e.url, x.kind FROM messages m JOIN events e ON e.id = m.event"
        " JOIN events x ON x.id = m.exchange"
    )
    assert found == (1, "example.com", "http://example.com/ws", "exchange")


@pytest.mark.parametrize("kind", [Tcp, Udp])
async def test_a_stream_without_a_message_fails_closed(
    stand: Stand, wire: Wire, kind: type[Tcp]
) -> None:
    stream = kind(stand, wire)
    getattr(stream.hooks, f"{kind.protocol}_message")(stream.flow)
    assert await wire.end() == "closed"


async def test_a_websocket_that_is_none_fails_closed(stand: Stand, wire: Wire) -> None:
    asked = tflow.tflow(client_conn=wire.client)
    WebSockets(stand.gate, lambda _: None).websocket_message(asked)
    assert await wire.end() == "closed"
