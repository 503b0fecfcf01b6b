"""A web server that costs little: its arguments are a port, one for TLS, and a folder.

``/`` gives 1 KB, ``/N`` gives N bytes; a POST is read to its end.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from mitmproxy.certs import CertStore

_SMALL = 1024
_CHUNK = b"\0" * (256 << 10)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            await _answer(head, reader, writer)
    except (EOFError, OSError):
        pass
    finally:
        writer.close()


async def _answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    lines = head.lower().split(b"\r\n")
    if b"transfer-encoding: chunked" in lines:  # what may be altered has no length in advance
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await _skip(reader, size + 2)
        await reader.readuntil(b"\r\n")
    else:
        lengths = (line[15:] for line in lines if line.startswith(b"content-length:"))
        await _skip(reader, int(next(lengths, b"0")))
    size = int(lines[0].split()[1].rpartition(b"/")[2] or _SMALL)
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % size
    )
    while size:
        part = _CHUNK[:size]
        size -= len(part)
        writer.write(part)
        await writer.drain()


async def _skip(reader: asyncio.StreamReader, count: int) -> None:
    while count:
        data = await reader.read(min(count, len(_CHUNK)))
        if not data:
            raise EOFError
        count -= len(data)


def _context(folder: Path) -> ssl.SSLContext:
    entry = CertStore.from_store(folder, "origin", 2048).get_cert("localhost", [])
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


async def _main(port: int, tls_port: int, folder: Path) -> None:
    secure = await asyncio.start_server(_serve, "127.0.0.1", tls_port, ssl=_context(folder))
    plain = await asyncio.start_server(_serve, "127.0.0.1", port)
    async with secure, plain:
        await plain.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
