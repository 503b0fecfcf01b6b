"""The command line as a whole: help, start, errors, pipes."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from honeyweir import __version__
from honeyweir.cli import COMMANDS, main

ROOT = Path(__file__).parents[1]


def run(*arguments):
    """A real process."""
    return subprocess.run(
        [sys.executable, "-m", "honeyweir", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "addons")},
        capture_output=True,
        check=False,
    )


def leaves(command, path=()):
    """Every command with its name, those of groups too."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from leaves(command.get_command(context, name), (*path, name))
    else:
        yield " ".join(path), command


ALL = dict(leaves(main))


def test_every_registered_command_has_the_name_it_is_registered_by():
    for name, module in COMMANDS.items():
        assert getattr(importlib.import_module(module), name).name == name


@pytest.mark.parametrize("name", ALL)
def test_every_command_says_what_it_is_for_and_gives_an_example(name):
    result = CliRunner().invoke(main, [*name.split(), "--help"], prog_name="honeyweir")
    assert result.exit_code == 0
    if COMMANDS[name.split()[0]].startswith("honeyweir.review."):
        assert re.search(rf"Examples?:\n +honeyweir {name}\b", result.stdout)


@pytest.mark.parametrize("name", ALL)
def test_every_option_and_argument_is_documented(name):
    for parameter in ALL[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
        else:
            assert parameter.human_readable_name in ALL[name].get_help(click.Context(ALL[name]))


@pytest.mark.parametrize("name", ALL)
def test_the_list_of_commands_is_not_cut(name):
    listed = CliRunner().invoke(main, ["--help"]).stdout
    if " " not in name:
        assert re.search(rf"^  {name} +\S.*[^.]\.$", listed, re.MULTILINE)


def test_examples_in_the_help_are_right_usage():
    examples = [
        line.split("|")[0].split()[1:]
        for command in ALL.values()
        for line in (command.help or "").splitlines()
        if line.strip().startswith("honeyweir ") and '"' not in line
    ]
    assert len(examples) > 10
    for example in examples:
        given = [*example, "--db", "/nonexistent"] if example[0] not in ("check", "ca") else example
        result = CliRunner().invoke(main, given)
        assert "Usage:" not in result.stderr or "does not exist" in result.stderr, example


def test_the_version():
    result = CliRunner().invoke(main, ["--version"])
    assert result.stdout == f"honeyweir, version {__version__}\n"


@pytest.mark.parametrize("arguments", [["nothing"], ["events", "--nothing"], ["show"], []])
def test_wrong_usage_has_exit_code_2(arguments):
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_a_real_process_tells_a_failure_in_one_line(tmp_path):
    told = run("events", "--db", tmp_path / "none.db")
    assert told.returncode == 1
    assert told.stdout == b""
    assert re.fullmatch(rb"Error: no records: .*\n", told.stderr)
