"""A weir with real parts, mitmproxy's master around it, and connections that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mitmproxy import connection
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import taddons

from honeyweir.hooks.guard import Gate
from honeyweir.policy.load import load
from honeyweir.record.writer import Recorder
from honeyweir.respond import ACTIONS
from honeyweir.tap.connections import Connections
from honeyweir.tap.inventory import Inventory
from honeyweir.weir import Weir
from stage import policy, rule

WAIT_LIMIT = 5.0  # seconds
BUSY_TIMEOUT = 0.1  # seconds

KEEP = 1 << 20


class Stand:
    """A weir over a policy and a database of its own, and the gate that leads to it."""

    def __init__(self, folder: Path, *rules: str, **options: Any) -> None:
        file = folder / "policy.yml"
        file.write_text(policy(*(rules or (rule(99, "cs-host: nowhere.invalid"),))))
        loaded = load([file], ACTIONS)
        self.db = folder / "records.db"
        recorder = Recorder(
            self.db,
            policy=(loaded.hash, loaded.content),
            key=Ed25519PrivateKey.generate(),
            busy_timeout=BUSY_TIMEOUT,
        )
        values = {"keep": KEEP, "block_on_error": True, "verifies_origins": True}
        self.weir = Weir(
            policy=loaded,
            recorder=recorder,
            connections=Connections(Inventory()),
            **{**values, **options},
        )
        self.gate = Gate(self.weir)

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """What a query finds once all is written; nothing can be recorded any more after it."""
        self.weir.recorder.close()
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> tuple[Any, ...]:
        """The only row that a query finds."""
        (found,) = self.rows(sql, *values)
        return tuple(found)

    def count(self, table: str) -> int:
        """How many rows a table has in the end."""
        number: int = self.row(f"SELECT count(*) FROM {table}")[0]
        return number


@pytest.fixture
async def context() -> AsyncIterator[taddons.context]:
    """mitmproxy's master, with the addon that knows the open connections."""
    with taddons.context(Proxyserver()) as made:
        yield made


@pytest.fixture
def make_stand(context: taddons.context, tmp_path: Path) -> Iterator[Callable[..., Stand]]:
    """Makes a stand with some rules, and with other values of the weir's where they are given."""
    made: list[Stand] = []

    def make(*rules: str, **options: Any) -> Stand:
        made.append(Stand(tmp_path, *rules, **options))
        return made[-1]

    yield make
    for stand in made:
        stand.weir.recorder.close()


@pytest.fixture
def stand(make_stand: Callable[..., Stand]) -> Stand:
    """One whose only rule is never true."""
    return make_stand()


class Wire:
    """A client connection as mitmproxy holds it, and the client's own end of it."""

    def __init__(self, handler: ProxyConnectionHandler, far: socket.socket) -> None:
        self.client: connection.Client = handler.client
        writer = handler.transports[handler.client].writer
        assert isinstance(writer, asyncio.StreamWriter)
        self._writer = writer
        self._far = far

    @property
    def is_open(self) -> bool:
        return not self._writer.is_closing()

    def close(self) -> None:
        self._writer.close()

    async def end(self) -> str:
        """How the client sees it end: it is closed, or reset."""
        receive = asyncio.get_running_loop().sock_recv(self._far, 1)
        try:
            assert await asyncio.wait_for(receive, WAIT_LIMIT) == b""
        except ConnectionResetError:
            return "reset"
        return "closed"


@pytest.fixture
async def wire(context: taddons.context) -> AsyncIterator[Wire]:
    """A connection that stands."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        far = socket.create_connection(server.getsockname())
        near, _ = server.accept()
    far.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=near)
    handler = ProxyConnectionHandler(
        context.master, reader, writer, context.options, ProxyMode.parse("regular")
    )
    proxyserver = context.master.addons.get("proxyserver")
    with far, proxyserver.register_connection(handler.client.id, handler):
        yield Wire(handler, far)
        writer.close()
