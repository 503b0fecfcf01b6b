"""Fail closed: no exception of ours reaches mitmproxy, which would let the flow pass."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mitmproxy import connection

from honeyweir.model import Event
from honeyweir.weir import Weir

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Gate:
    """Where the hooks find the weir. While there is none, nothing passes."""

    weir: Weir | None = None

    def open(self) -> Weir:
        """The weir. Raises ClosedError while there is none."""
        if self.weir is None:
            raise ClosedError("the monitor is not ready")
        return self.weir


class ClosedError(Exception):
    """Traffic came while there was nobody to look at it."""


class Hooks[Subject]:
    """What the addons share: the gate, and how to fail.

    ``Subject`` is what the hooks are given: a flow, a client, a connection's data.
    """

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def weir(self) -> Weir:
        """Not a property: mitmproxy reads every attribute of an addon, before the gate is open."""
        return self.gate.open()

    def block(self, subject: Subject) -> None:
        """Stop what is on its way and all that follows, without a word to the client."""
        raise NotImplementedError

    def client_of(self, subject: Subject) -> connection.Client:
        """The client whose connection a subject belongs to."""
        raise NotImplementedError

    def event_of(self, subject: Subject) -> Event | None:
        """The event to which a failure is put down: the nearest one that is in the records."""
        return self.weir().connections.get(self.client_of(subject))

    def fail(self, subject: Subject, error: Exception) -> None:
        """Called instead of letting an exception out. Does not raise."""
        weir = self.gate.weir
        if weir is not None:
            weir.failed(error, self._safe_event(subject))
            if not weir.block_on_error:
                return
        try:
            self.block(subject)
        except Exception:
            logger.exception("honeyweir: a flow could not be blocked")

    def _safe_event(self, subject: Subject) -> Event | None:
        try:
            return self.event_of(subject)
        except Exception:
            return None


def guarded[H: Hooks[Any], Subject](
    hook: Callable[[H, Subject], None],
) -> Callable[[H, Subject], None]:
    """A hook that blocks its flow where it would have raised."""

    @functools.wraps(hook)
    def safe(addon: H, subject: Subject) -> None:
        try:
            hook(addon, subject)
        except Exception as error:
            addon.fail(subject, error)

    return safe
