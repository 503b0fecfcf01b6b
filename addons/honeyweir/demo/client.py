"""What a decoy does on the network: requests, messages and queries through the gateway.

Each returns what the decoy saw, and raises one of UNANSWERED where it saw nothing.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import dns.exception
import dns.message
import dns.query
import dns.rcode
import wsproto
import wsproto.events

from honeyweir.demo.gateway import Gateway

_TIMEOUT = 5  # seconds

UNANSWERED = (OSError, http.client.HTTPException, dns.exception.DNSException)


@dataclass(frozen=True, slots=True)
class Client:
    """A decoy at a loopback address of its own."""

    gateway: Gateway
    address: str

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> str:
        """An HTTP or HTTPS request: the status, or that there was no answer."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        secure = parts.scheme == "https"
        target = urlunsplit(("", "", parts.path, parts.query, "")) if secure else url
        with closing(self._secure(host) if secure else self._plain()) as connection:
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            return f"{response.status}, {len(response.read()):,} bytes"

    def messages(self, host: str, path: str, texts: Sequence[str]) -> str:
        """A WebSocket: each text is sent, and its echo awaited."""
        with self._tunnel(self._secure(host)) as connection:
            websocket = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
            connection.sendall(websocket.send(wsproto.events.Request(host=host, target=path)))
            _await(connection, websocket, wsproto.events.AcceptConnection)
            for text in texts:
                connection.sendall(websocket.send(wsproto.events.TextMessage(text)))
                _await(connection, websocket, wsproto.events.TextMessage)
            connection.sendall(websocket.send(wsproto.events.CloseConnection(1000)))
        return f"{len(texts)} messages"

    def lines(self, host: str, port: int, lines: Sequence[bytes]) -> str:
        """A TCP stream: each line is sent, and a line awaited."""
        connection = self._plain()
        connection.set_tunnel(host, port)
        with self._tunnel(connection) as stream, stream.makefile("rb") as incoming:
            for number, line in enumerate(lines):
                stream.sendall(line)
                if not incoming.readline(4096):
                    return f"closed after {number} lines"
        return f"{len(lines)} lines"

    def resolve(self, name: str, type_: str = "A") -> str:
        """A DNS query over UDP: the response code."""
        query = dns.message.make_query(name, type_)
        address, port = self.gateway.dns
        answer = dns.query.udp(query, address, _TIMEOUT, port, source=self.address)
        return dns.rcode.to_text(answer.rcode())

    def _plain(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self.gateway.proxy, _TIMEOUT, (self.address, 0))

    def _secure(self, host: str) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(
            *self.gateway.proxy,
            timeout=_TIMEOUT,
            source_address=(self.address, 0),
            context=ssl.create_default_context(cafile=str(self.gateway.ca)),
        )
        connection.set_tunnel(host, 443)
        return connection

    @contextmanager
    def _tunnel(self, connection: http.client.HTTPConnection) -> Iterator[socket.socket]:
        with closing(connection):
            connection.connect()
            yield connection.sock


def _await(
    connection: socket.socket, websocket: wsproto.WSConnection, kind: type[wsproto.events.Event]
) -> None:
    """Read until an event of a kind has come. Raises ConnectionError if it does not."""
    while data := connection.recv(4096):
        websocket.receive_data(data)
        if any(isinstance(event, kind) for event in websocket.events()):
            return
    raise ConnectionError("the connection was closed")
