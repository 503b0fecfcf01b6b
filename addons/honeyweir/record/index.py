"""What of a body is worth searching: text, decoded, and not more than a beginning of it."""

from __future__ import annotations

from honeyweir.content import StreamDecoder, encodings
from honeyweir.model import text
from honeyweir.record.row import Text

INDEX_LIMIT = 64 << 10
"""Bytes of a body, after its content-encodings are undone, that the search knows of."""

_BINARY_SHARE = 0.05
"""A body with more control characters than this is no text."""

_PRINTABLE = bytes([*b"\t\n\f\r\x1b", *range(0x20, 0x100)])


def searchable(part: Text) -> str:
    """The text to index of an event's part; nothing of what is not text."""
    content = part.content
    if isinstance(content, str):
        return content
    if names := encodings(part.headers):
        content = StreamDecoder(names, INDEX_LIMIT).decode(content)
    content = content[:INDEX_LIMIT]
    return text(content) if _is_text(content) else ""


def _is_text(data: bytes) -> bool:
    if b"\x00" in data:
        return False
    return len(data.translate(None, _PRINTABLE)) <= len(data) * _BINARY_SHARE
