"""Bodies as they were meant: content-encodings undone, within a limit, whatever was sent."""

from __future__ import annotations

import contextlib
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


_ZSTD_WINDOW = 8 << 20  # what RFC 9659 allows as a content-encoding


class DecodeError(Exception):
    """Malformed input; ``output`` is what came of it up to the malformed place."""

    def __init__(self, output: bytes) -> None:
        super().__init__("malformed content-encoding")
        self.output = output


class Decoder(Protocol):
    """Undoes one content-encoding, chunk by chunk. Raises DecodeError."""

    def decode(self, data: bytes, limit: int) -> bytes:
        """What ``data`` adds to the output, at most ``limit`` bytes."""


class _Zlib:
    """gzip with all its members; deflate as RFC 9110 (zlib) and as old servers (raw) mean it."""

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._stream = zlib.decompressobj(wbits)
        self._begun = False  # output has come, so the format is the right one
        self._header = b""  # what came before that

    def decode(self, data: bytes, limit: int) -> bytes:
        output = b""
        while data and len(output) < limit:
            try:
                output += self._inflate(data, limit - len(output))
            except DecodeError as error:
                raise DecodeError(output + error.output) from None
            data = self._stream.unused_data
            if self._stream.eof:
                self._stream = zlib.decompressobj(self._wbits)
        return output

    def _inflate(self, data: bytes, limit: int) -> bytes:
        before = self._stream.copy()
        try:
            output = self._stream.decompress(data, limit)
        except zlib.error:
            if self._begun or self._wbits != zlib.MAX_WBITS:
                raise DecodeError(_up_to_the_error(before, data, limit)) from None
            self._wbits = -zlib.MAX_WBITS
            self._stream = zlib.decompressobj(self._wbits)
            self._begun = True
            return self._inflate(self._header + data, limit)
        self._begun = self._begun or bool(output)
        if not self._begun:
            self._header += data
        return output


def _up_to_the_error(stream: zlib._Decompress, data: bytes, limit: int) -> bytes:
    output = bytearray()
    with contextlib.suppress(zlib.error):
        for byte in data:
            output += stream.decompress(bytes([byte]), limit)
    return bytes(output[:limit])


class _Stepwise:
    """Feeds a library in small steps: an error then loses only what one step would have put out,
    and what a library puts out at once is bounded where it has no limit of its own."""

    _SMALL = 4096  # bytes that are fed one by one

    def __init__(self, step: int, feed: Callable[[bytes, int], bytes]) -> None:
        self._step = step
        self._feed = feed
        self._fed = 0

    def decode(self, data: bytes, limit: int) -> bytes:
        output = bytearray()
        start = 0
        try:
            while start < len(data) and len(output) < limit:
                size = 1 if self._fed < self._SMALL else self._step
                output += self._feed(data[start : start + size], limit)
                start += size
                self._fed += size
        except (brotli.error, zstandard.ZstdError):
            raise DecodeError(bytes(output[:limit])) from None
        return bytes(output[:limit])


def _brotli() -> _Stepwise:
    stream = brotli.Decompressor()
    return _Stepwise(16, lambda data, limit: stream.process(data, output_buffer_limit=limit))


def _zstandard() -> _Stepwise:
    # A step of 64 bytes can hold 16 blocks, which put out 128 KiB each at most.
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    stream = decompressor.decompressobj(read_across_frames=True)
    return _Stepwise(64, lambda data, _: stream.decompress(data))


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "x-gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _brotli,
    "zstd": _zstandard,
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
        output = data
        for decoder in self._decoders:
            try:
                output = decoder.decode(output, DECODE_LIMIT)
            except DecodeError as error:
                self._give_up(str(error))
                # Both are looked at: a laxer reader may make something of the rest.
                return error.output + data
            if len(output) >= DECODE_LIMIT:
                self._give_up("content-encoding expands beyond the limit")
                break
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
