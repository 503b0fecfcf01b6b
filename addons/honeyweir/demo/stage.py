"""What the stage adds to mitmdump, as a script beside the monitor: names, and where it listens.

Names resolve to the stage's origins, ports included, so that the records read as if the traffic
had gone out to them. Flows are not touched.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader
from mitmproxy.addons.errorcheck import ErrorCheck
from mitmproxy.addons.proxyserver import Proxyserver


class Stage:
    """Reads ``stage_origins``, writes ``stage_listeners`` when the proxy is up."""

    def load(self, loader: Loader) -> None:
        """Declare the two options."""
        loader.add_option(
            "stage_origins", str, "", 'JSON file: {"name:port": [address, port], ...}'
        )
        loader.add_option(
            "stage_listeners", str, "", "Written: JSON file, [address, port] for each mode."
        )

    def configure(self, updated: set[str]) -> None:
        """Take over the resolution of names."""
        if "stage_origins" in updated and ctx.options.stage_origins:
            origins = json.loads(Path(ctx.options.stage_origins).read_text())
            socket.getaddrinfo = Resolver(origins)  # type: ignore[assignment] # asyncio asks it

    def running(self) -> None:
        """Tell where it listens; mitmproxy calls this for a start that failed as well."""
        errorcheck = ctx.master.addons.get("errorcheck")
        assert isinstance(errorcheck, ErrorCheck)
        if not errorcheck.logger.has_errored:
            self._tell()

    def _tell(self) -> None:
        proxyserver = ctx.master.addons.get("proxyserver")
        assert isinstance(proxyserver, Proxyserver)
        listeners = [server.listen_addrs[0][:2] for server in proxyserver.servers]
        path = Path(ctx.options.stage_listeners)  # once it has its name it is whole
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(listeners))
        partial.rename(path)


class Resolver:
    """In place of ``socket.getaddrinfo``: the stage's names, and no others."""

    def __init__(self, origins: dict[str, tuple[str, int]]) -> None:
        self._origins = origins
        self._system = socket.getaddrinfo

    def __call__(
        self,
        host: str,
        port: int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 (its name there)
        proto: int = 0,
        flags: int = 0,
    ) -> list[tuple[Any, ...]]:
        """As ``socket.getaddrinfo``; raises socket.gaierror for a name that is not on stage."""
        address, real_port = self._origins.get(f"{host}:{port}", (host, port))
        flags |= socket.AI_NUMERICHOST
        return self._system(address, real_port, family, type, proto, flags)


addons = [Stage()]
