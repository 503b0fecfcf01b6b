"""What the hooks record of connections and handshakes, and how they refuse them."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable

import pytest
from mitmproxy import connection
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import taddons, tflow
from mitmproxy.tls import ClientHello, ClientHelloData, TlsData

from honeyweir.hooks.connections import ClientConnections, ServerConnections, Tls
from hooks.conftest import Stand, Wire
from stage import rule

Make = Callable[..., Stand]
RECORD_AND_HANDSHAKE_HEADERS = 9


def origin(error: str | None = None) -> connection.Server:
    server = tflow.tserver_conn()
    server.error = error
    return server


def test_a_client_is_recorded_when_it_comes_and_when_it_goes(stand: Stand, wire: Wire) -> None:
    hooks = ClientConnections(stand.gate)
    hooks.client_connected(wire.client)
    wire.client.timestamp_end = wire.client.timestamp_start + 2.5
    wire.client.error = "reset by peer"
    hooks.client_disconnected(wire.client)
    found = stand.row(
        "SELECT e.src_ip, e.src_port, x.time - e.time, x.error FROM events e"
        " JOIN connection_ends x ON x.connection = e.id"
    )
    assert found == (*wire.client.peername[:2], 2_500_000, "reset by peer")


def test_the_end_of_a_client_that_was_never_announced_is_recorded_with_its_beginning(
    stand: Stand,
) -> None:
    ClientConnections(stand.gate).client_disconnected(tflow.tclient_conn())
    assert (stand.count("connections"), stand.count("connection_ends")) == (1, 1)
    assert stand.count("rejects") == 0


@pytest.mark.parametrize(
    ("peer", "src"),
    [
        (("2001:db8::5", 4711, 0, 0), ("2001:db8::5", 4711)),
        (("fe80::1%eth0", 4711, 0, 2), ("fe80::1%eth0", 4711)),
        (None, ("", 0)),
    ],
)
def test_clients_with_other_addresses_are_recorded(
    stand: Stand, peer: tuple[str, int] | None, src: tuple[str, int]
) -> None:
    client = tflow.tclient_conn()
    client.peername = peer
    ClientConnections(stand.gate).client_connected(client)
    assert stand.row("SELECT src_ip, src_port FROM events") == src


@pytest.mark.parametrize("closed", [True, False], ids=["gate closed", "records closed"])
def test_a_client_that_cannot_be_recorded_is_refused(stand: Stand, closed: bool) -> None:
    client = tflow.tclient_conn()
    if closed:
        stand.gate.weir = None
    else:
        stand.weir.recorder.close()
    ClientConnections(stand.gate).client_connected(client)
    assert client.error == "refused"


def test_an_origin_that_is_reached_is_recorded_with_what_was_dialled(
    stand: Stand, wire: Wire
) -> None:
    hooks, data = ServerConnections(stand.gate), ServerConnectionHookData(origin(), wire.client)
    hooks.server_connect(data)
    assert data.server.error is None
    hooks.server_connected(data)
    found = stand.row("SELECT server_host, server_port, peer_ip, error FROM server_connections")
    assert found == ("address", 22, "192.168.0.1", None)


def test_an_origin_that_is_not_reached_is_recorded_with_the_reason(
    stand: Stand, wire: Wire
) -> None:
    server = origin("connection refused")
    server.peername = None
    ServerConnections(stand.gate).server_connect_error(
        ServerConnectionHookData(server, wire.client)
    )
    found = stand.row("SELECT server_host, peer_ip, peer_port, error FROM server_connections")
    assert found == ("address", None, None, "connection refused")


def test_an_origin_whose_address_is_not_known_is_recorded(stand: Stand, wire: Wire) -> None:
    server = origin("no address")
    server.address = server.peername = None
    ServerConnections(stand.gate).server_connect_error(
        ServerConnectionHookData(server, wire.client)
    )
    assert stand.row("SELECT server_host, server_port FROM server_connections") == ("", 0)


async def test_an_origin_is_not_dialled_while_nothing_can_be_recorded(
    stand: Stand, wire: Wire
) -> None:
    data = ServerConnectionHookData(origin(), wire.client)
    data.server.state = connection.ConnectionState.CLOSED
    stand.weir.recorder.close()
    ServerConnections(stand.gate).server_connect(data)
    assert data.server.error == "refused"
    assert wire.is_open


async def test_an_origin_that_was_dialled_already_takes_its_client_with_it(
    stand: Stand, wire: Wire
) -> None:
    data = ServerConnectionHookData(origin(), wire.client)
    data.server.state = connection.ConnectionState.OPEN
    stand.weir.recorder.close()
    ServerConnections(stand.gate).server_connected(data)
    assert await wire.end() == "closed"


@pytest.fixture
def handshake(wire: Wire, context: taddons.context) -> TlsData:
    """A handshake over the wire."""
    wire.client.sni = "c2.example"
    carrier = Context(wire.client, context.options)
    carrier.server = origin()
    return TlsData(conn=wire.client, context=carrier)


def hello() -> ClientHello:
    """What OpenSSL offers."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="c2.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return ClientHello(outgoing.read()[RECORD_AND_HANDSHAKE_HEADERS:])


