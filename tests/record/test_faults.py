"""What goes wrong on real machines: killed, locked, full, moved, damaged."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from honeyweir.record import rows
from honeyweir.record.row import Row
from honeyweir.record.verify import verify
from honeyweir.record.writer import COMMIT_INTERVAL, Recorder, RecordError
from record.traffic import connection, exchange, exchange_rows
from record.waiting import eventually

Record = Callable[..., Recorder]
Start = Callable[..., Popen[str]]
Sql = Callable[..., list[tuple[Any, ...]]]

ON = connection()
RANDOM = 100_000  # bytes that do not compress


def whole_exchange(number: int = 0) -> list[Row]:
    on = connection()
    return rows.connection_rows(on) + exchange_rows(
        exchange(on, number, response=os.urandom(RANDOM))
    )


def fill(recorder: Recorder) -> int:
    """Puts exchanges until the recorder fails; gives how many it took."""
    count = 0
    with contextlib.suppress(RecordError):
        while recorder.failure is None:
            recorder.put(whole_exchange(count))
            count += 1
    return count


def lines(process: Popen[str], count: int) -> list[str]:
    """The first lines that a process prints."""
    assert process.stdout
    return list(itertools.islice(process.stdout, count))


def numbers(sql: Sql) -> list[int]:
    """The exchanges that are whole in the records."""
    paths = sql(
        "SELECT q.path FROM requests q JOIN replies USING (event) JOIN exchange_ends USING (event)"
        " JOIN bodies b ON b.event = q.event JOIN payloads p ON p.sha256 = b.payload"
    )
    return sorted(int(path.removeprefix("/items/")) for (path,) in paths)


def test_a_kill_costs_at_most_an_interval_of_traffic(path: Path, python: Start, sql: Sql) -> None:
    process = python("-m", "record.load", path, 0, 1_000_000)
    put = [(int(number), int(at)) for number, at in map(str.split, lines(process, 3000))]
    process.kill()
    process.wait()
    kept = set(numbers(sql))
    *_, (_, before_the_last), _ = put
    lost = [at for number, at in put if number not in kept]
    assert kept
    assert all(at >= before_the_last - COMMIT_INTERVAL * 1_000_000 for at in lost)
    assert sql("PRAGMA integrity_check") == [("ok",)]
    assert verify(path).ok


def test_after_a_kill_the_next_process_goes_on_where_it_ended(
    path: Path, python: Start, sql: Sql
) -> None:
    process = python("-m", "record.load", path, 0, 1_000_000)
    lines(process, 500)
    process.kill()
    process.wait()
    ((before,),) = sql("SELECT count(*) FROM events")
    assert python("-m", "record.load", path, 2_000_000, 10).wait() == 0
    assert sql("SELECT count(*) FROM events") == [(before + 11,)]
    assert verify(path).ok


def test_two_processes_write_one_chain(path: Path, python: Start, sql: Sql) -> None:
    started = [python("-m", "record.load", path, first, 2000) for first in (0, 100_000)]
    outputs = [process.communicate()[0].count("\n") for process in started]
    assert outputs == [2000, 2000], "one of them had to tell of a failure"
    assert numbers(sql) == [*range(2000), *range(100_000, 102_000)]
    report = verify(path)
    assert report.ok
    assert report.batches > 4


def test_a_locked_database_is_waited_for(
    record: Record, path: Path, sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = record(busy_timeout=0.05)
    recorder.put(rows.connection_rows(ON))
    eventually(lambda: recorder.waiting == 0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    event = exchange(ON, 1)
    recorder.put(rows.request_rows(event))
    eventually(lambda: recorder.failure)
    assert "locked by another program" in str(recorder.failure)
    with pytest.raises(RecordError, match="locked"):
        recorder.put(rows.request_rows(exchange(ON, 2)))
    recorder.put(exchange_rows(event)[2:])
    other.close()
    eventually(lambda: recorder.failure is None)
    recorder.close()
    assert sql("SELECT path FROM requests JOIN exchange_ends USING (event)") == [("/items/1",)]
    messages = [entry.getMessage() for entry in caplog.records]
    assert len(messages) == 2
    assert "nothing can be recorded" in messages[0]
    assert "2 rows were refused" in messages[1]


def test_a_lock_that_is_short_is_not_noticed(record: Record, path: Path, sql: Sql) -> None:
    recorder = record(busy_timeout=60.0)
    eventually(lambda: recorder.waiting == 0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    recorder.put(rows.connection_rows(ON))
    other.close()
    recorder.close(timeout=60)
    assert sql("SELECT count(*) FROM connections") == [(1,)]


def test_closing_says_what_was_not_written(record: Record, path: Path) -> None:
    recorder = record(busy_timeout=0.01)
    eventually(lambda: recorder.waiting == 0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    recorder.put(rows.connection_rows(ON))
    with pytest.raises(RecordError, match=r"2 rows could not be written: .* is locked"):
        recorder.close(timeout=0.5)
    other.close()


_LIMITED = """
import resource, sys
from pathlib import Path
from honeyweir.record.keys import signing_key
from honeyweir.record.writer import Recorder
from record.test_faults import fill
from record.waiting import eventually

