"""Payloads and manifests as they are stored: one zstd frame each, which tells its size."""

from __future__ import annotations

import hashlib

import zstandard


def unpack(frame: bytes, limit: int) -> bytes | None:
    """The content of a frame, or None if it is damaged, or larger than ``limit`` bytes."""
    try:
        if not 0 <= zstandard.frame_content_size(frame) <= limit:
            return None
        return zstandard.decompress(frame)
    except zstandard.ZstdError:
        return None


def holds(frame: bytes, size: int, sha256: bytes) -> bool:
    """Whether a frame's content is of this size and has this hash."""
    content = unpack(frame, size)
    return (
        content is not None and len(content) == size and hashlib.sha256(content).digest() == sha256
    )
