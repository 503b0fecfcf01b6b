"""Moments as people write and read them. Inside they are microseconds since 1970, UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1)

_MICROSECOND = timedelta(microseconds=1)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

_AGO = re.compile(r"([0-9]{1,6})([smhdw])")


def iso(time: int) -> str:
    """ISO 8601, UTC, with microseconds and Z. A number that is no moment stays a number."""
    try:
        moment = _EPOCH + timedelta(microseconds=time)
    except OverflowError:
        return str(time)
    return moment.isoformat(timespec="microseconds") + "Z"


def parse(value: str, now: int) -> int:
    """A moment: ISO 8601 (UTC where it names no offset), or how long ago: ``10m``, ``2h``, ``3d``.

    Raises ValueError with a message that says what to write.
    """
    if ago := _AGO.fullmatch(value.strip()):
        return now - int(ago[1]) * _SECONDS[ago[2]] * 1_000_000
    try:
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{value!r} is no time: write 2025-11-24T19:30, 2025-11-24, or how long ago: 10m, 3d"
        ) from None
    return (moment - _EPOCH) // _MICROSECOND


def duration(microseconds: int) -> str:
    """How long something took or is ago, in its two largest units: ``3d 4h``, ``12m 5s``."""
    seconds = abs(microseconds) // 1_000_000
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, _SECONDS[unit])
        if count or (unit == "s" and not parts):
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])
