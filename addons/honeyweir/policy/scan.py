"""Running many patterns over a text at once: whole, or chunk by chunk."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from typing import Any

import hyperscan

from honeyweir.policy.patterns import Pattern, compile_patterns, compile_raw_patterns

Hits = dict[int, int]
"""The number of each pattern that matched, and the offset in bytes at which a match ended."""


class Scanner:
    """Patterns, compiled for texts that are there as a whole. Any thread may use it."""

    def __init__(self, patterns: Sequence[tuple[int, Pattern]]) -> None:
        self._database = compile_patterns(patterns)
        self._scan = self._database.scan
        self._scratch = _Scratch(self._database)

    def scan(self, data: bytes, hits: Hits) -> None:
        """Add what matches in ``data``, which is UTF-8."""
        self._scan(data, _hit, 0, hits, self._scratch.memory)


class StreamScanner:
    """Patterns, compiled for bytes that pass in chunks. Any thread may use it."""

    def __init__(self, patterns: Sequence[tuple[int, Pattern]]) -> None:
        self.database = compile_raw_patterns(patterns)
        self.scratch = _Scratch(self.database)
        self.closing = threading.Lock()

    def open(self) -> ScannedStream:
        """Begin a body."""
        return ScannedStream(self)


class ScannedStream:
    """Bytes that pass in chunks; a match may span them.

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
        """Add what matches in the next chunk."""
        if self._stream is not None:
            self._stream.scan(data, 0, self._scanner.scratch.memory, self._callback)

    def close(self) -> None:
        """Add what matches at the end of the body; then no more can be scanned."""
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


def _hit(number: int, _start: int, end: int, _flags: int, hits: Any) -> None:
    hits[number] = end


def _first_hit(
    hits: Hits, number: int, _start: int, end: int, _flags: int, _context: object
) -> None:
    hits.setdefault(number, end)
