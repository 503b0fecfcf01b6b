"""The play of the demo: what it promises before it is played."""

import ipaddress
import itertools
from pathlib import Path

import pytest

import honeyweir.demo
from honeyweir.demo import acts
from honeyweir.demo.pages import ACCOUNTS, HONEYTOKEN, page
from honeyweir.tap import inventory


@pytest.fixture
def decoys():
    return inventory.load(Path(honeyweir.demo.__file__).with_name("decoys.yaml"))


def test_it_is_over_in_its_time_and_begins_at_once():
    times = [act.at for act in acts.acts()]
    assert times == sorted(times)
    assert 0 <= times[0] < 1
    assert times[-1] < acts.SECONDS


def test_every_actor_is_a_decoy_of_the_inventory_at_its_address(decoys):
    assert {act.decoy for act in acts.acts()} == set(acts.ADDRESSES)
    for name, address in acts.ADDRESSES.items():
        assert decoys.decoy(address).name == name
        assert ipaddress.ip_address(address).is_loopback


@pytest.mark.parametrize("name", acts.NAMES)
def test_its_names_belong_to_nobody(name):
    assert name.rpartition(".")[0].rpartition(".")[2] == "example"


def test_the_beacon_calls_about_every_second_and_a_half():
    calls = [act.at for act in acts.acts() if f"GET http://{acts.C2}" in act.what]
    gaps = [after - before for before, after in itertools.pairwise(calls)]
    assert len(calls) == 12
    assert all(1.0 <= gap <= 2.0 for gap in gaps)


def test_the_honeytoken_is_in_what_is_carried_out():
    assert HONEYTOKEN.encode() in ACCOUNTS


def test_the_program_that_is_fetched_has_the_mark_of_one_and_nothing_to_run():
    body = page("files.example.net", "/tools/helper.exe").body
    assert body.startswith(b"MZ")
    assert set(body[5:]) == {0}


def test_every_path_has_a_page_and_a_query_does_not_count():
    assert page("update.example.com", "/v1/check?product=office").body.startswith(b"{")
    assert page("news.example.com", "/whatever").status == 200
