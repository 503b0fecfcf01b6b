"""The writer: takes rows from the threads that carry traffic, and commits them from its own."""

from __future__ import annotations

import atexit
import functools
import itertools
import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from honeyweir.record.errors import RecordError, explain
from honeyweir.record.queue import Group, Queue
from honeyweir.record.reject import is_set_aside, set_aside
from honeyweir.record.row import Row
from honeyweir.record.store import Batch, Store

__all__ = ["RecordError", "Recorder"]

logger = logging.getLogger(__name__)

COMMIT_INTERVAL = 0.2  # seconds
QUEUE_ROWS = 20_000
QUEUE_BYTES = 16 << 20
CHECKPOINT_INTERVAL = 60.0  # seconds
BUSY_TIMEOUT = 2.0  # seconds; traffic waits as long before it is told of a lock

_FIRST_PAUSE = 0.1  # seconds between attempts to write after a failure; doubles
_LONGEST_PAUSE = 2.0

_ROW_FAULTS = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    TypeError,
    ValueError,
    OverflowError,
)
"""What is raised on account of a row. All else is the database's fault, and passes."""


class Recorder:
    """Writes the records at ``path``.

    ``policy`` is the hash and the content of the policy set in force, ``key`` signs a checkpoint
    every ``checkpoint_interval`` seconds, if there is something new, and at the end. Rows are on
    disk at most ``commit_interval`` seconds after they were put, on a disk that keeps up.

    What cannot be written is kept, in bounds, and tried again; see ``put`` and ``failure``.
    Raises RecordError if the records cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        policy: tuple[str, str],
        key: Ed25519PrivateKey,
        commit_interval: float = COMMIT_INTERVAL,
        queue_rows: int = QUEUE_ROWS,
        queue_bytes: int = QUEUE_BYTES,
        checkpoint_interval: float = CHECKPOINT_INTERVAL,
        busy_timeout: float = BUSY_TIMEOUT,
        accept_while_broken: bool = False,
    ) -> None:
        self._store = Store(path, busy_timeout)
        self._queue = Queue(
            queue_rows, queue_bytes, commit_interval, accept_while_broken=accept_while_broken
        )
        self._policy = policy[0]
        self._key = key
        self._checkpoint_interval = checkpoint_interval
        self._checkpoint_due = math.inf
        self._unsigned: Batch | None = None
        self._pause = _FIRST_PAUSE
        self._give_up = threading.Event()
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="honeyweir-record", daemon=True)
        self._thread.start()
        atexit.register(self.close)
        self.set_policy(*policy)

    @property
    def path(self) -> Path:
        """The records database."""
        return self._store.path

    @property
    def failure(self) -> str | None:
        """Why nothing can be written now, and what to do; None as soon as it works again."""
        return self._queue.failure

    @property
    def waiting(self) -> int:
        """How many rows are not on disk yet."""
        return self._queue.rows

    def put(self, rows: Sequence[Row]) -> None:
        """Hand rows over; they are written together, after all that was put before.

        Blocks the thread while the queue is full, or the writer is more than ``commit_interval``
        behind: so the traffic waits for the disk. While there is a ``failure``, raises RecordError
        at once for rows that begin an event, and for any rows once the queue is full; these were
        not taken. Rows about an event that was taken before are kept: what was let through is not
        lost.
        """
        if rows:
            self._check_process()
            self._queue.put(rows)

    def set_policy(self, hash_: str, content: str) -> None:
        """Put a policy set in force: rows that are put from now on are chained under its hash."""
        self.put([Row("policies", (hash_, time.time_ns() // 1000, content), len(content))])

    def close(self, timeout: float = 10.0) -> None:
        """Write what waits and sign it. Raises RecordError if that takes longer than ``timeout``
        seconds; what then was not written is lost."""
        atexit.unregister(self.close)
        if self._process != os.getpid():
            return
        self._queue.close()
        self._thread.join(timeout)
        if self._thread.is_alive() or self._give_up.is_set():
            self._give_up.set()
            reason = self.failure or f"{self._store.path} is too slow"
            raise RecordError(f"{self.waiting} rows could not be written: {reason}")

    def _check_process(self) -> None:
        if self._process != os.getpid():
            raise RecordError("the records were opened by another process: open them in this one")

    def _run(self) -> None:
        while not self._queue.drained:
            groups = self._queue.take(self._checkpoint_due)
            if groups and not self._write(groups):
                return
            if time.monotonic() >= self._checkpoint_due:
                self._sign()
        self._sign()
        self._store.close()

    def _write(self, groups: list[Group]) -> bool:
        """Commit; False if it was given up. What cannot be stored is found by halving."""
        first = groups[0].rows[0]
        if first.table == "policies":
            self._policy = str(first.values[0])
        stack: list[Sequence[Sequence[Row]]] = [[group.rows for group in groups]]
        while stack:
            try:
                if not self._insist(functools.partial(self._commit, stack[-1])):
                    return False
            except _ROW_FAULTS as error:
                self._divide(stack, error)
            else:
                stack.pop()
        self._queue.done(groups)
        return True

    def _divide(self, stack: list[Sequence[Sequence[Row]]], error: Exception) -> None:
        """Replace groups of which one cannot be stored by two halves, the first on top."""
        groups = stack.pop()
        middle = len(groups) // 2
        if middle:
            stack += (groups[middle:], groups[:middle])
        elif is_set_aside(groups[0]):
            stack.append(groups)
            self._wait_for_repair(error)
        else:
            logger.error("rows could not be stored, and were put into the table rejects: %s", error)
            stack.append([set_aside(groups[0], error)])

    def _commit(self, groups: Iterable[Sequence[Row]]) -> None:
        batch = self._store.write(itertools.chain.from_iterable(groups), self._policy)
        if batch is None:
            return
        if self._unsigned is None:
            self._checkpoint_due = time.monotonic() + self._checkpoint_interval
        self._unsigned = batch

    def _sign(self) -> None:
        batch = self._unsigned
        if batch and self._insist(functools.partial(self._store.sign, batch, self._key)):
            self._unsigned = None
            self._checkpoint_due = math.inf

    def _insist(self, action: Callable[[], None]) -> bool:
        """Do it, again and again if need be; False if it was given up. Raises _ROW_FAULTS."""
        while not self._give_up.is_set():
            try:
                action()
            except _ROW_FAULTS:
                raise
            except Exception as error:
                self._wait_for_repair(error)
            else:
                self._mended()
                return True
        return False

    def _wait_for_repair(self, error: Exception) -> None:
        failure = explain(error, self._store.path)
        if self.failure is None:
            logger.error("nothing can be recorded: %s", failure, exc_info=not _is_known(error))
        self._queue.fail(failure)
        self._store.drop()
        self._give_up.wait(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _mended(self) -> None:
        if self.failure is None:
            return
        refused = self._queue.mend()
        self._pause = _FIRST_PAUSE
        logger.error("recording goes on; %d rows were refused while it could not", refused)


def _is_known(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error | RecordError | OSError)
