"""The full-text search: what its row ids mean, and how to ask it."""

from __future__ import annotations

HEAD, REQUEST_BODY, RESPONSE_HEAD, RESPONSE_BODY = range(4)
"""The parts of an event, searched apart. A message's payload and a query's name are its HEAD, an
answer's records its RESPONSE_HEAD."""

PARTS = 4

EVENT_SEQS = f"SELECT rowid / {PARTS} FROM search WHERE search MATCH ?"  # noqa: S608 (a constant)
"""The ``events.seq`` of the events in which an expression is found; an event may come twice."""

EVENT_IDS = f"SELECT id FROM events WHERE seq IN ({EVENT_SEQS})"  # noqa: S608 (a constant)
"""The ids of the events in which an expression is found."""


def rowid(seq: int, part: int) -> int:
    """The row of ``search`` that holds a part of the event with this ``seq``."""
    return seq * PARTS + part


def match_expression(text: str) -> str:
    """What a user typed as an FTS5 phrase: its words, one after the other, and no operators."""
    return '"' + text.replace("\x00", " ").replace('"', '""') + '"'
