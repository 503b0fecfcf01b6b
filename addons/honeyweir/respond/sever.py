"""Ending connections at once, whatever protocol they carry.

mitmproxy has no public way to do this once a flow is past its HTTP hooks; the private one is used
here and nowhere else, and tests with a live proxy guard it.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from mitmproxy import connection, ctx, http
from mitmproxy.proxy.server import ConnectionHandler

_LINGER_ZERO = struct.pack("ii", 1, 0)  # close() sends RST instead of FIN


def sever(client: connection.Client, *, reset: bool = False) -> None:
    """Close a client connection and all that was dialled for it.

    Nothing that is written to them afterwards goes out. With ``reset`` the client sees a TCP reset.
    """
    handler = _handler(client)
    if handler is None:
        return
    if reset:
        reset_on_close(client)
    for open_connection, transport in list(handler.transports.items()):
        if transport.handler is None:
            open_connection.state = connection.ConnectionState.CLOSED
            if transport.writer is not None:
                transport.writer.close()
        else:
            handler.close_connection(open_connection)


def reset_on_close(client: connection.Client) -> None:
    """Let the close of a client connection be a TCP reset, as a firewall's would."""
    handler = _handler(client)
    transport = handler and handler.transports.get(client)
    if transport and isinstance(transport.writer, asyncio.StreamWriter):
        raw: socket.socket = transport.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)


def kill(flow: http.HTTPFlow, *, reset: bool = False) -> None:
    """End an exchange in one of mitmproxy's HTTP hooks, without a word to the client."""
    if reset:
        reset_on_close(flow.client_conn)
    if flow.killable:
        flow.kill()


def _handler(client: connection.Client) -> ConnectionHandler | None:
    proxyserver = ctx.master.addons.get("proxyserver")
    if proxyserver is None:
        return None
    handler: ConnectionHandler | None = proxyserver.connections.get(client.id)
    return handler
