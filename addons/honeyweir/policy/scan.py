"""Running many patterns over a text at once: whole, or chunk by chunk."""

from __future__ import annotations

import codecs
import functools
import threading
from collections.abc import Sequence
from typing import Any

import hyperscan

from honeyweir.model import escaped
from honeyweir.policy.patterns import Pattern, compile_patterns

Hits = dict[int, int]
"""The number of each pattern that matched, and the offset in bytes at which a match ended."""


class Scanner:
    """Patterns, compiled for texts that are there as a whole. Any thread may use it."""

    def __init__(self, patterns: Sequence[tuple[int, Pattern]]) -> None:
        self._database = compile_patterns(patterns, hyperscan.HS_MODE_BLOCK)
        self._scan = self._database.scan
        self._scratch = _Scratch(self._database)

    def scan(self, data: bytes, hits: Hits) -> None:
        """Add what matches in ``data``, which is UTF-8."""
        self._scan(data, _hit, 0, hits, self._scratch.memory)


class StreamScanner:
    """Patterns, compiled for texts that pass in chunks. Any thread may use it."""

    def __init__(self, patterns: Sequence[tuple[int, Pattern]]) -> None:
        self.database = compile_patterns(patterns, hyperscan.HS_MODE_STREAM)
        self.scratch = _Scratch(self.database)
        self.closing = threading.Lock()

    def open(self) -> ScannedStream:
        """Begin a text."""
        return ScannedStream(self)


class ScannedStream:
    """One text that passes in chunks; a match may span them.

    hyperscan's Python stream neither holds its callback nor frees its state by itself: this object
    does both.
    """

    def __init__(self, scanner: StreamScanner) -> None:
        self.hits: Hits = {}
        self._scanner = scanner
        self._stream: hyperscan.Stream | None = None
        self._callback = functools.partial(_first_hit, self.hits)
        self._stream = scanner.database.stream(self._callback)
        self._stream.__enter__()

    def scan(self, data: bytes) -> None:
        """Add what matches in the next chunk, which continues the UTF-8 of the one before."""
        if self._stream is not None:
            self._stream.scan(data, 0, self._scanner.scratch.memory, self._callback)

    def close(self) -> None:
        """Add what matches at the end of the text; then no more can be scanned."""
        stream, self._stream = self._stream, None
        if stream is not None:
            # close() misreads a scratch that it is given (hyperscan 0.9.1), so it takes the
            # database's own, which all threads share.
            with self._scanner.closing:
                stream.close()

    def __del__(self) -> None:
        self.close()


class _Scratch(threading.local):
    """hyperscan's working memory, of which every thread gets its own."""

    def __init__(self, database: hyperscan.Database) -> None:
        self.memory = hyperscan.Scratch(database)


class TextStream:
    """``model.text`` for bytes that come in chunks, as UTF-8."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._clean = True  # nothing is kept for the next chunk

    def feed(self, data: bytes) -> bytes:
        """What is certain of the text so far, and was not given before."""
        if self._clean and data.isascii():
            return data.replace(b"\0", b"\\x00")
        text = self._decoder.decode(data)
        self._clean = not self._decoder.getstate()[0]
        return _storable(text)

    def close(self) -> bytes:
        """The rest: a character that was not finished."""
        return _storable(self._decoder.decode(b"", final=True))


def _storable(decoded: str) -> bytes:
    return escaped(decoded).replace("\0", "\\x00").encode()


def _hit(number: int, _start: int, end: int, _flags: int, hits: Any) -> None:
    hits[number] = end


def _first_hit(
    hits: Hits, number: int, _start: int, end: int, _flags: int, _context: object
) -> None:
    hits.setdefault(number, end)
