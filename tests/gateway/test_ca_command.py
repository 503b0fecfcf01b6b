"""``honeyweir ca init``."""

import pytest
from click.testing import CliRunner

from honeyweir.gateway.ca_command import ca


@pytest.fixture
def run():
    return lambda *arguments, **kwargs: CliRunner().invoke(ca, ["init", *arguments], **kwargs)


def test_it_says_what_it_made_and_then_what_it_kept(run, tmp_path):
    first = run("--dir", str(tmp_path), "--common-name", "Issuing CA 7", "--organization", "Umbra")
    second = run("--dir", str(tmp_path), "--common-name", "Other")
    assert first.output.startswith("made O=Umbra,CN=Issuing CA 7, valid until 20")
    assert second.output.startswith("kept O=Umbra,CN=Issuing CA 7, valid until 20")
    assert f"{tmp_path}/mitmproxy-ca-cert.pem  for clients to trust" in first.output


def test_without_a_folder_it_takes_the_state_folder(run, tmp_path):
    result = run(env={"HONEYWEIR_HOME": str(tmp_path / "state")})
    assert result.exit_code == 0
    assert (tmp_path / "state" / "mitmproxy-ca.pem").exists()


def test_a_telling_name_is_made_and_warned_of(run, tmp_path):
    result = run("--dir", str(tmp_path), "--common-name", "Decoy CA")
    assert result.exit_code == 0
    assert "warning: its subject, " in result.stderr
    assert "contains 'decoy'" in result.stderr


def test_a_name_that_is_too_long_is_a_failure_with_a_reason(run, tmp_path):
    result = run("--dir", str(tmp_path), "--organization", "x" * 65)
    assert result.exit_code == 1
    assert "organization must be 1 to 64 printable characters" in result.stderr
    assert not list(tmp_path.iterdir())
