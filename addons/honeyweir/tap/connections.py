"""Client and server connections."""

from __future__ import annotations

import weakref
from typing import TypedDict

from mitmproxy import connection

from honeyweir.model import (
    Address,
    Connection,
    ConnectionEnd,
    Decoy,
    ServerConnection,
    new_id,
)
from honeyweir.tap.clock import microseconds
from honeyweir.tap.inventory import Inventory

ORIGINAL_DESTINATION_MODES = {"transparent", "wireguard", "local", "tun"}
"""mitmproxy's modes in which a client does not know of a proxy: it dialled the origin itself."""


class Connections:
    """The client connections that are open, each with its event."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._known: weakref.WeakKeyDictionary[connection.Client, Connection] = (
            weakref.WeakKeyDictionary()
        )

    def get(self, client: connection.Client) -> Connection | None:
        """The event of a connection that was opened before, if it was."""
        return self._known.get(client)

    def add(self, client: connection.Client, event: Connection) -> None:
        """Remember a connection that is in the records.

        The decoy is bound with it, once: nothing that is sent later can pass for another's.
        """
        self._known[client] = event


def read_connection(client: connection.Client, inventory: Inventory) -> Connection:
    """A client connection as an event."""
    time = microseconds(client.timestamp_start)
    identity = new_id(time)
    mode = client.proxy_mode.type_name
    original = mode in ORIGINAL_DESTINATION_MODES
    src = address(client.peername) or ("", 0)
    return Connection(
        id=identity,
        time=time,
        connection=identity,
        protocol=client.transport_protocol,
        decoy=inventory.decoy(src[0]),
        src=src,
        dst=address(client.sockname) if original else None,
        mode=mode,
        gateway=None if original else address(client.sockname),
    )


def read_connection_end(event: Connection, client: connection.Client) -> ConnectionEnd:
    """The end of a client connection."""
    return ConnectionEnd(
        connection=event.id, time=microseconds(client.timestamp_end), error=client.error
    )


class Common(TypedDict):
    """What every event takes from the connection that carried it."""

    id: str
    time: int
    connection: str
    protocol: str
    decoy: Decoy
    src: Address
    dst: Address | None


def common(event: Connection, server: connection.Server, protocol: str, time: int) -> Common:
    """The beginning of an event that a connection carried at some time.

    It was meant for what the client dialled, or for what it told the proxy.
    """
    return Common(
        id=new_id(time),
        time=time,
        connection=event.id,
        protocol=protocol,
        decoy=event.decoy,
        src=event.src,
        dst=event.dst or address(server.address),
    )


def read_server_connection(event: Connection, server: connection.Server) -> ServerConnection:
    """A connection to an origin that was made, or that failed."""
    time = microseconds(server.timestamp_start)
    return ServerConnection(
        **common(event, server, server.transport_protocol, time),
        server=address(server.address) or ("", 0),
        peer=address(server.peername),
        error=server.error,
    )


def address(value: tuple[str, int] | None) -> Address | None:
    """IPv6 addresses come with two more numbers, and may have a scope."""
    return None if value is None else (value[0], value[1])
