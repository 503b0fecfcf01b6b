"""scripts/environment.sh: the virtual environment that the scripts share, in a small checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
TOOLS = ["bash", "cat", "dirname", "flock", "head", "rm", "sha256sum", "sort"]

BACKEND = """
import zipfile
def build_editable(directory, config_settings=None, metadata_directory=None):
    info = "small-1.dist-info"
    with zipfile.ZipFile(f"{directory}/small-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return "small-1-py3-none-any.whl"
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


class Checkout:
    """A project without dependencies, with our environment.sh."""

    def __init__(self, folder):
        self.folder = folder
        self.stamp = folder / ".venv/honeyweir.stamp"
        self.lock = folder / "scripts/requirements.lock"
        (folder / "scripts").mkdir(parents=True)
        shutil.copy(SCRIPTS / "environment.sh", folder / "scripts")
        (folder / "backend.py").write_text(BACKEND)
        (folder / "pyproject.toml").write_text(PROJECT)
        self.lock.write_text("# nothing\n")
        (folder / "scripts/requirements-dev.lock").write_text("# nothing\n")

    def start(self, what="environment", **variables):
        code = f"set -eu; . {self.folder}/scripts/environment.sh; {what}"
        return subprocess.Popen(
            ["bash", "-c", code, "scripts/run"],
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, what="environment", **variables):
        process = self.start(what, **variables)
        process.out, process.err = process.communicate(timeout=120)
        return process


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path / "checkout")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A checkout whose environment was made, and what was said."""
    checkout = Checkout(tmp_path_factory.mktemp("made") / "checkout")
    checkout.first = checkout.run()
    return checkout


@pytest.fixture
def bare_path(tmp_path):
    """A PATH on which there is no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool))
    return folder


@pytest.fixture
def nothing(tmp_path):
    return {"PYENV_ROOT": str(tmp_path / "no-pyenv"), "HOME": str(tmp_path)}


def test_it_is_made_once(made):
    second = made.run()
    assert "making" in made.first.err
    assert (made.first.returncode, second.returncode, second.err) == (0, 0, "")
    assert (made.folder / ".venv/bin/python").exists()


def test_what_the_tests_need_is_added_to_it(made):
    first, second = (made.run("development_environment") for _ in range(2))
    assert first.err == "adding what the tests need ...\n"
    assert (first.returncode, second.returncode, second.err) == (0, 0, "")


def test_a_changed_lock_is_installed_into_what_is_there(made):
    kept = made.folder / ".venv/kept"
    kept.touch()
    made.lock.write_text("# changed\n")
    assert "bringing" in made.run().err
    assert kept.exists()
    assert made.run().err == ""


def test_two_that_start_at_once_take_turns(checkout):
    both = [checkout.start() for _ in range(2)]
    errors = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("making" in error for error in errors) == 1


def test_an_installation_that_failed_is_begun_again(checkout):
    checkout.lock.write_text("./absent-1-py3-none-any.whl\n")
    failed = checkout.run()
    assert failed.returncode == 1
    assert "pip could not install what is pinned" in failed.err
    assert not checkout.stamp.exists()
    checkout.lock.write_text("# nothing\n")
    assert checkout.run().returncode == 0
    assert checkout.stamp.exists()


def test_a_checkout_that_was_moved_gets_a_new_one(checkout, tmp_path):
    checkout.run()
    moved = tmp_path / "moved"
    checkout.folder.rename(moved)
    checkout.folder = moved
    assert "making" in checkout.run().err
    pip = subprocess.run([moved / ".venv/bin/pip", "--version"], capture_output=True, check=True)
    assert str(moved) in pip.stdout.decode()


def test_without_a_python_it_says_what_to_install(checkout, bare_path, nothing):
    result = checkout.run(PATH=str(bare_path), **nothing)
    assert result.returncode == 1
    assert result.err.startswith("run: Python 3.12 or newer is needed")
    assert "pyenv install 3.12" in result.err
    assert not (checkout.folder / ".venv").exists()


def test_a_python_that_only_pyenv_has_is_found(checkout, bare_path, tmp_path):
    folder = tmp_path / "pyenv/versions/3.99.1/bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    result = checkout.run("find_python", PATH=str(bare_path), PYENV_ROOT=str(tmp_path / "pyenv"))
    assert result.out.strip() == sys.executable or Path(result.out.strip()) == folder / "python"


def test_a_python_that_is_too_old_or_lacks_parts_is_passed_over(checkout, bare_path, nothing):
    for name in ("python3.13", "python3"):
        (bare_path / name).write_text("#!/bin/sh\nexit 1\n")
        (bare_path / name).chmod(0o755)
    (bare_path / "python3.12").symlink_to(sys.executable)
    result = checkout.run("find_python", PATH=str(bare_path), **nothing)
    assert result.out.strip() == str(bare_path / "python3.12")
