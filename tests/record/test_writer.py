"""The recorder: what is put is on disk, together, in order, signed."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from honeyweir.model import ConnectionEnd
from honeyweir.record import rows
from honeyweir.record.row import Row
from honeyweir.record.verify import verify
from honeyweir.record.writer import Recorder, RecordError
from record.traffic import NOON, connection, exchange, exchange_rows, finding
from record.waiting import eventually

Record = Callable[..., Recorder]
Sql = Callable[..., list[tuple[Any, ...]]]

ON = connection()


def test_rows_are_on_disk_soon_after_they_were_put(record: Record, sql: Sql) -> None:
    recorder = record()
    recorder.put(rows.connection_rows(ON))
    eventually(lambda: sql("SELECT id FROM events") == [(ON.id,)])
    assert recorder.waiting == 0


def test_what_waits_at_the_end_is_written(record: Record, sql: Sql) -> None:
    recorder = record(commit_interval=3600.0)
    for number in range(500):
        on = connection()
        recorder.put(rows.connection_rows(on) + exchange_rows(exchange(on, number)))
    recorder.close()
    assert sql("SELECT count(*) FROM exchange_ends") == [(500,)]
    assert recorder.waiting == 0


def test_rows_that_were_put_together_are_in_one_batch(record: Record, path: Path, sql: Sql) -> None:
    recorder = record()
    eventually(lambda: recorder.waiting == 0)
    for number in range(20):
        on = connection()
        recorder.put(rows.connection_rows(on) + exchange_rows(exchange(on, number)))
        eventually(lambda: recorder.waiting == 0)
    recorder.close()
    assert verify(path).batches == 21
    assert sql("SELECT id FROM batches ORDER BY id") == [(number,) for number in range(1, 22)]


def test_the_end_is_signed(record: Record, path: Path, key: Any) -> None:
    recorder = record()
    recorder.put(rows.connection_rows(ON))
    recorder.close()
    report = verify(path, key.public_key())
    assert (report.ok, report.checkpoints, report.unsigned_rows) == (True, 1, 0)


def test_checkpoints_are_signed_while_something_new_comes(record: Record, sql: Sql) -> None:
    recorder = record(checkpoint_interval=0.01)
    eventually(lambda: sql("SELECT batch FROM checkpoints") == [(1,)])
    recorder.put(rows.connection_rows(ON))
    eventually(lambda: sql("SELECT batch FROM checkpoints") == [(1,), (2,)])
    recorder.close()
    assert sql("SELECT batch FROM checkpoints") == [(1,), (2,)]


def test_a_start_with_the_same_policy_writes_nothing(record: Record, sql: Sql) -> None:
    for _ in range(3):
        record().close()
    assert sql("SELECT count(*) FROM batches") == [(1,)]
    assert sql("SELECT count(*) FROM checkpoints") == [(1,)]


def test_rows_are_chained_under_the_policy_in_force_when_they_were_put(
    record: Record, sql: Sql
) -> None:
    recorder = record(commit_interval=3600.0)
    recorder.put(rows.connection_rows(ON))
    recorder.set_policy("cd" * 32, "[]")
    recorder.put(exchange_rows(exchange(ON)))
    recorder.set_policy("ab" * 32, "back to the first")
    recorder.put(rows.connection_end_rows(ConnectionEnd(connection=ON.id, time=NOON, error=None)))
    recorder.close()
    assert sql("SELECT policy FROM batches") == [("ab" * 32,), ("cd" * 32,), ("ab" * 32,)]
    assert sql("SELECT hash FROM policies") == [("ab" * 32,), ("cd" * 32,)]


def test_a_row_that_cannot_be_stored_is_set_aside_and_holds_nothing_up(
    record: Record, path: Path, sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = record(commit_interval=3600.0)
    recorder.put(rows.connection_rows(ON))
    for number in range(5):
        recorder.put(exchange_rows(exchange(ON, number)))
    unknown = exchange(connection(), 99, response=b"of a connection that was never recorded")
    recorder.put(exchange_rows(unknown))
    recorder.put(exchange_rows(exchange(ON, 5)))
    recorder.close()
    assert sql("SELECT count(*) FROM exchange_ends") == [(6,)]
    aside = sql("SELECT table_name, content, error FROM rejects")
    assert [table for table, _, _ in aside] == [
        "events",
        "requests",
        "replies",
        "bodies",
        "exchange_ends",
    ]
    assert unknown.id in aside[0][1]
    assert "FOREIGN KEY" in aside[0][2]
    assert verify(path).ok
    assert len(caplog.records) == 1


@pytest.mark.parametrize("value", [2**70, object(), 1.5])
def test_a_value_of_the_wrong_kind_is_set_aside(record: Record, sql: Sql, value: Any) -> None:
    recorder = record()
    recorder.put([Row("connection_ends", (ON.id, value, None)), *rows.connection_rows(ON)])
    recorder.close()
    assert sql("SELECT table_name FROM rejects") == [
        ("connection_ends",),
        ("events",),
        ("connections",),
    ]


def test_what_can_be_neither_stored_nor_set_aside_stops_traffic(record: Record, sql: Sql) -> None:
    recorder = record()
    eventually(lambda: recorder.waiting == 0)
    sql("CREATE TRIGGER no BEFORE INSERT ON rejects BEGIN SELECT RAISE(ABORT, 'not here'); END")
    recorder.put([Row("connection_ends", (ON.id, NOON, None))])
    eventually(lambda: recorder.failure)
    assert "not here" in str(recorder.failure)
    sql("DROP TRIGGER no")
    eventually(lambda: recorder.failure is None)
    recorder.close()
    assert sql("SELECT table_name FROM rejects") == [("connection_ends",)]


def test_the_payloads_of_a_row_that_is_set_aside_are_kept(record: Record, sql: Sql) -> None:
    recorder = record()
    recorder.put(rows.body_rows(exchange(ON, request=b"of an exchange unknown"), "request"))
    recorder.close()
    assert sql("SELECT table_name FROM rejects") == [("bodies",)]
    assert sql("SELECT size FROM payloads") == [(len(b"of an exchange unknown"),)]


def test_a_payload_of_the_wrong_kind_is_set_aside(record: Record, sql: Sql) -> None:
    recorder = record()
    recorder.put([Row("payloads", (b"h" * 32, 1, "text"))])
    recorder.put([Row("payloads", (b"h" * 32, "one", b"d" * 100))])
    recorder.close()
    described = f'{{"size":100,"sha256":"{hashlib.sha256(b"d" * 100).hexdigest()}"}}'
    assert sql("SELECT table_name, content FROM rejects") == [
        ("payloads", f'["{"68" * 32}",1,"text"]'),
        ("payloads", f'["{"68" * 32}","one",{described}]'),
    ]


def test_a_finding_before_its_event_is_kept_although_not_in_its_table(
    record: Record, sql: Sql
) -> None:
    recorder = record()
    event = exchange(ON)
    recorder.put(rows.finding_event_rows(finding(event.id), "f"))
    recorder.close()
    ((content,),) = sql("SELECT content FROM rejects")
    assert event.id in content


def test_nothing_can_be_put_after_the_end(record: Record) -> None:
    recorder = record()
    recorder.close()
    recorder.close()
    with pytest.raises(RecordError, match="closed"):
        recorder.put(rows.connection_rows(ON))


def test_a_forked_process_cannot_put(record: Record, sql: Sql) -> None:
    recorder = record()
    child = os.fork()
    if child == 0:
        try:
            recorder.put(rows.connection_rows(ON))
        except RecordError:
            recorder.close()
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    recorder.put(rows.connection_rows(ON))
    recorder.close()
    assert sql("SELECT count(*) FROM connections") == [(1,)]


_NEVER_CLOSED = """
import sys
from pathlib import Path
from honeyweir.record import rows
from honeyweir.record.keys import signing_key
from honeyweir.record.writer import Recorder
from record.traffic import connection

path = Path(sys.argv[1])
recorder = Recorder(path, policy=("", ""), key=signing_key(path.parent), commit_interval=3600.0)
recorder.put(rows.connection_rows(connection()))
"""


def test_a_process_that_ends_without_closing_loses_nothing(
    path: Path, python: Callable[..., Popen[str]], sql: Sql
) -> None:
    assert python("-c", _NEVER_CLOSED, path).wait() == 0
    assert sql("SELECT count(*) FROM connections") == [(1,)]


def test_traffic_goes_on_while_a_reader_keeps_a_transaction(
    record: Record, path: Path, sql: Sql
) -> None:
    recorder = record()
    eventually(lambda: recorder.waiting == 0)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    recorder.put(rows.connection_rows(ON))
    eventually(lambda: recorder.waiting == 0)
    assert reader.execute("SELECT count(*) FROM connections").fetchone() == (0,)
    reader.close()
    recorder.close()
    assert sql("SELECT count(*) FROM connections") == [(1,)]


def test_putting_nothing_is_no_matter(record: Record, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    record().put([])
    assert caplog.records == []
