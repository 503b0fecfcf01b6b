"""A body that passes in chunks, matched as it passes, in bounded memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from honeyweir.model import text
from honeyweir.policy.excerpt import around_match, tail
from honeyweir.policy.scan import ScannedStream, StreamScanner


class BodyStream:
    """What is true so far of a body, whose bytes are searched as they are."""

    def __init__(self, scanner: StreamScanner | None, present: Mapping[int, int]) -> None:
        self.hits: dict[int, int] = {}
        self.closed = False
        self.excerpts: dict[int, str] = {}
        self._present = present
        self._stream = scanner.open() if scanner else None
        self._tail = b""
        self._length = 0  # bytes that were scanned

    def feed(self, chunk: bytes) -> Collection[int]:
        """Scan the next chunk; the tests that became true with it."""
        known = set(self.hits)
        self.hits.update(self._present)
        if self._stream is not None:
            self._scan(self._stream, chunk)
        return self.hits.keys() - known

    def close(self) -> None:
        """The body is at its end: what is not true now never will be."""
        self.closed = True
        self.hits.update(self._present)
        if self._stream is not None:
            self._stream.close()
            self._take(self._stream, b"")

    def _scan(self, stream: ScannedStream, chunk: bytes) -> None:
        stream.scan(chunk)
        self._take(stream, chunk)
        self._length += len(chunk)
        self._tail = tail(self._tail + tail(chunk))

    def _take(self, stream: ScannedStream, chunk: bytes) -> None:
        for number in stream.hits.keys() - self.hits.keys():
            end = self.hits[number] = stream.hits[number]
            around = self._tail + chunk
            place = around_match(around, end - self._length + len(self._tail))
            self.excerpts[number] = text(place)
