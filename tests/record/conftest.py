"""A recorder with real files, and what reads them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from honeyweir.record.errors import RecordError
from honeyweir.record.row import Row
from honeyweir.record.writer import Recorder
from record.traffic import everything

ROOT = Path(__file__).parents[2]

POLICY = ("ab" * 32, '[["default.yml", "title: T"]]')

Start = Callable[..., subprocess.Popen[str]]
Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.db"


@pytest.fixture
def record(path: Path, key: Ed25519PrivateKey) -> Iterator[Callable[..., Recorder]]:
    """Opens a recorder at ``path``; those that a test leaves open are closed after it."""
    opened: list[Recorder] = []

    def start(**options: Any) -> Recorder:
        recorder = Recorder(path, **{"policy": POLICY, "key": key, **options})
        opened.append(recorder)
        return recorder

    yield start
    for recorder in opened:
        with contextlib.suppress(RecordError):
            recorder.close(timeout=1)


@pytest.fixture
def write(record: Callable[..., Recorder]) -> Callable[..., None]:
    """Records each group of rows in a batch of its own."""

    def write_all(*groups: list[Row]) -> None:
        for group in groups:
            recorder = record()
            recorder.put(group)
            recorder.close()

    return write_all


@pytest.fixture
def recorded(path: Path, write: Callable[..., None]) -> Path:
    """Records with an event of every kind, closed."""
    write(everything())
    return path


@pytest.fixture
def sql(path: Path) -> Sql:
    """Runs one statement on the records, as anybody with the file could."""

    def run(statement: str, *values: object) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(path)
        try:
            with db:
                return db.execute(statement, values).fetchall()
        finally:
            db.close()

    return run


@pytest.fixture
def python() -> Iterator[Start]:
    """Starts Python with the package and the test's helpers on its path.

    What it logs comes with what it prints: a line too many where something went wrong.
    """
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": f"{ROOT / 'addons'}{os.pathsep}{ROOT / 'tests'}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
