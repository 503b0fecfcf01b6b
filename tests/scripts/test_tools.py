"""scripts/test: what it says where a program is missing that the tests call."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    """Runs scripts/test where only the shell's own tools are on PATH."""
    for tool in ("bash", "cat", "dirname", "id"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    return lambda: subprocess.run(
        ["bash", ROOT / "scripts/test"],
        env={**environment, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )


def test_a_missing_program_is_named_by_the_package_that_has_it(run):
    result = run()
    assert result.returncode == 1
    assert result.stderr.startswith("test: the tests need more programs.")
    assert "apt-get install curl bind9-dnsutils" in result.stderr
