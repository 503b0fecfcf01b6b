"""Altering a body that passes in chunks."""

from __future__ import annotations

from honeyweir import content
from honeyweir.respond.parts import AlterError
from honeyweir.respond.replace import WINDOW, Replacement, StreamReplacer


class StreamAlterer:
    """Takes the chunks of a body, gives what is to be sent on.

    The last WINDOW bytes are held back, so that a rule that is decided by what has just come can
    still change it. Content-encodings are undone and done again. Until a replacement is added the
    content stays what it was.
    """

    def __init__(self, encodings: list[str]) -> None:
        self._decoder = content.StreamDecoder(encodings)
        self._encoder = content.StreamEncoder(encodings)
        self._held = b""
        self._replacers: list[StreamReplacer] = []

    def add(self, replacement: Replacement) -> None:
        """Apply a replacement from here on, and to what is held back."""
        self._replacers.append(StreamReplacer(replacement))

    @property
    def counts(self) -> list[int]:
        """In how many places each replacement changed something so far, in the order of adding."""
        return [replacer.count for replacer in self._replacers]

    def feed(self, data: bytes) -> bytes:
        """What can be sent on after the next chunk, encoded."""
        self._held += self._decode(data)
        ready, self._held = self._held[:-WINDOW], self._held[-WINDOW:]
        return self._encoder.encode(self._replace(ready))

    def close(self) -> bytes:
        """The rest of the body, encoded."""
        data = self._replace(self._held)
        for place, replacer in enumerate(self._replacers):
            rest = replacer.close()
            for later in self._replacers[place + 1 :]:
                rest = later.feed(rest)
            data += rest
        return self._encoder.encode(data) + self._encoder.close()

    def _decode(self, data: bytes) -> bytes:
        plain = self._decoder.decode(data)
        if self._decoder.problem:
            raise AlterError(f"the body cannot be altered: {self._decoder.problem}")
        return plain

    def _replace(self, data: bytes) -> bytes:
        for replacer in self._replacers:
            data = replacer.feed(data)
        return data
