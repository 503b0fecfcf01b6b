"""What an operator is told."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from honeyweir.record.errors import RecordError, explain

PATH = Path("/srv/records.db")


def error(code: int) -> sqlite3.OperationalError:
    raised = sqlite3.OperationalError("in SQLite's words")
    raised.sqlite_errorcode = code
    return raised


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (sqlite3.SQLITE_FULL, "make room on its disk"),
        (sqlite3.SQLITE_BUSY, "locked by another program"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "locked by another program"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "move it away, keep it, restart"),
        (sqlite3.SQLITE_NOTADB, "move it away, keep it, restart"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "check the owner and mode"),
        (sqlite3.SQLITE_CANTOPEN, "check the owner and mode"),
        (sqlite3.SQLITE_IOERR_WRITE, "check its disk, quota and limits"),
        (sqlite3.SQLITE_ERROR, "in SQLite's words"),
    ],
)
def test_each_error_names_the_file_and_what_to_do(code: int, advice: str) -> None:
    told = explain(error(code), PATH)
    assert str(PATH) in told
    assert advice in told


def test_an_error_of_ours_says_it_itself() -> None:
    assert explain(RecordError("put it back"), PATH) == "put it back"


def test_an_error_of_another_kind_is_passed_on_with_the_file() -> None:
    assert explain(MemoryError("none left"), PATH) == "/srv/records.db: none left"
