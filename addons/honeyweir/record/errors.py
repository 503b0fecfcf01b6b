"""What can go wrong with the records, said in words that tell an operator what to do."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

_PRIMARY = 0xFF
"""The bits of an SQLite result code that name the kind of error; the others refine it."""


class RecordError(Exception):
    """The records cannot be opened, read or written; the message says what to do."""


def explain(error: Exception, path: Path) -> str:
    """One line on why the records at ``path`` cannot be written or read, and what to do."""
    if isinstance(error, RecordError):
        return str(error)
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code == sqlite3.SQLITE_FULL:
        return f"no space left for {path} ({_free(path)} free): make room on its disk"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{path} is locked by another program: end that, or its transaction"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"{path} is damaged or no SQLite database ({error}): move it away, keep it, restart"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return f"{path} cannot be written ({error}): check the owner and mode of it and its folder"
    if code == sqlite3.SQLITE_CANTOPEN:
        return f"{path} cannot be opened: check the owner and mode of it and its folder"
    if code == sqlite3.SQLITE_IOERR:
        return f"{path} cannot be read or written ({error}): check its disk, quota and limits"
    return f"{path}: {error}"


def _free(path: Path) -> str:
    try:
        return f"{shutil.disk_usage(path.parent).free >> 20} MiB"
    except OSError:
        return "unknown"
