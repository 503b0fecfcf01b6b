"""The world outside, on loopback: web servers, a WebSocket, a TCP service and a name server."""

from __future__ import annotations

import http.server
import socketserver
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import wsproto
import wsproto.events
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from mitmproxy.certs import CertStore

from honeyweir.demo.pages import Page, page
from honeyweir.gateway.ca import Subject, ensure_ca

ADDRESS = "127.0.0.1"
"""Of all of them."""

_CA = Subject("Public Trust TLS CA", "Public Trust Ltd")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the servers are, and the CA that their certificates are signed by."""

    http: int
    https: int
    tcp: int
    dns: int
    ca: Path


@contextmanager
def running(folder: Path, names: Sequence[str]) -> Iterator[Origins]:
    """Serve until the block is left; ``names`` are those that the certificate is for."""
    authority = ensure_ca(folder, _CA)
    with ExitStack() as stack:
        ports = {
            name: stack.enter_context(_serving(server))
            for name, server in {
                "http": _Web((ADDRESS, 0), _WebHandler),
                "https": _SecureWeb(_context(folder, names)),
                "tcp": _Lines((ADDRESS, 0), _LinesHandler),
                "dns": _Names((ADDRESS, 0), _NamesHandler),
            }.items()
        }
        yield Origins(**ports, ca=authority.certificate)


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _context(folder: Path, names: Sequence[str]) -> ssl.SSLContext:
    store = CertStore.from_store(folder, "mitmproxy", 2048)
    entry = store.get_cert(names[0], [x509.DNSName(name) for name in names])
    key = entry.privatekey.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = folder / "origin.pem"
    pem.write_bytes(key + entry.cert.to_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


class _Web(http.server.ThreadingHTTPServer):
    daemon_threads = True


class _SecureWeb(_Web):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__((ADDRESS, 0), _WebHandler)
        self._context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the thread of the request: the handshake keeps nobody else waiting."""
        with self._context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)


class _WebHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._echo_messages()
            return
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer()

    def version_string(self) -> str:
        return "nginx"

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        answer: Page = page(self.headers.get("Host", "").partition(":")[0], self.path)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _echo_messages(self) -> None:
        socket = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        socket.initiate_upgrade_connection(headers, self.path)
        self.wfile.write(socket.send(wsproto.events.AcceptConnection()))
        while data := self.connection.recv(4096):
            socket.receive_data(data)
            for event in socket.events():
                self._echo(socket, event)

    def _echo(self, socket: wsproto.WSConnection, event: wsproto.events.Event) -> None:
        if isinstance(event, wsproto.events.TextMessage):
            self.wfile.write(socket.send(wsproto.events.TextMessage(f"echo: {event.data}")))
        elif isinstance(event, wsproto.events.CloseConnection):
            self.wfile.write(socket.send(event.response()))
            self.close_connection = True


class _Lines(socketserver.ThreadingTCPServer):
    daemon_threads = True


class _LinesHandler(socketserver.StreamRequestHandler):
    """Takes lines, and answers each with what an operator would type next."""

    timeout = 10

    def handle(self) -> None:
        for order in (b"whoami\n", b"hostname\n", b"exit\n"):
            if not self.rfile.readline(4096):
                return
            self.wfile.write(order)


class _Names(socketserver.ThreadingUDPServer):
    daemon_threads = True


class _NamesHandler(socketserver.BaseRequestHandler):
    """Answers A with an address of the documentation network, TXT with a text, else nothing."""

    def handle(self) -> None:
        data, socket = self.request
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        question = query.question[0]
        text = {"A": "192.0.2.80", "TXT": '"v=1 ok"'}.get(dns.rdatatype.to_text(question.rdtype))
        if text:
            answer.answer.append(
                dns.rrset.from_text(question.name, 300, "IN", question.rdtype, text)
            )
        socket.sendto(answer.to_wire(), self.client_address)