def test_what_a_client_offered_is_recorded_with_what_came_of_it(
    stand: Stand, handshake: TlsData
) -> None:
    hooks = Tls(stand.gate)
    hooks.tls_clienthello(ClientHelloData(handshake.context, hello()))
    hooks.tls_established_client(handshake)
    found = stand.row(
        "SELECT side, sni, offered_versions, p.size > 100, error FROM handshakes h"
        " JOIN payloads p ON p.sha256 = h.client_hello"
    )
    assert found == ("client", "c2.example", '["TLSv1.3","TLSv1.2"]', 1, None)
    assert stand.count("findings") == 0


def test_a_handshake_without_a_hello_is_recorded(stand: Stand, handshake: TlsData) -> None:
    Tls(stand.gate).tls_established_client(handshake)
    found = stand.row("SELECT side, offered_versions, client_hello FROM handshakes")
    assert found == ("client", None, None)


@pytest.mark.parametrize(
    ("hook", "rule_id"),
    [
        ("tls_failed_client", "failed_handshake.client"),
        ("tls_failed_server", "failed_handshake.server"),
    ],
)
def test_a_handshake_that_fails_is_a_finding(
    stand: Stand, handshake: TlsData, hook: str, rule_id: str
) -> None:
    handshake.context.client.error = handshake.context.server.error = "unknown ca"
    getattr(Tls(stand.gate), hook)(handshake)
    found, evidence = stand.row("SELECT rule_id, evidence FROM findings")
    assert found == rule_id
    assert {"field": "error", "value": "unknown ca"} in json.loads(evidence)


@pytest.mark.parametrize(("verifies", "verified"), [(True, 1), (False, None)])
def test_whether_an_origin_was_verified_is_recorded(
    make_stand: Make, handshake: TlsData, verifies: bool, verified: int | None
) -> None:
    stand = make_stand(verifies_origins=verifies)
    Tls(stand.gate).tls_established_server(handshake)
    assert stand.row("SELECT side, verified FROM handshakes") == ("server", verified)


@pytest.mark.parametrize(
    ("response", "end"), [("block", "closed"), ("{block: {how: reset}}", "reset")]
)
@pytest.mark.parametrize("hook", ["tls_established_client", "tls_established_server"])
async def test_a_rule_on_a_handshake_ends_the_connection(
    make_stand: Make, handshake: TlsData, wire: Wire, hook: str, response: str, end: str
) -> None:
    source = "product: honeyweir, service: tls"
    handshake.context.server.sni = "c2.example"
    stand = make_stand(rule(1, "tls.sni: c2.example", response, source))
    getattr(Tls(stand.gate), hook)(handshake)
    assert await wire.end() == end
    kind, action = stand.row("SELECT kind, action FROM responses r JOIN events e ON e.id = r.event")
    assert (kind, action) == ("handshake", "block")


def test_a_rule_that_only_flags_a_handshake_lets_it_be(
    make_stand: Make, handshake: TlsData, wire: Wire
) -> None:
    stand = make_stand(rule(1, "tls.sni: c2.example", "flag", "product: honeyweir, service: tls"))
    Tls(stand.gate).tls_established_client(handshake)
    assert wire.is_open
    assert (stand.count("findings"), stand.count("responses")) == (1, 0)


@pytest.mark.parametrize("hook", ["tls_established_client", "tls_established_server"])
async def test_a_handshake_that_cannot_be_recorded_ends_the_connection(
    stand: Stand, handshake: TlsData, wire: Wire, hook: str
) -> None:
    stand.weir.recorder.close()
    getattr(Tls(stand.gate), hook)(handshake)
    assert await wire.end() == "closed"
