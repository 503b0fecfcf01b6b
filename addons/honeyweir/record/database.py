"""Opening the records: made, brought up to date, and set for one way of use."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from honeyweir.record.errors import RecordError, explain
from honeyweir.record.schema import migrations
from honeyweir.record.views import ensure_views

APPLICATION_ID = 0x77656972
"""Tells our files from other SQLite files: "weir" in ASCII."""

_PAGE = 4 << 10  # bytes; a row in an index of hashes costs the writing of a whole page
_WAL_PAGES = 4_000  # after so many, they are written back
_WAL_LIMIT = 64 << 20  # bytes that the WAL file keeps once that is done
_CACHE = 8 << 10  # KiB
_STATEMENTS = 256
_OPENING_PATIENCE = 60.0  # seconds that another process may take to make or migrate the records


def open_for_writing(path: Path, busy_timeout: float, *, create: bool = True) -> sqlite3.Connection:
    """The records at ``path``, made (readable for their owner alone) if there are none.

    ``busy_timeout`` is how many seconds a statement waits for another program's lock. Any thread
    may use the connection, one at a time. Raises RecordError.
    """
    if not path.parent.is_dir():
        raise RecordError(f"{path.parent} is no folder: make it, or choose another path")
    try:
        with _only_one(path.parent):
            return _open(path, busy_timeout, create=create)
    except (sqlite3.Error, OSError) as error:
        raise RecordError(explain(error, path)) from error


def open_for_reading(path: Path, busy_timeout: float = 5.0) -> sqlite3.Connection:
    """The records at ``path``, which nothing can change through this connection.

    Raises RecordError, also where there are none.
    """
    if not path.is_file():
        raise RecordError(f"there are no records at {path}")
    still = not os.access(path.parent, os.W_OK) and not _beside(path, "-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro" + ("&immutable=1" if still else "")
    try:
        db = sqlite3.connect(uri, uri=True, timeout=busy_timeout, isolation_level=None)
        db.execute("PRAGMA trusted_schema = OFF")
        _check_ours(db, path)
    except sqlite3.Error as error:
        raise RecordError(explain(error, path)) from error
    return db


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _open(path: Path, busy_timeout: float, *, create: bool) -> sqlite3.Connection:
    if create:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    elif not path.exists():
        raise RecordError(
            f"{path} was moved or deleted: put it back, or restart to begin a new one"
        )
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )
    try:
        _prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    if db.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
        db.execute(f"PRAGMA page_size = {_PAGE}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    else:
        _check_ours(db, path)
    if db.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise RecordError(f"the file system of {path} cannot do WAL: choose a local disk")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute(f"PRAGMA cache_size = -{_CACHE}")
    db.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    db.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
    migrations.apply(Database(db, recursive_triggers=False, execute_plugins=False))
    ensure_views(db)


def _check_ours(db: sqlite3.Connection, path: Path) -> None:
    """Refuse what is not a file of ours, and what a later version has changed."""
    if db.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        raise RecordError(f"{path} holds something else than records: choose another path")
    known = {migration.name for migration in migrations.pending(Database(memory=True))}
    applied = {migration.name for migration in migrations.applied(Database(db))}
    if newer := sorted(applied - known):
        raise RecordError(f"{path} was written by a newer honeyweir ({newer[0]}): update this one")


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """One process at a time. The folder is locked, not the file: SQLite's own locks on a file are
    lost when any other descriptor of it is closed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + _OPENING_PATIENCE
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise RecordError(f"another process is still opening records in {folder}: end it")
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
