"""What is recognised in events: a module a question, and the one place that names them all.

A detector is pure: it gets an event when all of it is known, and gives findings. It reads no
clock, no file and no flow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from honeyweir.inspect import failed_handshake, undecoded
from honeyweir.model import Event, Finding

Detector = Callable[[Event], Iterable[Finding]]

DETECTORS: tuple[Detector, ...] = (failed_handshake.inspect, undecoded.inspect)
