"""The demo as a newcomer runs it: the real gateway, the real commands, half a minute."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from honeyweir.demo import gateway
from honeyweir.demo.__main__ import state_folder
from honeyweir.demo.acts import ADDRESSES, acts
from honeyweir.demo.pages import HONEYTOKEN


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def played(folder):
    """What it printed, with the records kept."""
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "honeyweir.demo", "--keep"]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def read(folder, played):
    """Rows of a reading command over the records that were kept."""
    (database,) = folder.glob("*/records.db")

    def read(*arguments):
        command = [sys.executable, "-m", "honeyweir", *arguments, "--json", "--db", str(database)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        result = subprocess.run(command, env=environment, capture_output=True, check=True)
        return [json.loads(line) for line in result.stdout.splitlines()]

    return read


def test_it_shows_the_acts_and_then_what_three_commands_say(played):
    assert played.returncode == 0, played.stderr
    assert re.findall(r"^\$ honeyweir (\w+)", played.stdout, re.MULTILINE) == [
        "findings",
        "timeline",
        "verify",
    ]
    assert len(re.findall(r"^ +[\d.]+ s  ", played.stdout, re.MULTILINE)) == len(acts())


def test_the_honeytoken_on_its_way_out_is_a_finding(read):
    findings = [f for f in read("findings") if HONEYTOKEN in json.dumps(f["evidence"])]
    assert {(f["decoy"], f["level"]) for f in findings} == {("finance-ws-07", "critical")}


def test_the_customer_list_is_worth_nothing_when_it_arrives(read):
    (upload,) = read("events", "--text", "customers.csv")
    (response,) = read("show", upload["id"])[0]["responses"]
    assert "DE02120300000000202051" in response["original"]["text"]
    assert "DE02120300000000202051" not in response["altered"]["text"]
    assert response["altered"]["text"].count("DE00000000000000000000") == 2


def test_a_decoy_attacks_nobody(read):
    (attack,) = read("events", "--host", "crm.example.org", "--protocol", "http")
    assert [response["action"] for response in attack["responses"]] == ["block"]
    assert attack["status"] is None


def test_the_program_does_not_arrive(read):
    (download,) = read("events", "--host", "files.example.net", "--text", "helper.exe")
    assert [response["action"] for response in download["responses"]] == ["block"]
    assert download["decoy"] == "build-srv-02"


def test_the_beacon_is_recognised_by_a_rule_that_ships(read):
    events = read("events", "--host", "cdn-sync.example.net", "--protocol", "http")
    assert sum(bool(event["findings"]) for event in events) >= 12


def test_every_decoy_and_protocol_is_in_the_records(read):
    events = read("events")
    assert {event["decoy"] for event in events} == set(ADDRESSES)
    assert {event["protocol"] for event in events} >= {"tcp", "tls", "http", "websocket", "dns"}


def test_origins_were_certified_and_dialled_by_name(read):
    handshakes = read("sql", "SELECT verified, sni FROM handshakes WHERE side = 'server'")
    assert {handshake["verified"] for handshake in handshakes} == {1}
    assert {handshake["sni"] for handshake in handshakes} >= {"news.example.com"}


def test_ordinary_traffic_is_no_finding(read):
    found = [event for event in read("events", "--host", "news.example.com") if event["findings"]]
    assert not found


def test_the_records_that_were_kept_are_named_with_the_command_that_reads_them(played, folder):
    (database,) = folder.glob("*/records.db")
    assert f"honeyweir status --db {database}" in played.stdout


def test_a_gateway_that_does_not_start_tells_why(tmp_path):
    (tmp_path / "records.db").mkdir()
    with (
        pytest.raises(gateway.GatewayError, match=r"did not start:(?s:.*)weir_db: "),
        gateway.running(tmp_path, {}, 53, tmp_path / "ca.pem"),
    ):
        pass


@pytest.mark.parametrize("keep", [False, True])
def test_nothing_is_left_unless_it_is_to_be_kept(keep):
    with contextlib.suppress(KeyboardInterrupt), state_folder(keep=keep) as folder:
        (folder / "records.db").touch()
        raise KeyboardInterrupt
    assert folder.exists() == keep
    shutil.rmtree(folder, ignore_errors=True)
