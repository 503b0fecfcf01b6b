"""The command line as a real process: pipes, terminals, and what is loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "addons")}

LOADED = """
import sys
from honeyweir.cli import main
main(["events", "--db", sys.argv[1]], standalone_mode=False)
print(*sys.modules, file=sys.stderr)
"""


@pytest.fixture
def database(archive):
    """Records with far more in them than a pipe holds."""
    archive.exchange("http://höst/")
    for _ in range(3000):
        archive.message(b"x")
    archive.close()
    return archive.path


@pytest.mark.parametrize("form", ["--json", "--limit=0"])
@pytest.mark.parametrize("command", ["events", "timeline"])
def test_a_reader_that_goes_away_ends_it_quietly(database, command, form):
    pipe = f"'{sys.executable}' -m honeyweir {command} {form} --db '{database}' | head -n 1"
    told = subprocess.run(
        ["bash", "-c", pipe], env=ENVIRONMENT, capture_output=True, check=True, text=True
    )
    assert told.stdout.count("\n") == 1
    assert "Traceback" not in told.stderr
    assert "Broken" not in told.stderr


def test_an_output_that_knows_no_utf8_is_no_failure(database):
    told = subprocess.run(
        [sys.executable, "-m", "honeyweir", "events", "--text", "höst", "--db", database],
        env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert rb"http://h\xf6st/" in told.stdout


def test_a_full_disk_is_a_failure_that_says_so(database):
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "honeyweir", "events", "--json", "--db", database],
            env=ENVIRONMENT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert told.returncode == 1
    assert told.stderr == "Error: No space left on device\n"


def test_reading_loads_nothing_that_it_does_not_need(database):
    told = subprocess.run(
        [sys.executable, "-c", LOADED, database],
        env=ENVIRONMENT,
        capture_output=True,
        check=True,
        text=True,
    )
    packages = {name.partition(".")[0] for name in told.stderr.split()}
    assert "honeyweir" in packages
    assert not packages & {"mitmproxy", "sigma", "hyperscan", "cryptography", "rich"}


def test_reading_leaves_the_database_as_it_was(database):
    before = database.read_bytes()
    for command in ("status", "events", "findings", "timeline"):
        subprocess.run(
            [sys.executable, "-m", "honeyweir", command, "--db", database],
            env=ENVIRONMENT,
            capture_output=True,
            check=True,
        )
    assert database.read_bytes() == before
