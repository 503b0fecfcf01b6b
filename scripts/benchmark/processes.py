"""The proxies and the origin as processes, each on its own core, and what the kernel counts."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from honeyweir.gateway.ca import ensure_ca

ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.1"
PROXIES = ("plain", "monitor")
"""mitmdump alone, and with the monitor and the shipped policies."""

_START_SECONDS = 30
_PROBE = b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"  # nobody is there
_TICKS = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """A process did not start, or did not do what is measured."""


@dataclass(frozen=True, slots=True)
class Process:
    """A server that listens at ``port``, and an origin at another for TLS."""

    pid: int
    port: int
    tls_port: int = 0

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS  # utime, stime: proc(5)

    def memory(self, key: str) -> float:
        """VmRSS (now) or VmHWM (peak) in MB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == key:
                return int(value.split()[0]) / 1024
        raise KeyError(key)


def cores() -> tuple[set[int], set[int]]:
    """One core for what is measured, the others for what drives it."""
    available = sorted(os.sched_getaffinity(0))
    return {available[0]}, set(available[1:]) or {available[0]}


@contextmanager
def proxy(folder: Path, kind: str) -> Iterator[Process]:
    """A mitmdump with its state in ``folder``."""
    folder.mkdir(exist_ok=True)
    ensure_ca(folder)
    (port,) = _free_ports(1)
    command = [str(Path(sysconfig.get_path("scripts")) / "mitmdump")]
    command += ["--listen-host", ADDRESS, "--listen-port", str(port)]
    options = [f"confdir={folder}", "flow_detail=0", "termlog_verbosity=warn", "ssl_insecure=true"]
    if kind == "monitor":
        command += ["--scripts", str(ROOT / "addons/monitor.py")]
        options.append(f"weir_db={folder / 'records.db'}")
    for option in options:
        command += ["--set", option]
    with _running(command, port, cores()[0], folder / "log") as process:
        yield process


@contextmanager
def origin(folder: Path) -> Iterator[Process]:
    """The web server behind the proxies."""
    folder.mkdir(exist_ok=True)
    port, tls_port = _free_ports(2)
    script = Path(__file__).with_name("origin.py")
    command = [sys.executable, str(script), str(port), str(tls_port), str(folder)]
    with _running(command, port, cores()[1], folder / "log") as process:
        yield dataclasses.replace(process, tls_port=tls_port)


@contextmanager
def _running(command: list[str], port: int, pinned: set[int], log: Path) -> Iterator[Process]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, pinned)  # a child inherits it, with all its threads
    try:
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603 (our own programs)
    finally:
        os.sched_setaffinity(0, before)
    try:
        _wait(process, port)
        yield Process(process.pid, port)
    except BenchmarkError as error:
        if process.poll() is None:
            raise
        raise BenchmarkError(f"{error}\n{log.read_text(errors='replace')}") from error
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchmarkError(f"{process.args!r} did not start")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    """Whether a request gets an answer; a proxy whose monitor is not ready closes connections."""
    try:
        with socket.create_connection((ADDRESS, port), 1) as connection:
            connection.sendall(_PROBE)
            return connection.recv(16).startswith(b"HTTP/")
    except OSError:
        return False


def _free_ports(count: int) -> list[int]:
    """Different ones, since all are held until the last is found."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((ADDRESS, 0))
        return [probe.getsockname()[1] for probe in probes]
