"""What verify finds: each way in which somebody with the file could change what it says."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import orjson
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from honeyweir.record import chain, rows
from honeyweir.record.errors import RecordError
from honeyweir.record.keys import fingerprint
from honeyweir.record.report import PROBLEMS_LIMIT, Problem
from honeyweir.record.schema import EVIDENCE_TABLES
from honeyweir.record.verify import verify
from honeyweir.record.writer import Recorder
from record.traffic import connection, exchange, exchange_rows, message

Write = Callable[..., None]
Sql = Callable[..., list[tuple[Any, ...]]]

ON = connection()
FIRST, SECOND, THIRD = (exchange(ON, number, response=b"%d" % number) for number in range(3))


@pytest.fixture
def chained(path: Path, write: Write) -> Path:
    """Three exchanges in three batches, after the one of the policy: 2, 3 and 4."""
    write([], [*rows.connection_rows(ON), *exchange_rows(FIRST)])
    write(exchange_rows(SECOND))
    write(exchange_rows(THIRD))
    return path


def problems(path: Path, key: Ed25519PrivateKey | None = None) -> list[Problem]:
    return verify(path, key.public_key() if key else None).problems


def first_problem(path: Path) -> tuple[Any, ...]:
    found = problems(path)[0]
    return found.kind, found.table, found.seq, found.id, found.batch


def test_unchanged_records_are_said_to_be_so(chained: Path, key: Ed25519PrivateKey) -> None:
    report = verify(chained, key.public_key())
    assert report.ok
    assert report.problems == report.notices == []
    assert (report.batches, report.last_batch, report.unsigned_rows) == (4, 4, 0)
    assert report.key == fingerprint(key.public_key())


def test_every_row_is_looked_at(chained: Path, sql: Sql) -> None:
    stored = sum(sql(f"SELECT count(*) FROM {table}")[0][0] for table in EVIDENCE_TABLES)
    assert verify(chained).rows == stored


def test_a_changed_byte_is_named(chained: Path, sql: Sql) -> None:
    sql("UPDATE requests SET user_agent = 'curl/8.6' WHERE event = ?", SECOND.id)
    (found,) = problems(chained)
    ((time,),) = sql("SELECT time FROM batches WHERE id = 3")
    assert found == Problem(
        "changed", f"row 2 of requests ({SECOND.id}) was changed", "requests", 2, SECOND.id, 3, time
    )


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("events", "time = time + 1"),
        ("events", "src_ip = '10.0.0.6'"),
        ("events", "decoy_role = NULL"),
        ("events", "method = CAST(x'ff' AS TEXT)"),
        ("replies", "status = 404"),
        ("bodies", "payload = (SELECT sha256 FROM payloads LIMIT 1)"),
        ("exchange_ends", "error = ''"),
    ],
)
def test_any_changed_column_is_named(chained: Path, sql: Sql, table: str, change: str) -> None:
    column = "id" if table == "events" else "event"
    sql(f"UPDATE {table} SET {change} WHERE {column} = ?", SECOND.id)
    kind, where, _, identity, batch = first_problem(chained)
    assert (kind, where, identity, batch) == ("changed", table, SECOND.id, 3)


def test_a_removed_row_is_named(chained: Path, sql: Sql) -> None:
    sql("DELETE FROM exchange_ends WHERE event = ?", SECOND.id)
    assert first_problem(chained) == ("removed", "exchange_ends", 2, None, 3)
    assert len(problems(chained)) == 1


def test_the_removed_first_and_last_rows_are_named(chained: Path, sql: Sql) -> None:
    sql("DELETE FROM replies WHERE seq IN (1, 3)")
    assert [(found.seq, found.batch) for found in problems(chained)] == [(1, 2), (3, 4)]


def test_an_inserted_row_is_named(chained: Path, sql: Sql) -> None:
    sql("INSERT INTO exchange_ends VALUES (4, ?, 1, NULL)", ON.id)
    assert first_problem(chained) == ("inserted", "exchange_ends", 4, ON.id, None)
    assert len(problems(chained)) == 1


@pytest.mark.parametrize("seq", [0, -5, -(2**63), 2**63 - 1])
def test_a_row_inserted_under_any_number_is_named(chained: Path, sql: Sql, seq: int) -> None:
    sql("INSERT INTO exchange_ends VALUES (?, ?, 1, NULL)", seq, ON.id)
    assert first_problem(chained)[:4] == ("inserted", "exchange_ends", seq, ON.id)


def test_a_row_in_the_place_of_another_is_named(chained: Path, sql: Sql) -> None:
    sql("UPDATE exchange_ends SET seq = 9 WHERE seq = 2")
    assert [(found.kind, found.seq) for found in problems(chained)] == [
        ("removed", 2),
        ("inserted", 9),
    ]


def test_the_first_of_several_changes_comes_first(chained: Path, sql: Sql) -> None:
    sql("UPDATE replies SET status = 500 WHERE event = ?", THIRD.id)
    sql("DELETE FROM replies WHERE event = ?", FIRST.id)
    assert [(found.kind, found.batch) for found in problems(chained)] == [
        ("removed", 2),
        ("changed", 4),
    ]


def test_swapped_payloads_are_named(chained: Path, sql: Sql) -> None:
    ((first,), (second,)) = sql("SELECT data FROM payloads WHERE seq IN (1, 2) ORDER BY seq")
    sql("UPDATE payloads SET data = ? WHERE seq = 2", first)
    sql("UPDATE payloads SET data = ? WHERE seq = 1", second)
    found = problems(chained)
    assert [(one.kind, one.seq) for one in found] == [("payload", 1), ("payload", 2)]
    assert FIRST.response_body
    assert found[0].id == FIRST.response_body.sha256.hex()


@pytest.mark.parametrize(
    "data", [b"", b"junk", zstandard.compress(b"other"), zstandard.compress(b"")]
)
def test_a_payload_that_is_no_longer_itself_is_named(chained: Path, sql: Sql, data: bytes) -> None:
    sql("UPDATE payloads SET data = ? WHERE seq = 2", data)
    assert first_problem(chained)[:3] == ("payload", "payloads", 2)


def test_a_payload_that_became_a_bomb_is_not_unpacked(chained: Path, sql: Sql) -> None:
    sql("UPDATE payloads SET data = ? WHERE seq = 2", zstandard.compress(bytes(1 << 30)))
    assert first_problem(chained)[0] == "payload"


def test_payloads_that_swapped_their_names_are_named(chained: Path, sql: Sql) -> None:
    ((first,), (second,)) = sql("SELECT sha256 FROM payloads WHERE seq IN (1, 2) ORDER BY seq")
    sql("UPDATE payloads SET sha256 = x'00' WHERE seq = 1")
    sql("UPDATE payloads SET sha256 = ? WHERE seq = 2", first)
    sql("UPDATE payloads SET sha256 = ? WHERE seq = 1", second)
    assert [(found.kind, found.seq) for found in problems(chained)] == [
        ("changed", 1),
        ("changed", 2),
    ]


@pytest.mark.parametrize(
    "change", ["time = time + 1", "policy = 'other'", "hash = zeroblob(32)", "manifest = x'00'"]
)
def test_a_changed_batch_is_named(chained: Path, sql: Sql, change: str) -> None:
    sql(f"UPDATE batches SET {change} WHERE id = 3")
    found = problems(chained)[0]
    assert (found.kind, found.batch) == ("batch", 3)


def test_a_broken_link_is_named(chained: Path, sql: Sql) -> None:
    sql("UPDATE batches SET previous = zeroblob(32) WHERE id = 3")
    assert [(found.kind, found.batch) for found in problems(chained)] == [("link", 3), ("batch", 3)]


def test_a_missing_batch_is_named_with_its_rows(chained: Path, sql: Sql) -> None:
    sql("DELETE FROM batches WHERE id = 3")
    found = problems(chained)
    assert (found[0].kind, found[0].message) == ("batch", "batch 3 is missing")
    assert {one.kind for one in found[1:]} == {"inserted"}


def test_a_batch_before_the_first_is_named(chained: Path, sql: Sql) -> None:
    sql(
        "INSERT INTO batches SELECT -1, time, policy, previous, manifest, hash FROM batches"
        " WHERE id = 1"
    )
    assert [found.message for found in problems(chained)] == ["batch -1 was inserted"]


def cut_off(sql: Sql, last: int) -> None:
    """Removes all that was written after a batch, as if it had never been."""
    for (packed,) in sql("SELECT manifest FROM batches WHERE id > ?", last):
        for table, seq, _ in orjson.loads(zstandard.decompress(packed)):
            sql(f"DELETE FROM {table} WHERE seq = ?", seq)
    sql("DELETE FROM batches WHERE id > ?", last)


def test_truncated_records_are_known_by_their_checkpoint(chained: Path, sql: Sql) -> None:
    cut_off(sql, 3)
    (found,) = problems(chained)
    assert (found.kind, found.message) == (
        "truncated",
        "the records end with batch 3, but batch 4 was signed: their end was cut off",
    )


def test_a_truncated_file_is_damaged(chained: Path) -> None:
    os.truncate(chained, chained.stat().st_size // 2)
    with pytest.raises(RecordError, match="is damaged"):
        verify(chained)


def test_a_damaged_page_ends_in_a_problem(chained: Path, sql: Sql) -> None:
    ((page,),) = sql("SELECT rootpage FROM sqlite_schema WHERE name = 'replies'")
    ((size,),) = sql("PRAGMA page_size")
    with chained.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))
    found = problems(chained)[-1]
    assert found.kind == "database"
    assert "is damaged" in found.message


def test_a_key_that_is_not_ours_is_named(chained: Path) -> None:
    found = problems(chained, Ed25519PrivateKey.generate())
    assert [one.kind for one in found] == ["signature"] * len(found)
    assert "signed with another key" in found[0].message


def test_a_key_that_changes_on_the_way_is_named(chained: Path, record: Any) -> None:
    other = Ed25519PrivateKey.generate()
    recorder = record(key=other)
    recorder.put(rows.message_rows(message(ON)))
    recorder.close()
    (found,) = problems(chained)
    assert (found.kind, found.batch) == ("signature", 5)
    assert fingerprint(other.public_key()) in found.message


def sign_again(sql: Sql, key: Ed25519PrivateKey) -> None:
    """Replaces every checkpoint by one of another key."""
    public = key.public_key().public_bytes_raw()
    signed = sql("SELECT batch, c.time, hash FROM checkpoints c JOIN batches b ON b.id = c.batch")
    for batch, time, hash_ in signed:
        signature = key.sign(chain.checkpoint_statement(batch, hash_, time))
        sql(
            "UPDATE checkpoints SET public_key = ?, signature = ? WHERE batch = ?",
            public,
            signature,
            batch,
        )


def test_a_replaced_key_is_named_to_whoever_knows_the_true_one(
    chained: Path, sql: Sql, key: Ed25519PrivateKey
) -> None:
    sign_again(sql, Ed25519PrivateKey.generate())
    assert verify(chained).ok
    assert problems(chained, key)[0].kind == "signature"


@pytest.mark.parametrize(
    "change", ["time = time + 1", "signature = zeroblob(64)", "signature = x''"]
)
def test_a_changed_checkpoint_is_named(chained: Path, sql: Sql, change: str) -> None:
    sql(f"UPDATE checkpoints SET {change} WHERE batch = 3")
    (found,) = problems(chained)
    assert (found.kind, found.batch) == ("signature", 3)


def chain_again(sql: Sql) -> None:
    """Makes every hash fit what is there, as somebody could who has read our documentation."""
    previous = chain.FIRST
    for id_, time, policy, packed in sql(
        "SELECT id, time, policy, manifest FROM batches ORDER BY id"
    ):
        manifest = orjson.loads(zstandard.decompress(packed))
        for entry in manifest:
            table, seq, _ = entry
            names = [row[1] for row in sql(f"PRAGMA table_info({table})")]
            (row,) = sql(f"SELECT * FROM {table} WHERE seq = ?", seq)
            stored = dict(zip(names, row, strict=True))
            columns = chain.chained_columns(table, names)
            entry[2] = chain.row_digest(table, seq, columns, [stored[name] for name in columns])
        new = chain.canonical(manifest)
        hash_ = chain.batch_hash(id_, time, policy, previous, new)
        sql(
            "UPDATE batches SET previous = ?, manifest = ?, hash = ? WHERE id = ?",
            previous,
            zstandard.compress(new),
            hash_,
            id_,
        )
        previous = hash_


def test_whoever_makes_the_chain_fit_a_change_breaks_the_signatures(
    chained: Path, sql: Sql
) -> None:
    chain_again(sql)
    assert verify(chained).ok
    sql("UPDATE events SET time = time + 1 WHERE id = ?", SECOND.id)
    chain_again(sql)
    assert [(found.kind, found.batch) for found in problems(chained)] == [
        ("signature", 3),
        ("signature", 4),
    ]


def test_rows_that_are_not_signed_yet_are_counted(record: Any, path: Path) -> None:
    recorder = record()
    recorder.put(rows.connection_rows(ON))
    recorder.close()
    sqlite3.connect(path, isolation_level=None).execute("DELETE FROM checkpoints")
    report = verify(path)
    assert (report.ok, report.checkpoints, report.unsigned_rows) == (True, 0, 3)
    assert report.notices == ["nothing is signed: there is no checkpoint"]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "CREATE TRIGGER hide AFTER INSERT ON events BEGIN DELETE FROM events; END",
            "the trigger hide",
        ),
        ("DROP INDEX events_time", "the index events_time is missing"),
        (
            "ALTER TABLE findings ADD COLUMN note TEXT",
            "the table findings is missing or was changed",
        ),
        ("ALTER TABLE replies RENAME COLUMN location TO place", "the table replies is missing or"),
    ],
)
def test_a_schema_that_is_not_ours_is_named(
    chained: Path, sql: Sql, statement: str, message: str
) -> None:
    sql(statement)
    found = problems(chained)[0]
    assert found.kind == "schema"
    assert found.message.startswith(message)


def test_a_table_that_was_replaced_by_a_view_is_named(chained: Path, sql: Sql) -> None:
    sql("ALTER TABLE exchange_ends RENAME TO hidden")
    sql("CREATE VIEW exchange_ends AS SELECT * FROM hidden WHERE seq <> 2")
    found = problems(chained)
    assert (found[0].kind, found[0].table) == ("schema", "exchange_ends")
    assert ("removed", 2) in [(one.kind, one.seq) for one in found]


def test_a_table_that_is_gone_is_named(chained: Path, sql: Sql) -> None:
    sql("DROP TABLE findings")
    assert problems(chained)[0].message == "the table findings is missing or was changed"


def test_a_batch_table_of_another_kind_ends_in_a_problem(chained: Path, sql: Sql) -> None:
    sql("ALTER TABLE batches RENAME TO hidden")
    sql(
        "CREATE TABLE batches AS SELECT id, 'x' AS time, 1 AS policy, 2 AS previous,"
        " '' AS manifest, 3 AS hash FROM hidden"
    )
    assert {"schema", "database"} <= {found.kind for found in problems(chained)}


def test_what_holds_no_evidence_is_worth_a_notice(chained: Path, sql: Sql) -> None:
    sql("DROP VIEW timeline")
    sql("CREATE VIEW mine AS SELECT 1")
    sql("CREATE TABLE notes (text)")
    report = verify(chained)
    assert report.ok
    assert report.notices == [
        "the view mine is not ours",
        "the view timeline is missing, or not as this version makes it",
        "the table notes is not ours",
    ]


def test_of_many_problems_the_first_are_listed_and_all_are_counted(
    path: Path, write: Write, sql: Sql
) -> None:
    write(
        [
            *rows.connection_rows(ON),
            *(row for _ in range(150) for row in rows.message_rows(message(ON))),
        ]
    )
    sql("UPDATE messages SET is_text = 1")
    report = verify(path)
    assert (len(report.problems), report.problem_count) == (PROBLEMS_LIMIT, 150)
    assert [found.seq for found in report.problems] == list(range(1, PROBLEMS_LIMIT + 1))


def test_progress_is_told_on_the_way(
    path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write([], rows.connection_rows(ON), exchange_rows(FIRST), exchange_rows(SECOND))
    monkeypatch.setattr("honeyweir.record.verify._SLICE_ROWS", 1)
    told: list[tuple[int, int]] = []
    assert verify(path, progress=lambda *place: told.append(place)).ok
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_records_can_be_checked_while_they_are_written(
    path: Path, python: Callable[..., Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("honeyweir.record.verify._SLICE_ROWS", 500)
    process = python("-m", "record.load", path, 0, 5000)
    assert process.stdout
    process.stdout.readline()
    checks = 0
    while process.poll() is None:
        assert verify(path).ok
        checks += 1
        for _ in range(1000):
            process.stdout.readline()
    assert checks > 1
    assert verify(path).ok


def test_there_must_be_records(path: Path) -> None:
    with pytest.raises(RecordError, match="there are no records"):
        verify(path)


hostile = st.text() | st.sampled_from(["\x00", "\ud800", "\udcff", "'; --", "\x1b[2J", "\u202e"])


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    url=hostile,
    host=hostile,
    fields=st.lists(st.tuples(st.binary(), st.binary())),
    content=st.binary(),
    end=st.none() | hostile,
)
def test_whatever_is_recorded_is_found_unchanged(
    checked: Recorder,
    url: str,
    host: str,
    fields: list[tuple[bytes, bytes]],
    content: bytes,
    end: str | None,
) -> None:
    on = connection()
    event = exchange(on, request=content, headers=fields, reply_headers=fields, url=url, host=host)
    event.error = end
    checked.put([*rows.connection_rows(on), *exchange_rows(event)])


@pytest.fixture
def checked(record: Any, path: Path) -> Iterator[Recorder]:
    """A recorder; what it wrote is verified after the test."""
    recorder = record()
    yield recorder
    recorder.close(timeout=60)
    report = verify(path)
    assert report.problems == []
    assert report.rows > 100
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM rejects").fetchone() == (0,)
    db.close()
