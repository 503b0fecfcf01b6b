"""Messages of TCP and UDP streams and of WebSockets: one at a time, never kept."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from mitmproxy import connection, http, tcp, udp, websocket

from honeyweir.hooks.guard import Gate, Hooks, guarded
from honeyweir.model import Exchange, Message, Phase
from honeyweir.policy.evaluate import Planned
from honeyweir.record import rows
from honeyweir.respond.alter import Alter
from honeyweir.respond.parts import alter_message
from honeyweir.respond.sever import sever
from honeyweir.tap.stream import forget_messages, read_message
from honeyweir.tap.websocket import read_message as read_websocket_message
from honeyweir.weir import Weir, blocking

AnyFlow = http.HTTPFlow | tcp.TCPFlow | udp.UDPFlow
AnyMessage = websocket.WebSocketMessage | tcp.TCPMessage | udp.UDPMessage


class Room:
    """How much of the messages of each flow still goes into the records, in bytes.

    The limit is that of one body, so that what a flow can put on the disk is bounded.
    """

    def __init__(self) -> None:
        self._left: weakref.WeakKeyDictionary[AnyFlow, int] = weakref.WeakKeyDictionary()

    def left(self, flow: AnyFlow, limit: int) -> int:
        """The room for the next message."""
        return self._left.get(flow, limit)

    def use(self, flow: AnyFlow, limit: int, event: Message) -> None:
        """A message was taken."""
        self._left[flow] = self.left(flow, limit) - len(event.body.kept)


def take(weir: Weir, flow: AnyFlow, message: AnyMessage, event: Message) -> None:
    """Record a message, decide, and act on it before it goes on."""
    weir.record(rows.message_rows(event))
    weir.inspect(event)
    planned = weir.judge(weir.policy.evaluate(event), Phase.RESPONSE)
    if block := blocking(planned):
        item, action = block
        weir.respond(event, item, how=action.how)
        stop(flow, message, reset=action.how == "reset")
        return
    for item in planned:
        _alter(weir, event, message, item)


def _alter(weir: Weir, event: Message, message: AnyMessage, planned: Planned) -> None:
    assert isinstance(planned.action, Alter)
    if change := alter_message(message, planned.action):
        weir.respond(event, planned, change, part=planned.action.part)


def stop(flow: AnyFlow, message: AnyMessage | None, *, reset: bool = False) -> None:
    """Let nothing of a message go on, and end its connection."""
    if isinstance(message, websocket.WebSocketMessage):
        message.drop()
    elif message is not None:
        message.content = b""
    sever(flow.client_conn, reset=reset)


class Streams(Hooks[tcp.TCPFlow | udp.UDPFlow]):
    """TCP and UDP."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(gate)
        self._room = Room()

    @guarded
    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        """A segment is on its way, in either direction."""
        self._message(flow)

    @guarded
    def udp_message(self, flow: udp.UDPFlow) -> None:
        """A datagram is on its way, in either direction."""
        self._message(flow)

    def client_of(self, subject: tcp.TCPFlow | udp.UDPFlow) -> connection.Client:
        return subject.client_conn

    def block(self, subject: tcp.TCPFlow | udp.UDPFlow) -> None:
        stop(subject, subject.messages[-1] if subject.messages else None)

    def _message(self, flow: tcp.TCPFlow | udp.UDPFlow) -> None:
        forget_messages(flow)
        weir = self.weir()
        room = self._room.left(flow, weir.keep)
        event = read_message(weir.connection(flow.client_conn), flow, room)
        self._room.use(flow, weir.keep, event)
        take(weir, flow, flow.messages[-1], event)


class WebSockets(Hooks[http.HTTPFlow]):
    """WebSockets; ``exchange`` finds the exchange that opened one."""

    def __init__(self, gate: Gate, exchange: Callable[[http.HTTPFlow], Exchange | None]) -> None:
        super().__init__(gate)
        self._exchange = exchange
        self._room = Room()

    @guarded
    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """A whole message is on its way, in either direction."""
        assert flow.websocket
        del flow.websocket.messages[:-1]
        message = flow.websocket.messages[-1]
        weir = self.weir()
        carrier = weir.connection(flow.client_conn)
        room = self._room.left(flow, weir.keep)
        event = read_websocket_message(carrier, self._exchange(flow), flow, message, room)
        self._room.use(flow, weir.keep, event)
        take(weir, flow, message, event)

    def client_of(self, subject: http.HTTPFlow) -> connection.Client:
        return subject.client_conn

    def block(self, subject: http.HTTPFlow) -> None:
        messages = subject.websocket.messages if subject.websocket else []
        stop(subject, messages[-1] if messages else None)
