"""Bodies as they pass: counted and hashed whole, kept up to a limit."""

from __future__ import annotations

import hashlib

from honeyweir.model import Body


class BodyTap:
    """Takes a body chunk by chunk, in memory of at most ``keep`` bytes."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._kept: list[bytes] = []
        self._left = keep
        self.size = 0
        self._hash = hashlib.sha256()

    def feed(self, chunk: bytes) -> None:
        """The next bytes, as they were on the wire."""
        self.size += len(chunk)
        self._hash.update(chunk)
        if self._left > 0:
            self._kept.append(chunk[: self._left])
            self._left -= len(chunk)

    def body(self, *, complete: bool = True) -> Body:
        """What has passed so far."""
        kept = b"".join(self._kept)
        self._kept = [kept]
        return Body(kept, self.size, self._hash.digest(), complete)


def whole_body(data: bytes, keep: int) -> Body:
    """A body that is there at once, of which so many bytes go into the records."""
    return Body(data, len(data), hashlib.sha256(data).digest(), keep=keep)