path = Path(sys.argv[1])
recorder = Recorder(path, policy=("", ""), key=signing_key(path.parent))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
count = fill(recorder)
failure = recorder.failure
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
eventually(lambda: recorder.failure is None)
recorder.close()
print(count, failure)
"""


def test_a_file_that_may_not_grow_stops_traffic_and_loses_nothing(
    path: Path, python: Start, sql: Sql
) -> None:
    output, _ = python("-c", _LIMITED, path).communicate()
    count, _, failure = output.splitlines()[-1].partition(" ")
    assert "check its disk, quota and limits" in failure
    assert numbers(sql) == list(range(int(count)))
    assert verify(path).ok


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk")
def test_a_full_disk_stops_traffic_and_loses_nothing(small_disk: Path, key: Any) -> None:
    path = small_disk / "records.db"
    recorder = Recorder(path, policy=("", ""), key=key)
    count = fill(recorder)
    assert "no space left" in str(recorder.failure)
    assert "make room" in str(recorder.failure)
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    eventually(lambda: recorder.failure is None)
    recorder.put(whole_exchange(count))
    recorder.close()
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM exchange_ends").fetchone() == (count + 1,)
    db.close()
    assert verify(path).ok


def test_a_file_that_is_moved_away_stops_traffic_until_it_is_back(
    record: Record, path: Path, sql: Sql
) -> None:
    recorder = record()
    eventually(lambda: recorder.waiting == 0)
    path.rename(path.with_suffix(".away"))
    recorder.put(rows.connection_rows(ON))
    eventually(lambda: recorder.failure)
    assert "put it back" in str(recorder.failure)
    assert not path.exists()
    path.with_suffix(".away").rename(path)
    eventually(lambda: recorder.failure is None)
    recorder.close()
    assert sql("SELECT id FROM events") == [(ON.id,)]


def test_a_file_that_was_replaced_by_a_copy_is_written_from_then_on(
    record: Record, path: Path, sql: Sql
) -> None:
    recorder = record()
    recorder.put(rows.connection_rows(ON))
    eventually(lambda: recorder.waiting == 0)
    sql("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    copy.rename(path)
    recorder.put(exchange_rows(exchange(ON, 1)))
    eventually(lambda: recorder.waiting == 0)
    recorder.close()
    assert numbers(sql) == [1]
    assert verify(path).ok
    assert sql("PRAGMA integrity_check") == [("ok",)]


def test_a_file_that_was_deleted_is_not_made_anew_in_silence(record: Record, path: Path) -> None:
    recorder = record()
    eventually(lambda: recorder.waiting == 0)
    path.unlink()
    recorder.put(rows.connection_rows(ON))
    eventually(lambda: recorder.failure)
    assert "moved" in str(recorder.failure)
    with pytest.raises(RecordError, match="2 rows could not be written"):
        recorder.close(timeout=0.5)
    assert not path.exists()


def test_a_damaged_database_stops_traffic_and_says_so(record: Record, path: Path) -> None:
    recorder = record()
    for number in range(200):
        recorder.put(whole_exchange(number))
    eventually(lambda: recorder.waiting == 0)
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.write(os.urandom(len(whole)))
    fill(recorder)
    assert "is damaged or no SQLite database" in str(recorder.failure)
    with pytest.raises(RecordError):
        recorder.put(whole_exchange())


def test_a_full_queue_makes_traffic_wait_and_loses_nothing(
    record: Record, path: Path, sql: Sql
) -> None:
    recorder = record(queue_rows=50, queue_bytes=50_000)
    for number in range(300):
        recorder.put(whole_exchange(number))
    recorder.close()
    assert numbers(sql) == list(range(300))
