"""mitmproxy's times (seconds as a float) as ours (whole microseconds)."""

from __future__ import annotations

import time


def microseconds(seconds: float | None) -> int:
    """A timestamp of mitmproxy, or now where it has none yet."""
    return now() if seconds is None else round(seconds * 1_000_000)


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000
