"""Our options and their values; and which of mitmproxy's own cannot stand beside us."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from mitmproxy import ctx
from mitmproxy.utils import human

from honeyweir.respond.spec import near


class Option(NamedTuple):
    """An option as ``mitmdump --options`` shows it."""

    name: str
    type: Any
    default: Any
    help: str


OPTIONS = (
    Option(
        "weir_db",
        str | None,
        None,
        "SQLite database of the records; it is made if it is not there. Default: records.db in "
        "HONEYWEIR_HOME, or in ~/.honeyweir.",
    ),
    Option(
        "weir_policies",
        Sequence[str],
        [],
        "Files and folders with Sigma rules, in the order in which they decide; give it several "
        "times for several. Default: the policies that ship with honeyweir.",
    ),
    Option(
        "weir_decoys",
        str | None,
        None,
        "YAML file that names the decoys by their source addresses. Default: decoys.yaml among "
        "the policies that ship.",
    ),
    Option(
        "weir_on_error",
        str | None,
        "block",
        "What happens to traffic that cannot be inspected, decided or recorded, since we failed "
        "on it or the disk is full: block, or pass.",
    ),
    Option(
        "weir_stream_above",
        str | None,
        "1m",
        "Bodies above this size are read as they pass, in place of being held until they are "
        "whole. Understands k, m and g.",
    ),
    Option(
        "weir_keep",
        str | None,
        "8m",
        "How much of a body or message is kept in the records; its size and sha256 are always of "
        "the whole. Understands k, m and g.",
    ),
    Option(
        "weir_commit_interval",
        str | None,
        "200",
        "Milliseconds until what was seen is on disk, at most: what a crash can cost.",
    ),
)

_NAMES = {option.name for option in OPTIONS}
_ON_ERROR = ("block", "pass")
_LONGEST_INTERVAL = 60_000
_COMPROMISED_KEY = ("emudhra", "emudhra_old")  # a CA key that ships with mitmproxy: all have it


def check_unknown(deferred: Collection[str]) -> None:
    """mitmproxy ignores an option that nobody declares: refuse ours that are misspelt."""
    for name in deferred:
        if name.startswith("weir_"):
            raise ValueError(f"{name}: there is no such option{near(name, _NAMES)}")


def check_mitmproxy() -> None:
    """Raises ValueError for an option of mitmproxy's that would defeat the monitor."""
    for name in _COMPROMISED_KEY:
        if getattr(ctx.options, name, False):
            raise ValueError(f"{name}: signs with a CA key that is public; unset it")
    if ctx.options.store_streamed_bodies:
        raise ValueError("store_streamed_bodies: holds bodies without limit; use weir_keep")


def on_error(value: str | None) -> str:
    """``block`` or ``pass``."""
    if value not in _ON_ERROR:
        raise ValueError(f"weir_on_error: {value!r} is not one of {', '.join(_ON_ERROR)}")
    return value


def size(name: str, value: str | None) -> int:
    """A number of bytes, with mitmproxy's suffixes."""
    try:
        parsed: int | None = human.parse_size(value)
    except ValueError:
        parsed = None
    if parsed is None or parsed < 0:
        raise ValueError(f"{name}: {value!r} is no size; write it as in 512k, 8m or 1g")
    return parsed


def milliseconds(name: str, value: str | None) -> float:
    """A number of milliseconds, as seconds."""
    if value is None or not value.isascii() or not value.isdigit():
        raise ValueError(f"{name}: {value!r} is no number of milliseconds; write it as in 200")
    if not 1 <= int(value) <= _LONGEST_INTERVAL:
        raise ValueError(f"{name}: {value} is not from 1 to {_LONGEST_INTERVAL}")
    return int(value) / 1000
