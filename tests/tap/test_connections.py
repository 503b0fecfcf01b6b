"""Connections as events."""

from __future__ import annotations

import gc
import uuid

import pytest
from mitmproxy import connection
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import tflow

from honeyweir.model import Connection
from honeyweir.tap.clock import now
from honeyweir.tap.connections import (
    Connections,
    address,
    common,
    read_connection,
    read_connection_end,
    read_server_connection,
)
from honeyweir.tap.inventory import Inventory


def client(mode: str = "regular", **values: object) -> connection.Client:
    made = tflow.tclient_conn()
    made.proxy_mode = ProxyMode.parse(mode)
    made.sockname = ("203.0.113.9", 443)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def read(mode: str = "regular", **values: object) -> Connection:
    return read_connection(client(mode, **values), Inventory())


def test_a_connection_is_its_own_carrier_and_its_id_tells_its_time() -> None:
    event = read(timestamp_start=1_760_011_200.5)
    assert event.time == 1_760_011_200_500_000
    assert event.connection == event.id
    milliseconds = uuid.UUID(event.id).int >> 80  # RFC 9562 5.7
    assert milliseconds == event.time // 1000


@pytest.mark.parametrize("mode", ["transparent", "wireguard", "tun", "local"])
def test_a_client_that_knows_of_no_proxy_has_dialled_its_destination(mode: str) -> None:
    event = read(mode)
    assert (event.dst, event.gateway, event.mode) == (("203.0.113.9", 443), None, mode)


@pytest.mark.parametrize("mode", ["regular", "socks5", "reverse:http://a", "upstream:http://a"])
def test_a_client_that_knows_of_one_has_dialled_the_gateway(mode: str) -> None:
    event = read(mode)
    assert (event.dst, event.gateway) == (None, ("203.0.113.9", 443))
    assert event.mode == mode.partition(":")[0]


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        (("192.0.2.1", 80), ("192.0.2.1", 80)),
        (("2001:db8::1", 80, 0, 0), ("2001:db8::1", 80)),
        (("fe80::1%eth0", 80, 0, 2), ("fe80::1%eth0", 80)),
        (("c2.example", 443), ("c2.example", 443)),
        (None, None),
    ],
)
def test_an_address_is_a_host_and_a_port(
    value: tuple[str, int] | None, read_as: tuple[str, int] | None
) -> None:
    assert address(value) == read_as


def test_a_client_without_an_address_is_recorded_all_the_same() -> None:
    event = read(peername=None, sockname=None)
    assert (event.src, event.dst, event.gateway) == (("", 0), None, None)
    assert event.decoy.name == ""


def test_the_end_of_a_connection_tells_its_time_and_why() -> None:
    subject = client(timestamp_end=1_760_011_260.0, error="reset by peer")
    event = read_connection(subject, Inventory())
    end = read_connection_end(event, subject)
    assert (end.connection, end.time) == (event.id, 1_760_011_260_000_000)
    assert end.error == "reset by peer"


def test_an_end_without_a_time_is_now() -> None:
    before = now()
    assert read_connection_end(read(), client(timestamp_end=None)).time >= before


def test_what_a_connection_carries_takes_its_parties_from_it() -> None:
    event, server = read(), tflow.tserver_conn()
    start = common(event, server, "http", 1_760_011_200_000_000)
    assert (start["connection"], start["decoy"], start["src"]) == (event.id, event.decoy, event.src)
    assert start["dst"] == ("address", 22)
    assert start["id"] != event.id
    assert common(read("transparent"), server, "http", 1)["dst"] == ("203.0.113.9", 443)


def test_where_neither_says_there_is_no_destination() -> None:
    server = tflow.tserver_conn()
    server.address = None
    assert common(read(), server, "http", 1)["dst"] is None


def test_a_server_connection_tells_what_was_asked_for_and_what_was_dialled() -> None:
    server = tflow.tserver_conn()
    server.address, server.peername = ("c2.example", 443), ("2001:db8::9", 443, 0, 0)
    event = read_server_connection(read(), server)
    assert (event.server, event.peer) == (("c2.example", 443), ("2001:db8::9", 443))
    assert (event.protocol, event.error, event.time) == ("tcp", None, 946681202_000_000)


def test_a_server_connection_that_failed_tells_why_and_when() -> None:
    before, server = now(), tflow.tserver_conn()
    server.address = server.peername = server.timestamp_start = None
    server.error = "no route to host"
    event = read_server_connection(read(), server)
    assert (event.server, event.peer, event.error) == (("", 0), None, "no route to host")
    assert event.time >= before


def test_a_connection_is_known_while_it_is_open() -> None:
    known, subject = Connections(Inventory()), client()
    assert known.get(subject) is None
    event = read_connection(subject, Inventory())
    known.add(subject, event)
    assert known.get(subject) is event
    assert known.get(client()) is None


def test_a_connection_that_is_gone_takes_no_memory() -> None:
    known, subject = Connections(Inventory()), client()
    known.add(subject, read())
    del subject
    gc.collect()
    assert len(known._known) == 0
