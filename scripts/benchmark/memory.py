"""Peak memory over idle while one large body passes, up and down, with and without the monitor."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from load import SCENARIOS, drive
from processes import ADDRESS, PROXIES, BenchmarkError, origin, proxy

_TIMEOUT = 120  # seconds, for one read or write
_CHUNK = b"\0" * (256 << 10)
_WARM_UP_SECONDS = 0.5

Progress = Callable[[str, int, int], None]
Transfer = Callable[[int, int, int], None]


def measure(folder: Path, megabytes: int, progress: Progress) -> dict[str, object]:
    """A fresh proxy for each transfer; the keys are those of ``--json``."""
    size = megabytes << 20
    figures: dict[str, dict[str, dict[str, float]]] = {}
    transfers = {"upload": _upload, "download": _download}
    with origin(folder / "origin") as server:
        for number, (name, transfer) in enumerate(transfers.items()):
            figures[name] = {}
            for offset, kind in enumerate(PROXIES):
                progress(f"{name}: {kind}", 2 * number + offset, 4)
                with proxy(folder / f"{kind}-{name}", kind) as process:
                    drive(SCENARIOS[0], process, server, _WARM_UP_SECONDS)
                    idle = process.memory("VmRSS")
                    _transfer(transfer, process.port, server.port, size)
                    peak = process.memory("VmHWM")
                figures[name][kind] = _figures(idle, peak)
    progress("done", 1, 1)
    return {"megabytes": megabytes, **figures}


def _transfer(transfer: Transfer, proxy_port: int, origin_port: int, size: int) -> None:
    try:
        transfer(proxy_port, origin_port, size)
    except OSError as error:
        raise BenchmarkError(f"the transfer broke off: {error}") from error


def _figures(idle: float, peak: float) -> dict[str, float]:
    return {
        "idle_mb": round(idle, 1),
        "peak_mb": round(peak, 1),
        "over_idle_mb": round(peak - idle, 1),
    }


def _upload(proxy_port: int, origin_port: int, size: int) -> None:
    with closing(_begin(proxy_port, origin_port, "POST /", size)) as connection:
        for start in range(0, size, len(_CHUNK)):
            connection.sendall(_CHUNK[: size - start])
        if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
            raise BenchmarkError("the upload was not accepted")


def _download(proxy_port: int, origin_port: int, size: int) -> None:
    with closing(_begin(proxy_port, origin_port, f"GET /{size}", 0)) as connection:
        received = 0
        while received < size and (data := connection.recv(1 << 20)):
            received += len(data)
    if received < size:
        raise BenchmarkError(f"the download broke off after {received} bytes")


def _begin(proxy_port: int, origin_port: int, what: str, length: int) -> socket.socket:
    method, path = what.split()
    connection = socket.create_connection((ADDRESS, proxy_port), _TIMEOUT)
    host = f"{ADDRESS}:{origin_port}"
    connection.sendall(
        f"{method} http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Length: {length}\r\n\r\n".encode()
    )
    return connection
