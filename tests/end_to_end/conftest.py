"""A real proxy and real origins for each test, see ``stage``."""

from __future__ import annotations

import shlex
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stage import Origin, Proxy, Starter, launch, serve


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Start a proxy with further arguments; all are ended with the test."""
    running: list[Proxy] = []

    def starter(*arguments: str, **options: Any) -> Proxy:
        proxy = launch(tmp_path / f"proxy{len(running)}", arguments, **options)
        running.append(proxy)
        return proxy

    yield starter
    for proxy in running:
        proxy.stop()


@pytest.fixture
def origin() -> Iterator[Origin]:
    """A plain HTTP server."""
    made, server = serve()
    yield made
    server.shutdown()
    server.server_close()


MAKE_CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout key -out cert"
)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(shlex.split(MAKE_CERTIFICATE), cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return both


@pytest.fixture
def tls_origin(certificate: Path) -> Iterator[Origin]:
    """The same over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    made, server = serve(context)
    yield made
    server.shutdown()
    server.server_close()
