"""A body that passes in chunks, matched as it passes, in bounded memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from honeyweir.policy.excerpt import excerpt, tail
from honeyweir.policy.scan import ScannedStream, StreamScanner, TextStream


class BodyStream:
    """What is true so far of a body. Its bytes are taken as ``model.text`` would take the whole."""

    def __init__(self, scanner: StreamScanner | None, present: Mapping[int, int]) -> None:
        self.hits: dict[int, int] = {}
        self.closed = False
        self.excerpts: dict[int, str] = {}
        self._present = present
        self._stream = scanner.open() if scanner else None
        self._text = TextStream()
        self._tail = b""
        self._length = 0  # bytes of text that were scanned

    def feed(self, chunk: bytes) -> Collection[int]:
        """Scan the next chunk; the tests that became true with it."""
        known = set(self.hits)
        self.hits.update(self._present)
        if self._stream is not None:
            self._scan(self._stream, self._text.feed(chunk))
        return self.hits.keys() - known

    def close(self) -> None:
        """The body is at its end: what is not true now never will be."""
        self.closed = True
        if self._stream is not None:
            self._scan(self._stream, self._text.close())
            self._stream.close()
            self._take(self._stream, b"")

    def _scan(self, stream: ScannedStream, text: bytes) -> None:
        stream.scan(text)
        self._take(stream, text)
        self._length += len(text)
        self._tail = tail(self._tail + tail(text))

    def _take(self, stream: ScannedStream, text: bytes) -> None:
        for number in stream.hits.keys() - self.hits.keys():
            end = self.hits[number] = stream.hits[number]
            around = self._tail + text
            self.excerpts[number] = excerpt(around, end - self._length + len(self._tail))
