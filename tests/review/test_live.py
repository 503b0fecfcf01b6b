"""Reading records while a proxy writes them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from honeyweir.cli import main

WRITER = """
import sys, time
sys.path.insert(0, sys.argv[2])
import conftest
archive = conftest.Archive(conftest.Path(sys.argv[1]))
number = 0
while True:
    archive.exchange(f"http://origin.example/{number}", response=b"x" * 1000)
    number += 1
    if number == 1000:
        while archive.recorder.waiting:
            time.sleep(0.01)
        print("busy", flush=True)
"""


@pytest.fixture
def writer(tmp_path):
    """A process that records one exchange after another, and the path of its records."""
    path = tmp_path / "records.db"
    here = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, path, here],
        env=os.environ | {"PYTHONPATH": str(here.parents[1] / "addons")},
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"busy\n"
    yield process, path
    process.kill()
    process.wait()
    process.stdout.close()


def run(command, path, *arguments):
    result = CliRunner().invoke(main, [command, "--db", str(path), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("command", ["status", "events", "findings", "timeline", "verify"])
def test_every_reading_command_works_beside_a_writer(writer, command):
    process, path = writer
    run(command, path)
    assert process.poll() is None


def test_what_a_killed_writer_left_can_be_read_and_proved(writer):
    process, path = writer
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert path.with_name("records.db-wal").stat().st_size > 0
    assert "http://origin.example/1" in run("events", path, "--limit", "0")
    assert run("verify", path).startswith("The records are as they were written.")


def test_a_long_answer_keeps_no_transaction_open(writer):
    process, path = writer
    with subprocess.Popen(
        [sys.executable, "-m", "honeyweir", "events", "--json", "--db", path],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "addons")},
        stdout=subprocess.PIPE,
    ) as reader:
        assert reader.stdout.readline().startswith(b'{"id": ')
        process.kill()
        process.wait()
        assert _checkpointed(path)
        reader.kill()


def _checkpointed(path):
    """Whether the write-ahead log could be written back whole: no reader holds an old state."""
    program = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]);"
        "print(db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone()[0])"
    )
    told = subprocess.run([sys.executable, "-c", program, path], capture_output=True, check=True)
    return told.stdout == b"0\n"
