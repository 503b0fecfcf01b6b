"""The pinned versions: complete, exact, and free of addresses."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pinned(name):
    lines = (ROOT / "scripts" / name).read_text().splitlines()
    return {line.partition("==")[0].lower().replace("_", "-"): line for line in lines}


RUNTIME, DEVELOPMENT = pinned("requirements.lock"), pinned("requirements-dev.lock")


def package(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("line", [*RUNTIME.values(), *DEVELOPMENT.values()])
def test_every_line_is_one_exact_version(line):
    assert re.fullmatch(r"[\w.-]+==[\w.]+", line)


def test_nothing_is_pinned_twice():
    assert not RUNTIME.keys() & DEVELOPMENT.keys()


@pytest.mark.parametrize(
    "requirement", PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"]
)
def test_what_the_gateway_needs_is_pinned_for_it(requirement):
    assert package(requirement) in RUNTIME


@pytest.mark.parametrize("requirement", PROJECT["dependency-groups"]["dev"])
def test_what_the_tests_need_is_pinned(requirement):
    assert package(requirement) in RUNTIME | DEVELOPMENT
