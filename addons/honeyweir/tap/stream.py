"""Messages of TCP and UDP streams."""

from __future__ import annotations

from mitmproxy import tcp, udp

from honeyweir.model import Connection, Message
from honeyweir.tap.body import whole_body
from honeyweir.tap.clock import microseconds
from honeyweir.tap.connections import common


def read_message(event: Connection, flow: tcp.TCPFlow | udp.UDPFlow, keep: int) -> Message:
    """The newest message of a stream; at most ``keep`` of its bytes are kept."""
    message = flow.messages[-1]
    protocol = "tcp" if isinstance(flow, tcp.TCPFlow) else "udp"
    return Message(
        **common(event, flow.server_conn, protocol, microseconds(message.timestamp)),
        from_client=message.from_client,
        body=whole_body(message.content, keep),
        host=flow.client_conn.sni,
    )


def forget_messages(flow: tcp.TCPFlow | udp.UDPFlow) -> None:
    """Drop what mitmproxy would keep for the life of the connection, up to the newest message.

    The newest is still needed: mitmproxy sends its content after the hook.
    """
    del flow.messages[:-1]
