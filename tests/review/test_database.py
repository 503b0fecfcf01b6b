"""Opening the records: what can be wrong, and what to do about it."""

import contextlib
import sqlite3

import pytest
from click.testing import CliRunner

from honeyweir.cli import main
from honeyweir.record.errors import RecordError
from honeyweir.review.database import chunks, open_records, select, select_one, select_seqs


def events(path, **environment):
    arguments = ["events"] if path is None else ["events", "--db", str(path)]
    return CliRunner().invoke(main, arguments, env=environment)


def test_a_missing_database_says_where_it_was_looked_for_and_what_to_do(tmp_path):
    result = events(tmp_path / "none.db")
    assert result.exit_code == 1
    assert f"no records: {tmp_path}/none.db does not exist. Start the proxy" in result.stderr
    assert "--db FILE or the environment variable HONEYWEIR_DB" in result.stderr


def test_a_folder_is_no_database(tmp_path):
    assert f"no records: {tmp_path} is a folder" in events(tmp_path).stderr


def test_nothing_is_made_where_nothing_is(tmp_path):
    events(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def test_the_environment_tells_which_database(archive, tmp_path):
    archive.exchange()
    archive.close()
    assert events(None, HONEYWEIR_DB=str(archive.path)).exit_code == 0
    home = events(None, HONEYWEIR_DB="", HONEYWEIR_HOME=str(archive.path.parent))
    assert home.exit_code == 0
    other = events(None, HONEYWEIR_DB=str(tmp_path / "other.db"))
    assert f"{tmp_path}/other.db does not exist" in other.stderr


@pytest.mark.parametrize(
    "content", [b"", b"This is no database at all. " * 100, b"SQLite format 3\0"]
)
def test_another_file_is_refused(tmp_path, content):
    file = tmp_path / "file"
    file.write_bytes(content)
    result = events(file)
    assert result.exit_code == 1
    assert str(file) in result.stderr
    assert file.read_bytes() == content


def test_another_database_is_refused(tmp_path):
    file = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE events (x)")
    result = events(file)
    assert (result.exit_code, str(file) in result.stderr) == (1, True)


def test_a_newer_schema_is_refused(archive, honeyweir, change):
    change(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)",
        "honeyweir",
        "from_the_future",
        "",
    )
    told = honeyweir("events")
    assert told.code == 1
    assert "was written by a newer honeyweir (from_the_future)" in told.err


def test_a_damaged_database_is_told(archive, honeyweir):
    for _ in range(300):
        archive.exchange(response=b"x")
    archive.close()
    data = bytearray(archive.path.read_bytes())
    data[16384:] = b"\xff" * (len(data) - 16384)
    archive.path.write_bytes(data)
    told = honeyweir("events")
    assert told.code == 1
    assert str(archive.path) in told.err


def test_a_value_that_honeyweir_did_not_write_is_told(archive, honeyweir, change):
    archive.finding(archive.exchange())
    change("UPDATE findings SET tags = 'no json'")
    told = honeyweir("findings")
    assert told.code == 1
    assert "see what with `honeyweir verify`" in told.err


def test_a_locked_database_is_told(archive, honeyweir, monkeypatch):
    monkeypatch.setattr("honeyweir.review.database.BUSY_TIMEOUT", 0.05)
    archive.close()
    with contextlib.closing(sqlite3.connect(archive.path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        told = honeyweir("events")
    assert told.code == 1
    assert f"{archive.path} is locked by another program" in told.err


def test_the_records_can_be_read_while_they_are_written(archive):
    first = archive.exchange()
    with contextlib.closing(Reader(archive.path)) as reader:
        reader.wait_for(first.id)
        second = archive.exchange()
        reader.wait_for(second.id)


class Reader:
    """Reads again and again, as long as the recorder takes to commit."""

    def __init__(self, path):
        self.connection = open_records(path)

    def wait_for(self, identity):
        query = "SELECT 1 FROM events WHERE id = ?"
        for _ in range(1_000_000):
            if select_one(self.connection, query, (identity,)):
                return
        raise AssertionError("it was never committed")

    def close(self):
        self.connection.close()


@pytest.mark.parametrize("statement", ["DELETE FROM events", "CREATE TABLE x (y)", "VACUUM"])
def test_the_connection_cannot_write(records, statement):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        records().execute(statement)


def test_text_that_is_no_utf8_is_read_byte_by_byte(archive, records, change):
    change("UPDATE policies SET content = CAST(x'41ff' AS TEXT)")
    assert select(records(), "SELECT content FROM policies")[0]["content"] == "A\\xff"


def test_chunks_are_in_order_and_complete(records):
    connection = records()
    seqs = list(range(1201))
    rows = [
        row["value"]
        for some in chunks(connection, "SELECT value FROM json_each(?)", seqs)
        for row in some
    ]
    assert rows == seqs


def test_seqs_are_numbers(records):
    assert list(select_seqs(records(), "SELECT value FROM json_each('[3, 1, 2]')")) == [3, 1, 2]


def test_opening_nothing_raises(tmp_path):
    with pytest.raises(RecordError, match="no records"):
        open_records(tmp_path / "none")
