"""A real mitmdump with the monitor, real origins, and the records that come of it."""

from __future__ import annotations

import contextlib
import http.server
import os
import signal
import socket
import socketserver
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_websockets

ROOT = Path(__file__).parents[1]
MONITOR = ROOT / "addons" / "monitor.py"
MITMDUMP = Path(sys.executable).parent / "mitmdump"
START_LIMIT = 30.0
STOP_LIMIT = 15.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], Any], what: str, limit: float = 10.0) -> Any:
    """What ``condition`` gives as soon as it is something."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {limit} s")


@dataclass
class Proxy:
    """A running mitmdump."""

    process: subprocess.Popen[bytes]
    port: int
    db: Path
    confdir: Path
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        return self.confdir / "mitmproxy-ca-cert.pem"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_LIMIT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(STOP_LIMIT)

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """What a query finds in the records now."""
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql, values).fetchall()

    def eventually(self, sql: str, *values: object, count: int = 1) -> list[sqlite3.Row]:
        """The same, as soon as the writer has committed that many rows."""

        def enough() -> list[sqlite3.Row]:
            found = self.rows(sql, *values)
            return found if len(found) >= count else []

        try:
            found: list[sqlite3.Row] = wait_for(enough, sql)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log.read_text()}") from None
        return found


Starter = Callable[..., Proxy]


def launch(
    folder: Path,
    arguments: tuple[str, ...],
    policy: str | None = None,
    mode: str = "regular",
    monitor: Path = MONITOR,
    beside: Proxy | None = None,
    db: Path | None = None,
) -> Proxy:
    """Start mitmdump with the monitor and wait until it is ready.

    One that is started ``beside`` another shares its keys and its records.
    """
    folder.mkdir(exist_ok=True)
    port = free_port()
    log = folder / "log"
    confdir = beside.confdir if beside else folder
    db = db or confdir / "records.db"
    options = {"confdir": str(confdir), "weir_db": str(db)}
    if policy is not None:
        (folder / "policy.yml").write_text(policy)
        options["weir_policies"] = str(folder / "policy.yml")
    sets = [part for name, value in options.items() for part in ("--set", f"{name}={value}")]
    command = [MITMDUMP, "-s", monitor, "--mode", mode, "--listen-host", "127.0.0.1"]
    command += ["-p", str(port), *sets, *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment()
        )
    proxy = Proxy(process, port, db, confdir, log)
    wait_for(
        lambda: process.poll() is not None or b"rules in force" in log.read_bytes(),
        "the proxy starts",
        START_LIMIT,
    )
    assert process.poll() is None, log.read_text()
    return proxy


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


@dataclass
class Origin:
    """An HTTP server that keeps what it was sent."""

    port: int
    scheme: str = "http"
    requests: list[tuple[str, str, dict[str, str], int]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


KEPT = 4 << 20


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    origin: Origin

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        size, kept = 0, b""
        for chunk in self._chunks():
            size += len(chunk)
            kept += chunk[: KEPT - len(kept)]
        self.origin.requests.append((self.command, self.path, dict(self.headers), size))
        self.origin.bodies.append(kept)
        status, headers, body = self.origin.pages.get(
            self.path, (200, {"Content-Type": "text/plain"}, f"hello {size}".encode())
        )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _chunks(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while length := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            chunk = self.rfile.read(min(left, 1 << 16))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk

    def log_message(self, *_: object) -> None:
        pass


def serve(tls: ssl.SSLContext | None = None) -> tuple[Origin, http.server.ThreadingHTTPServer]:
    origin = Origin(0, "https" if tls else "http")
    handler = type("OriginHandler", (Handler,), {"origin": origin})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    origin.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return origin, server


def curl(proxy: Proxy, *arguments: str, limit: float = 30.0) -> subprocess.CompletedProcess[bytes]:
    """Run curl through the proxy; it trusts the proxy's CA."""
    command = ["curl", "-sS", "--max-time", str(limit), "-x", proxy.url, "--noproxy", ""]
    return subprocess.run(
        [*command, "--cacert", str(proxy.ca), *arguments],
        capture_output=True,
        timeout=limit + 5,
        check=False,
    )


def rule(
    number: int, detection: str, response: str = "", logsource: str = "category: proxy"
) -> str:
    """A policy of one rule; its id ends in ``number``."""
    return f"""\
title: Rule {number}
id: 00000000-0000-4000-8000-{number:012d}
status: test
logsource: {{{logsource}}}
detection:
  selection: {{{detection}}}
  condition: selection
level: high
tags: [attack.t1071.001]
{f"response: [{response}]" if response else ""}
"""


def rule_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def policy(*rules: str) -> str:
    """Several rules as one file."""
    return "---\n".join(rules)


@contextlib.contextmanager
def serve_echo(kind: socket.SocketKind) -> Iterator[int]:
    """A TCP or UDP server on loopback that sends back what it gets; gives its port."""
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            server.listen()
            target = _echo_streams
        else:
            target = _echo_datagrams
        threading.Thread(target=target, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def _echo_streams(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_echo_stream, args=(connection,), daemon=True).start()


def _echo_stream(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        while data := connection.recv(1 << 16):
            connection.sendall(data)


def _echo_datagrams(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            data, peer = server.recvfrom(1 << 16)
            server.sendto(data, peer)


@contextlib.contextmanager
def serve_dns(address: str) -> Iterator[int]:
    """A name server on loopback, UDP and TCP, with one address for all names; gives its port."""

    def answer(wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        reply = dns.message.make_response(query)
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address))
        return reply.to_wire()

    class Datagrams(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, server = self.request
            server.sendto(answer(data), self.client_address)

    class Streams(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.read(2):
                reply = answer(self.rfile.read(int.from_bytes(head)))
                self.wfile.write(len(reply).to_bytes(2) + reply)

    with (
        socketserver.UDPServer(("127.0.0.1", 0), Datagrams) as udp,
        socketserver.ThreadingTCPServer(udp.server_address, Streams) as tcp,
    ):
        for server in (udp, tcp):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield udp.server_address[1]
        udp.shutdown()
        tcp.shutdown()


@contextlib.contextmanager
def serve_websocket() -> Iterator[int]:
    """A WebSocket server on loopback that sends back what it gets; gives its port."""

    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve_websockets(echo, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.socket.getsockname()[1]
        server.shutdown()
