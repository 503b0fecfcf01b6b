"""Opening the records, and why they cannot be opened."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from honeyweir.record.database import open_for_reading, open_for_writing
from honeyweir.record.errors import RecordError
from honeyweir.record.schema import EVIDENCE_TABLES
from honeyweir.record.views import statements

Sql = Callable[..., list[tuple[Any, ...]]]


def open_and_close(path: Path) -> None:
    open_for_writing(path, busy_timeout=1.0).close()


def test_new_records_can_be_read_by_their_owner_alone(path: Path) -> None:
    db = open_for_writing(path, busy_timeout=1.0)
    db.execute("INSERT INTO rejects VALUES (1, 1, 'events', '[]', 'test')")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    db.close()


def test_the_mode_that_an_operator_gave_is_kept(path: Path) -> None:
    open_and_close(path)
    path.chmod(0o640)
    open_and_close(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_every_table_of_evidence_is_there(path: Path, sql: Sql) -> None:
    open_and_close(path)
    tables = {name for (name,) in sql("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables >= set(EVIDENCE_TABLES)
    for table in EVIDENCE_TABLES:
        assert sql(f"PRAGMA table_info({table})")[0][1] == "seq"


def test_a_commit_survives_a_power_cut(path: Path) -> None:
    db = open_for_writing(path, busy_timeout=1.0)
    pragmas = {
        name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}
    db.close()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"missing is no folder: make it"):
        open_and_close(tmp_path / "missing" / "records.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RecordError, match="check the owner and mode"):
        open_and_close(tmp_path / "records.db")


def test_a_folder_in_the_place_of_the_file_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(RecordError, match=r"records\.db"):
        open_and_close(path)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b"some notes\n" * 1000)
    with pytest.raises(RecordError, match="no SQLite database"):
        open_and_close(path)
    assert path.read_bytes() == b"some notes\n" * 1000


def test_a_database_of_another_program_is_left_alone(path: Path, sql: Sql) -> None:
    sql("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(RecordError, match="holds something else"):
        open_and_close(path)
    assert sql("SELECT name FROM sqlite_schema") == [("bookmarks",)]


def test_records_of_a_newer_version_are_left_alone(path: Path, sql: Sql) -> None:
    open_and_close(path)
    sql("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('honeyweir', 'tombstones')")
    for opens in (open_and_close, open_for_reading):
        with pytest.raises(RecordError, match=r"newer honeyweir \(tombstones\)"):
            opens(path)


def test_processes_that_begin_at_once_make_one_database(
    path: Path, python: Callable[..., Popen[str]], sql: Sql
) -> None:
    started = [python("-m", "record.load", path, 100 * n, 5) for n in range(4)]
    assert [process.wait() for process in started] == [0, 0, 0, 0]
    assert sql("SELECT count(*) FROM _sqlite_migrations") == [(1,)]
    assert sql("SELECT count(*) FROM exchange_ends") == [(20,)]
    assert sql("PRAGMA integrity_check") == [("ok",)]


def test_a_view_that_was_changed_is_made_anew(path: Path, sql: Sql) -> None:
    open_and_close(path)
    sql("DROP VIEW timeline")
    sql("CREATE VIEW timeline AS SELECT 1 AS one")
    sql("DROP VIEW http")
    open_and_close(path)
    present = dict(sql("SELECT name, sql FROM sqlite_schema WHERE type = 'view'"))
    assert present == statements()


def test_nothing_can_be_written_through_a_reading_connection(recorded: Path) -> None:
    db = open_for_reading(recorded)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM events")
    db.close()


def test_records_that_are_not_there_are_not_made_by_reading(path: Path) -> None:
    with pytest.raises(RecordError, match="there are no records"):
        open_for_reading(path)
    assert not path.exists()


def test_odd_characters_in_a_path_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory#%20.db"
    open_and_close(path)
    open_for_reading(path).close()
    assert path.stat().st_size > 0


def test_what_is_not_a_database_cannot_be_read(path: Path) -> None:
    path.write_bytes(b"x" * 10_000)
    with pytest.raises(RecordError, match="no SQLite database"):
        open_for_reading(path)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount")
def test_records_on_a_read_only_medium_can_be_read(recorded: Path, tmp_path_factory: Any) -> None:
    place = tmp_path_factory.mktemp("medium")
    os.system(f"mount --bind {recorded.parent} {place} && mount -o remount,ro,bind {place}")
    try:
        db = open_for_reading(place / recorded.name)
        assert db.execute("SELECT count(*) > 5 FROM events").fetchone() == (1,)
        db.close()
    finally:
        os.system(f"umount {place}")
