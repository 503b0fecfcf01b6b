"""Payloads: the bytes that an event carried, as they are kept, and as they were meant."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from honeyweir.content import DECODE_LIMIT, StreamDecoder, encodings
from honeyweir.model import Headers
from honeyweir.record.errors import RecordError
from honeyweir.record.frames import unpack
from honeyweir.review.database import select, select_one


@dataclass(frozen=True, slots=True)
class Payload:
    """What is kept of a body or a message. ``size`` and ``sha256`` are of all that was sent."""

    data: bytes
    size: int
    sha256: bytes
    complete: bool = True  # False: the transfer broke off
    headers: Headers = ()  # those of its message, which tell type and encodings
    is_text: bool = False  # declared as text, as in a WebSocket text message

    @property
    def truncated(self) -> bool:
        """Whether only the beginning is kept."""
        return len(self.data) < self.size

    @property
    def media_type(self) -> str:
        """As the headers say, in lower case and without parameters; empty where they do not."""
        for name, value in self.headers:
            if name.lower() == b"content-type":
                return value.decode("latin-1").partition(";")[0].strip().lower()
        return "text/plain" if self.is_text else ""

    @property
    def encodings(self) -> list[str]:
        """The content-encodings, in the order in which they were applied."""
        return encodings(self.headers)

    def decoded(self) -> tuple[bytes, str | None]:
        """Without its content-encodings, and what went wrong on the way. Bounded."""
        if not self.encodings:
            return self.data, None
        decoder = StreamDecoder(self.encodings, DECODE_LIMIT)
        return decoder.decode(self.data), decoder.problem

    def as_json(self) -> dict[str, Any]:
        """Its facts; what is kept is ``text``, perhaps with an ``encoding``, as in HAR."""
        facts: dict[str, Any] = {
            "size": self.size,
            "sha256": self.sha256.hex(),
            "truncated": self.truncated,
            "complete": self.complete,
        }
        try:
            return facts | {"text": self.data.decode()}
        except UnicodeDecodeError:
            return facts | {"text": base64.b64encode(self.data).decode(), "encoding": "base64"}


def load(records: sqlite3.Connection, sha256: bytes) -> bytes:
    """A payload's bytes. Raises RecordError where they are missing or damaged."""
    row = select_one(records, "SELECT size, data FROM payloads WHERE sha256 = ?", (sha256,))
    if row is None:
        raise RecordError(f"the payload {sha256.hex()} is missing: see `honeyweir verify`")
    data = unpack(row["data"], row["size"])
    if data is None:
        raise RecordError(f"the payload {sha256.hex()} is damaged: see `honeyweir verify`")
    return data


def bodies(
    records: sqlite3.Connection, event: str, headers: Mapping[str, Headers]
) -> dict[str, Payload]:
    """The bodies of an exchange by side; ``headers`` by side as well.

    A head that was too large for its columns is here too, as ``request_head``, ``response_head``.
    """
    rows = select(records, "SELECT * FROM bodies WHERE event = ? ORDER BY seq", (event,))
    return {
        row["side"]: Payload(
            load(records, row["payload"]),
            row["size"],
            row["sha256"],
            bool(row["complete"]),
            headers.get(row["side"], ()),
        )
        for row in rows
    }


def message(records: sqlite3.Connection, row: sqlite3.Row) -> Payload:
    """What the message of a row of ``messages`` carried."""
    data = load(records, row["payload"])
    return Payload(data, row["size"], row["sha256"], is_text=bool(row["is_text"]))


def whole(
    records: sqlite3.Connection, sha256: bytes | None, headers: Headers = ()
) -> Payload | None:
    """A payload that stands for itself, such as one form of what was altered."""
    if sha256 is None:
        return None
    data = load(records, sha256)
    return Payload(data, len(data), sha256, headers=headers)
