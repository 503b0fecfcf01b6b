"""Records, written by the real recorder as the proxy would, and the command line on them."""

import contextlib
import hashlib
import json
import os
import pty
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from honeyweir.cli import main
from honeyweir.model import (
    Answer,
    Body,
    Connection,
    ConnectionEnd,
    Decoy,
    Evidence,
    Exchange,
    Finding,
    Handshake,
    Level,
    Message,
    Query,
    Record,
    Reply,
    Response,
    ServerConnection,
    new_id,
)
from honeyweir.record import rows
from honeyweir.record.writer import Recorder
from honeyweir.review.database import open_records

START = 1_764_000_000_000_000  # 2025-11-24T16:00:00Z
SECOND = 1_000_000


def body(data, size=None):
    """A body of which ``data`` is kept."""
    return Body(data, len(data) if size is None else size, hashlib.sha256(data).digest())


@dataclass
class Archive:
    """Puts what happened into a new database, each event a second after the one before.

    Every method gives the event, or the id of the finding.
    """

    path: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    time: int = START

    def __post_init__(self):
        self.recorder = Recorder(self.path, policy=("0" * 64, "[]"), key=self.key)
        self.connections = {}

    def close(self):
        self.recorder.close()

    def common(self, protocol, decoy="fin-01", dst=("192.0.2.80", 80)):
        self.time += SECOND
        carrier = self.connections.get(decoy) or self.connection(decoy)
        return {
            "id": new_id(self.time),
            "time": self.time,
            "connection": carrier.id,
            "protocol": protocol,
            "decoy": carrier.decoy,
            "src": carrier.src,
            "dst": dst,
        }

    def connection(self, decoy="fin-01"):
        self.time += SECOND
        identity = new_id(self.time)
        event = Connection(
            id=identity,
            time=self.time,
            connection=identity,
            protocol="tcp",
            decoy=Decoy(decoy, "workstation"),
            src=("10.0.0.5", 40000),
            dst=None,
            mode="regular",
            gateway=("10.0.0.1", 8080),
        )
        self.connections[decoy] = event
        self.recorder.put(rows.connection_rows(event))
        return event

    def connection_end(self, event, error=None):
        end = ConnectionEnd(connection=event.id, time=self.time + SECOND, error=error)
        self.recorder.put(rows.connection_end_rows(end))

    def server_connection(self, error=None, **about):
        event = ServerConnection(
            **self.common("tcp", **about),
            server=("origin.example", 443),
            peer=None if error else ("192.0.2.80", 443),
            error=error,
        )
        self.recorder.put(rows.server_connection_rows(event))
        return event

    def handshake(self, certificate=None, error=None, sni="origin.example", **about):
        event = Handshake(
            **self.common("tls", **about),
            side="server" if certificate else "client",
            sni=sni,
            version=None if error else "TLSv1.3",
            cipher=None if error else "TLS_AES_128_GCM_SHA256",
            alpn="h2",
            offered_versions=["TLSv1.3", "TLSv1.2"],
            offered_alpn=["h2", "http/1.1"],
            offered_ciphers=[0x1301, 0xC02F],
            client_hello=b"\x16\x03\x01hello",
            certificate=certificate,
            verified=certificate and False,
            error=error,
        )
        self.recorder.put(rows.handshake_rows(event))
        return event

    def exchange(
        self,
        url="http://origin.example/",
        method="GET",
        headers=((b"Host", b"origin.example"),),
        request=None,
        status=200,
        reply_headers=(),
        response=None,
        error=None,
        **about,
    ):
        scheme, _, rest = url.partition("://")
        host, slash, target = rest.partition("/")
        path, question, query = (slash + target).partition("?")
        event = Exchange(
            **self.common("http", **about),
            method=method,
            scheme=scheme,
            host=host,
            port=80,
            url=url,
            path=path,
            query=query if question else None,
            extension=None,
            http_version="HTTP/1.1",
            headers=headers,
            user_agent=None,
            referer=None,
            cookie=None,
            username=None,
            content_type=None,
            sni=None,
            tls_version=None,
            request_body=request if isinstance(request, Body | None) else body(request),
            error=error,
            ended=self.time + SECOND // 2,
        )
        self.recorder.put([*rows.request_rows(event), *rows.body_rows(event, "request")])
        if status is not None:
            self._reply(event, status, reply_headers, response)
        self.recorder.put(rows.exchange_end_rows(event))
        return event

    def _reply(self, event, status, headers, response):
        event.reply = Reply(
            time=self.time + SECOND // 4,
            status=status,
            reason="OK",
            http_version="HTTP/1.1",
            headers=headers,
            content_type=None,
            location=None,
            server=None,
        )
        event.response_body = response if isinstance(response, Body | None) else body(response)
        self.recorder.put([*rows.reply_rows(event), *rows.body_rows(event, "response")])

    def message(self, data, protocol="tcp", from_client=True, exchange=None, **about):
        event = Message(
            **self.common(protocol, **about),
            from_client=from_client,
            body=body(data),
            is_text=protocol == "websocket",
            exchange=exchange and exchange.id,
            host=exchange and exchange.host,
            url=exchange and exchange.url,
        )
        self.recorder.put(rows.message_rows(event))
        return event

    def query(self, name, type_="A", answers=("192.0.2.1",), rcode="NOERROR", error=None, **about):
        event = Query(
            **self.common("dns", dst=("10.0.0.1", 53), **about),
            transport="udp",
            transaction=7,
            name=name,
            type=type_,
            opcode="QUERY",
            error=error,
        )
        self.recorder.put(rows.query_rows(event))
        if error is None:
            records = [Record(name, type_, 60, data) for data in answers]
            event.answer = Answer(time=self.time + SECOND // 4, rcode=rcode, records=records)
        self.recorder.put(rows.answer_rows(event))
        return event

    def finding(self, *events, title="A beacon", level=Level.HIGH, rule_id="rule-1", evidence=()):
        identity = new_id(events[0].time)
        for place, event in enumerate(events):
            found = Finding(
                time=event.time,
                source="sigma",
                rule_id=rule_id,
                title=title,
                level=level,
                decoy=event.decoy,
                events=[event.id],
                tags=["attack.t1071"],
                evidence=[Evidence(*pair) for pair in evidence],
            )
            new = rows.finding_rows(found, identity) if place == 0 else []
            self.recorder.put([*new, *rows.finding_event_rows(found, identity)])
        return identity

    def response(self, event, action="block", original=None, altered=None, **detail):
        response = Response(
            time=event.time,
            event=event.id,
            action=action,
            rule_id="rule-1",
            rule_title="No way out",
            detail=detail,
            original=original,
            altered=altered,
        )
        self.recorder.put(rows.response_rows(response))


@dataclass
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def json(self):
        return [json.loads(line) for line in self.lines]


@dataclass
class CommandLine:
    """Runs commands on the records of an archive, which are closed first."""

    archive: Archive

    def __call__(self, command, *arguments):
        self.archive.close()
        given = [command, "--db", str(self.archive.path), *map(str, arguments)]
        result = CliRunner().invoke(main, given)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    def raw(self, command, *arguments):
        """What it writes, as bytes."""
        self.archive.close()
        given = [command, "--db", str(self.archive.path), *map(str, arguments)]
        return CliRunner().invoke(main, given, catch_exceptions=False).stdout_bytes

    def on_terminal(self, command, *arguments, columns=80, errors_too=False, **environment):
        """What a terminal of some width is sent; errors are apart unless it is sent them too."""
        self.archive.close()
        given = [command, "--db", str(self.archive.path), *map(str, arguments)]
        ours, theirs = pty.openpty()
        environment = {
            **{name: value for name, value in os.environ.items() if name != "NO_COLOR"},
            "PYTHONPATH": str(Path(__file__).parents[2] / "addons"),
            "COLUMNS": str(columns),
            "TERM": "xterm-256color",
            **environment,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "honeyweir", *given],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs if errors_too else subprocess.PIPE,
            env=environment,
        )
        os.close(theirs)
        out = _read_all(ours)
        error = "" if errors_too else process.stderr.read().decode()
        return Outcome(process.wait(30), out.decode(), error)


def _read_all(terminal):
    """All that is written to a terminal until nobody holds its other side."""
    received = b""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux says EIO for the end
            data = b""
        if not data:
            os.close(terminal)
            return received
        received += data


@pytest.fixture
def make_body():
    """A function that gives a body of which only some bytes are kept."""
    return body


@pytest.fixture
def archive(tmp_path):
    """An empty database to put things into."""
    archive = Archive(tmp_path / "records.db")
    yield archive
    archive.close()


@pytest.fixture
def honeyweir(archive):
    """The command line on that database."""
    return CommandLine(archive)


@pytest.fixture
def change(archive):
    """A function that changes the database behind the recorder's back."""

    def execute(statement, *parameters):
        archive.close()
        with contextlib.closing(sqlite3.connect(archive.path)) as connection, connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute(statement, parameters)

    return execute


@pytest.fixture
def records(archive):
    """A function that gives a connection to read what was put so far."""
    opened = []

    def read():
        archive.close()
        opened.append(open_records(archive.path))
        return opened[-1]

    yield read
    for connection in opened:
        connection.close()
