"""Messages of WebSockets."""

from __future__ import annotations

from mitmproxy import http, websocket

from honeyweir.model import Connection, Exchange, Message
from honeyweir.tap.body import whole_body
from honeyweir.tap.clock import microseconds
from honeyweir.tap.connections import common


def read_message(
    event: Connection,
    exchange: Exchange | None,
    flow: http.HTTPFlow,
    message: websocket.WebSocketMessage,
    keep: int,
) -> Message:
    """A message of a WebSocket that an exchange opened; at most ``keep`` bytes are kept."""
    return Message(
        **common(event, flow.server_conn, "websocket", microseconds(message.timestamp)),
        from_client=message.from_client,
        body=whole_body(message.content, keep),
        is_text=message.is_text,
        exchange=exchange.id if exchange else None,
        host=exchange.host if exchange else None,
        url=exchange.url if exchange else None,
    )
