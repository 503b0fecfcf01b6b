"""Decoys are named by their source addresses."""

from pathlib import Path

import pytest

from honeyweir import paths
from honeyweir.model import Decoy
from honeyweir.tap.inventory import load
from honeyweir.yamlfile import FileError

INVENTORY = """\
decoys:
  - {address: 10.0.0.0/8, name: office}
  - {address: 10.0.5.7, name: files, role: file server}
  - {address: "2001:db8::/32", name: branch}
"""


@pytest.fixture
def inventory_file(tmp_path: Path) -> Path:
    return tmp_path / "decoys.yaml"


@pytest.mark.parametrize(
    ("address", "decoy"),
    [
        ("10.9.9.9", Decoy("office")),
        ("10.0.5.7", Decoy("files", "file server")),
        ("::ffff:10.0.5.7", Decoy("files", "file server")),
        ("2001:db8::5", Decoy("branch")),
        ("fe80::1%eth0", Decoy("fe80::1")),
        ("192.0.2.1", Decoy("192.0.2.1")),
        ("", Decoy("")),
    ],
)
def test_the_longest_network_names_a_decoy(
    inventory_file: Path, address: str, decoy: Decoy
) -> None:
    inventory_file.write_text(INVENTORY)
    assert load(inventory_file).decoy(address) == decoy


def test_the_inventory_that_ships_loads() -> None:
    assert load(paths.policies() / "decoys.yaml").decoy("192.0.2.1") == Decoy("192.0.2.1")


def test_an_empty_file_is_an_empty_inventory(inventory_file: Path) -> None:
    inventory_file.write_text("")
    assert load(inventory_file).decoy("192.0.2.1") == Decoy("192.0.2.1")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("- a", ":1:1: expected one key `decoys`"),
        ("decoys: 5", ":1:1: expected a list"),
        ("decoys:\n  - {name: x}", ":2:5: expected the keys address, name"),
        ("decoys:\n  - {address: 1.2.3.4, name: x, rule: y}", ":2:5: expected the keys"),
        ("decoys:\n  - {address: 1.2.3, name: x}", ":2:6: '1.2.3' is no IP address"),
        ("decoys:\n  - {address: 1.2.3.4, name: 7}", ":2:24: name: expected a text"),
        ("decoys: [", ":2:1: not YAML"),
        ("decoys: []\ndecoys: []", ":2:1: "),
    ],
)
def test_a_wrong_inventory_names_the_line(inventory_file: Path, content: str, error: str) -> None:
    inventory_file.write_text(content)
    with pytest.raises(FileError) as caught:
        load(inventory_file)
    assert f"decoys.yaml{error}" in str(caught.value)


def test_a_missing_inventory_is_an_error(inventory_file: Path) -> None:
    with pytest.raises(FileError, match=r"decoys\.yaml"):
        load(inventory_file)
