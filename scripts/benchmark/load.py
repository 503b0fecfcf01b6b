"""The load: a fixed number of clients that ask as fast as they are answered, for some seconds."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, field

from processes import ADDRESS, BenchmarkError, Process

_ANSWER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Scenario:
    """What every client does."""

    name: str
    tls: bool
    keep_alive: bool
    clients: int = 20


SCENARIOS = (
    Scenario("HTTP keep-alive", tls=False, keep_alive=True),
    Scenario("HTTP new", tls=False, keep_alive=False),
    Scenario("HTTPS keep-alive", tls=True, keep_alive=True),
    Scenario("HTTPS new", tls=True, keep_alive=False),
)


@dataclass(slots=True)
class Measurement:
    """Latencies of all requests, in seconds, and how long it took together."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0


def drive(scenario: Scenario, proxy: Process, origin: Process, seconds: float) -> Measurement:
    """Ask through a proxy; raises BenchmarkError at the first answer that is none."""
    try:
        return asyncio.run(_drive(scenario, proxy, origin, seconds))
    except* (OSError, EOFError, TimeoutError) as errors:
        raise BenchmarkError(f"{scenario.name}: {errors.exceptions[0]!r}") from errors


async def _drive(
    scenario: Scenario, proxy: Process, origin: Process, seconds: float
) -> Measurement:
    measurement = Measurement()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client = Client(scenario, proxy, origin, context)
    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(scenario.clients):
            group.create_task(client.run(begin + seconds, measurement.latencies))
    measurement.seconds = time.perf_counter() - begin
    return measurement


class Client:
    """What one client does. Its time for a request includes the connection if that is a new one."""

    def __init__(
        self, scenario: Scenario, proxy: Process, origin: Process, context: ssl.SSLContext
    ) -> None:
        self._scenario = scenario
        self._proxy_port = proxy.port
        self._origin = f"{ADDRESS}:{origin.tls_port if scenario.tls else origin.port}"
        target = "/" if scenario.tls else f"http://{self._origin}/"
        self._request = f"GET {target} HTTP/1.1\r\nHost: {self._origin}\r\n\r\n".encode()
        self._context = context

    async def run(self, deadline: float, latencies: list[float]) -> None:
        """Ask until the deadline, then finish what was begun."""
        streams = None
        while (begin := time.perf_counter()) < deadline:
            async with asyncio.timeout(_ANSWER_SECONDS):
                streams = streams or await self._connect()
                await self._ask(*streams)
            latencies.append(time.perf_counter() - begin)
            if not self._scenario.keep_alive:
                streams[1].close()
                streams = None
        if streams:
            streams[1].close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(ADDRESS, self._proxy_port)
        if self._scenario.tls:
            writer.write(f"CONNECT {self._origin} HTTP/1.1\r\n\r\n".encode())
            _expect_success(await reader.readuntil(b"\r\n\r\n"))
            await writer.start_tls(self._context, server_hostname="localhost")
        return reader, writer

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._request)
        head = _expect_success(await reader.readuntil(b"\r\n\r\n"))
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))


def _expect_success(head: bytes) -> bytes:
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(f"answered with {head[:80]!r}")
    return head
