"""The real gateway, as a process of its own, on ports that are free."""

from __future__ import annotations

import json
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from honeyweir import paths
from honeyweir.gateway.ca import ensure_ca
from honeyweir.model import Address

_HERE = Path(__file__).parent
_START_SECONDS = 30
_STOP_SECONDS = 15

Origins = Mapping[str, Address]
"""Where the origins really are: ``name:port`` to address and port."""


class GatewayError(Exception):
    """The gateway did not start; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway. ``ca`` is the certificate that decoys trust."""

    proxy: Address
    dns: Address
    ca: Path
    database: Path


@contextmanager
def running(home: Path, origins: Origins, dns_origin: int, origin_ca: Path) -> Iterator[Gateway]:
    """Start a gateway with its state in ``home``; end it, and wait until it has ended, after."""
    authority = ensure_ca(home)
    names, listeners, database = home / "origins.json", home / "listeners.json", home / "records.db"
    names.write_text(json.dumps(origins))
    options = {
        "confdir": home,
        "weir_db": database,
        "weir_decoys": _HERE / "decoys.yaml",
        "stage_origins": names,
        "stage_listeners": listeners,
        "ssl_verify_upstream_trusted_ca": origin_ca,
        "flow_detail": 0,
        "termlog_verbosity": "warn",
    }
    # Two addresses: mitmproxy takes one port 0 an address.
    modes = ("regular@127.0.0.1:0", f"reverse:dns://127.0.0.1:{dns_origin}@127.0.0.2:0")
    with (home / "gateway.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 (our own program and files)
            _command(options, modes), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        proxy, dns = _wait_for_listeners(process, listeners)
        yield Gateway(proxy, dns, authority.certificate, database)
    finally:
        _end(process)


def _command(options: Mapping[str, object], modes: tuple[str, ...]) -> list[str]:
    command = [str(Path(sysconfig.get_path("scripts")) / "mitmdump")]
    for script in (paths.monitor(), _HERE / "stage.py"):
        command += ["--scripts", str(script)]
    for mode in modes:
        command += ["--mode", mode]
    for policy in (paths.policies(), _HERE / "customers.yml"):
        command += ["--set", f"weir_policies={policy}"]
    for name, value in options.items():
        command += ["--set", f"{name}={value}"]
    return command


def _wait_for_listeners(process: subprocess.Popen[bytes], path: Path) -> Iterator[Address]:
    deadline = time.monotonic() + _START_SECONDS
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            log = path.with_name("gateway.log").read_text(errors="replace").strip()
            raise GatewayError(f"the gateway did not start:\n{log}")
        time.sleep(0.02)
    return map(tuple, json.loads(path.read_text()))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
