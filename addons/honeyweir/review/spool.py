"""A long answer, taken off the database at once and read at leisure.

Whoever reads it may stop in a pager for an hour; a read that is kept open so long would keep
SQLite from taking back its write-ahead log.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator

_IN_MEMORY = 64 << 20
"""Bytes of rows beyond which they go to a temporary file."""

SqlRow = tuple[object, ...]


def spooled(rows: Iterable[SqlRow]) -> Iterator[SqlRow]:
    """The same rows, all of which were read before the first is given."""
    spool = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (_replay closes it)
    count = 0
    try:
        for row in rows:
            pickle.dump(row, spool)
            count += 1
    except BaseException:
        spool.close()
        raise
    return _replay(spool, count)


def _replay(spool: tempfile.SpooledTemporaryFile[bytes], count: int) -> Iterator[SqlRow]:
    with spool:
        spool.seek(0)
        for _ in range(count):
            yield pickle.load(spool)  # noqa: S301 (a file of our own that has no name)
