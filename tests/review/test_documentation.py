"""What the help says of JSON is what JSON has, and every example works."""

import re
import shlex

import click
import pytest
from click.testing import CliRunner

from honeyweir.cli import COMMANDS, main
from honeyweir.record.keys import public_text
from honeyweir.review import detail, events, findings, summary, timeline
from honeyweir.review.commands import check, verify

DOCUMENTED = {
    "events": [events.KEYS],
    "findings": [findings.KEYS],
    "timeline": [timeline.KEYS],
    "status": [summary.KEYS],
    "show": [detail.EVENT_KEYS, detail.FINDING_KEYS],
    "verify": [verify.KEYS],
    "check": [check.KEYS],
}

READING = [name for name in COMMANDS if name not in ("ca", "check")]

FILTERS = ("--decoy", "--host", "--since", "--until", "--level", "--protocol", "--text")


def help_of(command):
    return CliRunner().invoke(main, [command, "--help"]).stdout


@pytest.mark.parametrize("command", DOCUMENTED)
def test_every_key_stands_in_the_help_with_its_meaning(command):
    told = help_of(command)
    for keys in DOCUMENTED[command]:
        for key, meaning in keys.items():
            assert re.search(rf"^ +{re.escape(key)} +{re.escape(meaning)}$", told, re.MULTILINE)


@pytest.mark.parametrize("command", READING)
def test_every_reading_command_takes_a_database(command):
    told = help_of(command)
    assert "--db FILE" in told
    assert "$HONEYWEIR_DB" in told


@pytest.mark.parametrize("command", ["status", "events", "findings", "timeline"])
def test_every_list_has_every_filter(command):
    told = help_of(command)
    assert all(re.search(rf"^  {option}\b", told, re.MULTILINE) for option in FILTERS)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("ca", "payload")])
def test_every_command_that_tells_something_tells_programs_too(command):
    assert re.search(r"^  --json\b", help_of(command), re.MULTILINE)


def examples():
    """The commands that stand in the help, without what they are piped to."""
    for name in READING:
        command = main.get_command(click.Context(main), name)
        for line in command.help.splitlines():
            if line.strip().startswith("honeyweir "):
                yield line.strip().partition(" | ")[0]


@pytest.mark.parametrize("example", list(examples()))
def test_every_example_works(archive, change, tmp_path, monkeypatch, example):
    """On records that have what the examples ask for."""
    monkeypatch.chdir(tmp_path)
    event = archive.exchange("http://evil.example/", response=b"body")
    archive.response(event, "alter", b"body", b"other", part="response_body")
    archive.close()
    monkeypatch.setenv("HONEYWEIR_DB", str(archive.path))
    (tmp_path / "handed-over.db").write_bytes(archive.path.read_bytes())
    (tmp_path / "public.pem").write_text(public_text(archive.key.public_key()))
    given = re.sub(r"\b(0199d713-a643-7527-a9bd-)?83517c26c59b\b", event.id, example)
    result = CliRunner().invoke(main, shlex.split(given)[1:])
    assert result.exit_code == 0, result.output
