"""Bodies as they were meant: content-encodings undone, within a limit, whatever was sent."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Protocol

import brotli
import zstandard

from honeyweir.model import Body, Headers, text

DECODE_LIMIT = 8 << 20
"""Bytes that one body may become: what a decompression bomb would add is not looked at."""

_SLICE = 4096
"""Bytes that a decoder is given at once: what was good before a malformed place is kept, and what
one call may put out stays bounded."""

_ENCODINGS_LIMIT = 4
"""A header may name encodings without end; nobody honest stacks more than two."""


class Decoder(Protocol):
    """Undoes one content-encoding, chunk by chunk. Raises on malformed input."""

    def decode(self, data: bytes, limit: int) -> bytes:
        """What ``data`` adds to the output, at most about ``limit`` bytes."""


class _Zlib:
    """gzip, and deflate as both RFC 9110 (zlib) and old servers (raw) mean it."""

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._stream = zlib.decompressobj(wbits)
        self._started = False

    def decode(self, data: bytes, limit: int) -> bytes:
        try:
            output = self._stream.decompress(data, limit)
        except zlib.error:
            if self._started or self._wbits != zlib.MAX_WBITS:
                raise
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
            output = self._stream.decompress(data, limit)
        self._started = True
        if self._stream.eof and self._stream.unused_data and len(output) < limit:
            return output + self._next_member(self._stream.unused_data, limit - len(output))
        return output

    def _next_member(self, data: bytes, limit: int) -> bytes:
        self._stream = zlib.decompressobj(self._wbits)
        return self._stream.decompress(data, limit)


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def decode(self, data: bytes, limit: int) -> bytes:
        output: bytes = self._stream.process(data, output_buffer_limit=limit)
        return output


class _Zstandard:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdDecompressor().decompressobj()

    def decode(self, data: bytes, limit: int) -> bytes:
        return self._stream.decompress(data)[:limit]


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "x-gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _Zstandard,
}


def encodings(headers: Headers) -> list[str]:
    """The content-encodings in the order in which they were applied; identity is left out."""
    names: list[str] = []
    for name, value in headers:
        if name.lower() == b"content-encoding":
            names += (part.strip() for part in value.decode("latin-1").lower().split(","))
    return [name for name in names if name not in ("", "identity")]


class StreamDecoder:
    """Undoes the content-encodings of a body that passes in chunks.

    What cannot be decoded (an unknown encoding, malformed data, more than ``limit`` bytes) is
    passed as it is from there on, and ``problem`` says why: it must still be looked at.
    """

    def __init__(self, names: Sequence[str], limit: int | None = None) -> None:
        self.problem: str | None = None
        self._left = limit
        self._decoders: list[Decoder] = []
        unknown = [name for name in names if name not in _DECODERS]
        if unknown or len(names) > _ENCODINGS_LIMIT:
            self.problem = f"content-encoding {unknown[0] if unknown else 'nested too deep'}"
        else:
            self._decoders = [_DECODERS[name]() for name in reversed(names)]

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next chunk."""
        output = bytearray()
        for start in range(0, len(data), _SLICE):
            if self._left is not None and len(output) >= self._left:
                break
            output += self._decode_slice(data[start : start + _SLICE])
        return self._count(bytes(output))

    def _decode_slice(self, data: bytes) -> bytes:
        if not self._decoders:
            return data
        output = data
        try:
            for decoder in self._decoders:
                output = decoder.decode(output, DECODE_LIMIT)
                if len(output) >= DECODE_LIMIT:
                    self._give_up("content-encoding expands beyond the limit")
                    break
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            self._give_up(f"malformed content-encoding: {error}")
            return data
        return output

    def _give_up(self, problem: str) -> None:
        self.problem = problem
        self._decoders = []

    def _count(self, output: bytes) -> bytes:
        if self._left is None:
            return output
        if len(output) > self._left:
            self.problem = self.problem or "larger than the decoding limit"
            output = output[: self._left]
        self._left -= len(output)
        return output


class Encoder(Protocol):
    """Does one content-encoding, chunk by chunk."""

    def compress(self, data: bytes) -> bytes:
        """What can be sent on after the next chunk."""

    def flush(self) -> bytes:
        """The rest; nothing can be added after it."""


class _BrotliEncoder:
    _QUALITY = 4  # the library's default of 11 is for files that are compressed once

    def __init__(self) -> None:
        self._stream = brotli.Compressor(quality=self._QUALITY)

    def compress(self, data: bytes) -> bytes:
        output: bytes = self._stream.process(data)
        return output

    def flush(self) -> bytes:
        output: bytes = self._stream.finish()
        return output


_GZIP_LEVEL = 6

_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "gzip": lambda: zlib.compressobj(_GZIP_LEVEL, wbits=zlib.MAX_WBITS | 16),
    "x-gzip": lambda: zlib.compressobj(_GZIP_LEVEL, wbits=zlib.MAX_WBITS | 16),
    "deflate": lambda: zlib.compressobj(_GZIP_LEVEL),
    "br": _BrotliEncoder,
    "zstd": lambda: zstandard.ZstdCompressor().compressobj(),
}


class StreamEncoder:
    """Does content-encodings, in their order, on a body that passes in chunks.

    Raises KeyError for an encoding that is not known.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._encoders = [_ENCODERS[name]() for name in names]

    def encode(self, data: bytes) -> bytes:
        """What can be sent on after the next chunk."""
        for encoder in self._encoders:
            data = encoder.compress(data)
        return data

    def close(self) -> bytes:
        """The rest."""
        data = b""
        for encoder in self._encoders:
            data = encoder.compress(data) + encoder.flush()
        return data


def decode(data: bytes, headers: Headers) -> bytes:
    """A body without its content-encodings; at most DECODE_LIMIT bytes; malformed data as it is."""
    names = encodings(headers)
    if not names:
        return data
    return StreamDecoder(names, DECODE_LIMIT).decode(data)


def decoded_text(body: Body, headers: Headers) -> str:
    """What we hold of a body, decoded, as text: what rules and people read.

    Notes in the body why it could not be decoded to the end, if so.
    """
    names = encodings(headers)
    if not names:
        return text(body.data)
    decoder = StreamDecoder(names, DECODE_LIMIT)
    plain = decoder.decode(body.data)
    body.problem = decoder.problem
    return text(plain)
