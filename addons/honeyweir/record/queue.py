"""Rows that wait for the writer: bounded in number and in bytes, taken in batches."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from honeyweir.record.errors import RecordError
from honeyweir.record.row import Row

logger = logging.getLogger(__name__)

_LONG_WAIT = 1.0
"""Seconds that traffic may wait before the operator is told."""

_ROW_SIZE = 1 << 10
"""Bytes that a row takes in memory beside its large values."""

BATCH_ROWS = 2_000
BATCH_SIZE = 4 << 20
"""With so many rows or bytes, the writer does not wait for more; and a batch gets no larger, unless
one call brings more."""


class Group(NamedTuple):
    """Rows that were put together, and stay together."""

    rows: Sequence[Row]
    size: int  # bytes
    time: float  # monotonic seconds


class Queue:
    """Between the threads that put rows and the one that takes them.

    It is full with so many ``rows``, with ``size`` bytes, and while a row is older than
    ``interval`` seconds: then nothing new is let through, so that no more than an interval of
    traffic is ever lost. What was taken counts until it is ``done``.

    While there is a ``failure``, rows that begin an event are refused, since what they tell of has
    not been let through yet; rows about an event that is known are kept, however old, in the
    bounds of number and size. With ``accept_while_broken``, both are.
    """

    def __init__(
        self, rows: int, size: int, interval: float, *, accept_while_broken: bool = False
    ) -> None:
        self._row_limit = rows
        self._size_limit = size
        self._interval = interval
        # Rows wait for others to come; half of the interval is left for the writing itself.
        self._patience = interval / 2
        self._accept_while_broken = accept_while_broken
        self._groups: deque[Group] = deque()
        self._size = 0  # bytes that wait or are in the writer's hands
        self._taken_rows = 0  # in the writer's hands
        self._taken_size = 0
        self._taken_since = math.inf  # when the first of them was put
        self._urgent = False  # somebody waits for room
        self._closed = False
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self.rows = 0  # that are not on disk yet
        self.failure: str | None = None
        self.refused = 0  # rows, since the failure began

    @property
    def drained(self) -> bool:
        """Nothing waits, and nothing will come."""
        return self._closed and not self._groups

    def put(self, rows: Sequence[Row]) -> None:
        """Add rows; waits for room. Raises RecordError at once if they are refused."""
        size = _ROW_SIZE * len(rows)
        for row in rows:
            size += row.size
        waited = 0.0
        with self._lock:
            now = time.monotonic()
            if self._closed or self.failure or not self._has_room(now):
                self._await_room(rows)
                waited, now = time.monotonic() - now, time.monotonic()
            first = not self._groups
            self._groups.append(Group(rows, size, now))
            self.rows += len(rows)
            self._size += size
            if first or self._is_large():
                self._filled.notify()
        if waited > _LONG_WAIT:
            logger.warning("traffic waited %.1f s for the records: their disk is slow", waited)

    def take(self, until: float = math.inf) -> list[Group]:
        """The next batch, once it is time for it; nothing at ``until`` (monotonic seconds), or if
        the queue is drained. Rows of a new policy set begin a batch."""
        with self._lock:
            while not self._is_ready():
                left = min(until, self._due()) - time.monotonic()
                if left <= 0:
                    return []
                self._filled.wait(min(left, threading.TIMEOUT_MAX))
            self._urgent = False
            return self._pop()

    def done(self, groups: Iterable[Group]) -> None:
        """What was taken is on disk."""
        with self._lock:
            for group in groups:
                self._taken_rows -= len(group.rows)
                self._taken_size -= group.size
                self.rows -= len(group.rows)
                self._size -= group.size
            self._taken_since = math.inf
            self._room.notify_all()

    def fail(self, failure: str) -> None:
        """The writer cannot write."""
        with self._lock:
            self.failure = failure
            self._room.notify_all()

    def mend(self) -> int:
        """It can again. Gives how many rows were refused in between."""
        with self._lock:
            self.failure = None
            refused, self.refused = self.refused, 0
            return refused

    def close(self) -> None:
        """Take nothing more; what waits is to be written at once."""
        with self._lock:
            self._closed = True
            self._room.notify_all()
            self._filled.notify()

    def _await_room(self, rows: Sequence[Row]) -> None:
        while not (self._has_room(time.monotonic()) or self._closed or self.failure):
            self._urgent = True
            self._filled.notify()
            self._room.wait()
        if self._closed:
            raise RecordError("the records are closed")
        if self.failure and not (self._has_space() and self._may_wait(rows)):
            self.refused += len(rows)
            raise RecordError(self.failure)

    def _may_wait(self, rows: Sequence[Row]) -> bool:
        return self._accept_while_broken or all(row.table != "events" for row in rows)

    def _has_room(self, now: float) -> bool:
        oldest = min(self._taken_since, self._groups[0].time if self._groups else math.inf)
        return self._has_space() and now - oldest <= self._interval

    def _has_space(self) -> bool:
        return self.rows < self._row_limit and self._size < self._size_limit

    def _is_large(self) -> bool:
        return (
            self.rows - self._taken_rows >= BATCH_ROWS
            or self._size - self._taken_size >= BATCH_SIZE
        )

    def _due(self) -> float:
        return self._groups[0].time + self._patience if self._groups else math.inf

    def _is_ready(self) -> bool:
        return (
            self._closed
            or bool(self._groups and (self._urgent or self._is_large()))
            or self._due() <= time.monotonic()
        )

    def _pop(self) -> list[Group]:
        taken: list[Group] = []
        rows = size = 0
        while self._groups and rows < BATCH_ROWS and size < BATCH_SIZE:
            if taken and self._groups[0].rows[0].table == "policies":
                break
            group = self._groups.popleft()
            taken.append(group)
            rows += len(group.rows)
            size += group.size
        self._taken_rows += rows
        self._taken_size += size
        self._taken_since = taken[0].time if taken else math.inf
        return taken
