"""One batch of rows, numbered, digested and ready to be inserted.

It is made inside the transaction that inserts it, since only there is it known which numbers are
free and which payloads are there already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import zstandard

from honeyweir.record import chain
from honeyweir.record.index import searchable
from honeyweir.record.row import Row, Value, storable
from honeyweir.record.search import rowid

_compressor = zstandard.ZstdCompressor(level=1)
_EMPTY = _compressor.compress(b"")


class Draft:
    """Collects rows, table by table, events before what is about them.

    ``earlier`` has the seq of the events with text in this batch that are in an earlier one.
    """

    def __init__(self, earlier: Mapping[Value, int]) -> None:
        self._events = dict(earlier)
        self._texts: dict[int, list[str]] = defaultdict(list)
        self.manifest: chain.Manifest = []
        self.values: dict[str, list[Value]] = {}  # by table, row after row

    def add(self, table: str, columns: Sequence[str], first: int, rows: Iterable[Row]) -> None:
        """Number the rows of a table from ``first`` and take their digests.

        ``columns`` are the chained ones. Raises TypeError for values that neither JSON nor SQLite
        can hold.
        """
        values = self.values[table] = []
        seq = first
        for row in rows:
            try:
                digest = chain.row_digest(table, seq, columns, row.values)
            except TypeError:
                row = storable(row)
                digest = chain.row_digest(table, seq, columns, row.values)
            self.manifest.append((table, seq, digest))
            values.append(seq)
            values += row.values
            if table == "events":
                self._events[row.values[0]] = seq
            event = self._events.get(row.values[0])
            if row.text is not None and event and (found := searchable(row.text)):
                self._texts[rowid(event, row.text.part)].append(found)
            seq += 1

    @property
    def documents(self) -> list[Value]:
        """Row ids and texts for the search, one after the other, in the order that FTS5 likes."""
        texts = sorted(self._texts.items())
        return [item for key, found in texts for item in (key, "\n".join(found))]


def compress(payloads: Iterable[Row]) -> list[Row]:
    """Payload rows with their data compressed.

    All at once: each call gives up the interpreter's lock, and gets it back late on a busy proxy.
    """
    rows = list(payloads)
    filled: list[bytes | bytearray | memoryview] = [
        cast(bytes, row.values[-1]) for row in rows if row.values[-1]
    ]
    # The library refuses nothing but empty data: one frame serves all of that.
    frames = iter(_compressor.multi_compress_to_buffer(filled)) if filled else iter(())
    return [
        row._replace(
            values=(*row.values[:-1], next(frames).tobytes() if row.values[-1] else _EMPTY)
        )
        for row in rows
    ]


def compress_manifest(manifest: bytes) -> bytes:
    """As it is stored."""
    return _compressor.compress(manifest)
