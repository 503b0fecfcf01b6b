"""The inventory: which source address is which decoy."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from honeyweir import yamlfile
from honeyweir.model import Decoy

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_KEYS = {"address", "name", "role"}
_CACHED_ADDRESSES = 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the inventory: an address or a network, and whose it is."""

    network: Network
    decoy: Decoy


class Inventory:
    """Names a decoy by its source address; the longest network that holds it decides."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self._entries = sorted(entries, key=lambda entry: -entry.network.prefixlen)
        self.decoy = functools.lru_cache(_CACHED_ADDRESSES)(self._find)

    def _find(self, address: str) -> Decoy:
        """The decoy at an address; one that the inventory does not know is named by its address."""
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return Decoy(address)
        mapped = getattr(parsed, "ipv4_mapped", None) or parsed
        for entry in self._entries:
            if mapped in entry.network:
                return entry.decoy
        return Decoy(str(mapped))


def load(path: Path) -> Inventory:
    """Read ``decoys.yaml``: a list of ``{address, name, role}``.

    Raises yamlfile.FileError, which names the line, for anything that is not as it should be.
    """
    document = yamlfile.load_one(path)
    if document.data is None:
        return Inventory()
    if not isinstance(document.data, dict) or set(document.data) != {"decoys"}:
        raise document.error((), "expected one key `decoys` with a list of decoys")
    rows = document.data["decoys"] or []
    if not isinstance(rows, list):
        raise document.error(("decoys",), "expected a list of {address, name, role}")
    return Inventory([_entry(document, index) for index in range(len(rows))])


def _entry(document: yamlfile.Document, index: int) -> Entry:
    row = document.data["decoys"][index]
    place = ("decoys", index)
    if not isinstance(row, dict) or not {"address", "name"} <= set(row) <= _KEYS:
        raise document.error(place, "expected the keys address, name and, if you like, role")
    for key, value in row.items():
        if not isinstance(value, str) or not value:
            raise document.error((*place, key), f"{key}: expected a text; put it in quotes")
    try:
        network = ipaddress.ip_network(row["address"], strict=False)
    except ValueError:
        message = f"{row['address']!r} is no IP address or network, such as 10.0.5.0/24"
        raise document.error((*place, "address"), message) from None
    return Entry(network, Decoy(row["name"], row.get("role")))
