"""Client and server connections, and the TLS handshakes on both."""

from __future__ import annotations

import weakref

from mitmproxy import connection
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHello, ClientHelloData, TlsData

from honeyweir.hooks.guard import Gate, Hooks, guarded
from honeyweir.model import Handshake, Phase
from honeyweir.record import rows
from honeyweir.respond.sever import sever
from honeyweir.tap.connections import read_connection_end, read_server_connection
from honeyweir.tap.tls import read_client_handshake, read_server_handshake
from honeyweir.weir import blocking

_REFUSED = "refused"


class ClientConnections(Hooks[connection.Client]):
    """A decoy connects, and goes."""

    @guarded
    def client_connected(self, client: connection.Client) -> None:
        """A connection was accepted, nothing was read from it."""
        self.weir().connection(client)

    @guarded
    def client_disconnected(self, client: connection.Client) -> None:
        """A connection is over."""
        event = self.weir().connection(client)
        self.weir().record(rows.connection_end_rows(read_connection_end(event, client)))

    def client_of(self, subject: connection.Client) -> connection.Client:
        return subject

    def block(self, subject: connection.Client) -> None:
        subject.error = _REFUSED


class ServerConnections(Hooks[ServerConnectionHookData]):
    """An origin is dialled: the last place to stop a connection from going out."""

    @guarded
    def server_connect(self, data: ServerConnectionHookData) -> None:
        """An origin is about to be dialled."""
        self.weir().connection(data.client)

    @guarded
    def server_connected(self, data: ServerConnectionHookData) -> None:
        """An origin was reached."""
        self._record(data)

    @guarded
    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """An origin could not be reached."""
        self._record(data)

    def client_of(self, subject: ServerConnectionHookData) -> connection.Client:
        return subject.client

    def block(self, subject: ServerConnectionHookData) -> None:
        subject.server.error = _REFUSED
        if subject.server.connected:
            sever(subject.client)

    def _record(self, data: ServerConnectionHookData) -> None:
        event = read_server_connection(self.weir().connection(data.client), data.server)
        self.weir().record(rows.server_connection_rows(event))
        self.weir().inspect(event)


class Tls(Hooks[TlsData]):
    """Handshakes, made or failed."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(gate)
        self._hellos: weakref.WeakKeyDictionary[connection.Client, ClientHello] = (
            weakref.WeakKeyDictionary()
        )

    def tls_clienthello(self, data: ClientHelloData) -> None:
        """Keep what was offered until it is known what came of it."""
        self._hellos[data.context.client] = data.client_hello

    @guarded
    def tls_established_client(self, data: TlsData) -> None:
        """A decoy accepted our certificate."""
        self._client(data)

    @guarded
    def tls_failed_client(self, data: TlsData) -> None:
        """A decoy broke the handshake off."""
        self._client(data)

    @guarded
    def tls_established_server(self, data: TlsData) -> None:
        """An origin was certified, or nobody checked."""
        self._server(data)

    @guarded
    def tls_failed_server(self, data: TlsData) -> None:
        """An origin could not be certified, or broke off."""
        self._server(data)

    def client_of(self, subject: TlsData) -> connection.Client:
        return subject.context.client

    def block(self, subject: TlsData) -> None:
        sever(subject.context.client)

    def _client(self, data: TlsData) -> None:
        client, server = data.context.client, data.context.server
        event = self.weir().connection(client)
        self._take(data, read_client_handshake(event, client, server, self._hellos.get(client)))

    def _server(self, data: TlsData) -> None:
        event = self.weir().connection(data.context.client)
        verifies = self.weir().verifies_origins
        self._take(data, read_server_handshake(event, data.context.server, verifies=verifies))

    def _take(self, data: TlsData, handshake: Handshake) -> None:
        weir = self.weir()
        weir.record(rows.handshake_rows(handshake))
        weir.inspect(handshake)
        planned = weir.judge(weir.policy.evaluate(handshake), Phase.RESPONSE)
        if block := blocking(planned):
            item, action = block
            weir.respond(handshake, item, how=action.how)
            sever(data.context.client, reset=action.how == "reset")
