"""WebSocket, TCP, UDP and DNS through a real mitmdump with real clients."""

import socket
import subprocess
from collections.abc import Iterator

import dns.message
import dns.query
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from stage import Proxy, Starter, policy, rule, serve_dns, serve_echo, serve_websocket

TCP = "product: honeyweir, service: tcp"
UDP = "product: honeyweir, service: udp"
WEBSOCKET = "product: honeyweir, service: websocket"
DNS = "category: dns"

FIELDS = (
    rule(1, "payload|contains: find", logsource=TCP),
    rule(2, "payload|contains: change", "{alter: {in: payload, replace: red, with: blue}}", TCP),
    rule(3, "payload|contains: stop", "block", TCP),
    rule(4, "payload|contains: change", "{alter: {in: payload, replace: red, with: blue}}", UDP),
    rule(5, "payload|contains: stop", "block", UDP),
    rule(6, "payload|contains: find", logsource=WEBSOCKET),
    rule(
        7, "payload|contains: change", "{alter: {in: payload, replace: red, with: blue}}", WEBSOCKET
    ),
    rule(8, "payload|contains: stop", "block", WEBSOCKET),
    rule(9, "query|endswith: .blocked.example", "{block: {how: nxdomain}}", DNS),
    rule(10, "query|endswith: .silent.example", "block", DNS),
    rule(
        11,
        "query|endswith: .altered.example",
        '{alter: {in: answer, replace: "192.0.2.1", with: "192.0.2.77"}}',
        DNS,
    ),
    rule(12, "query|endswith: .flagged.example", logsource=DNS),
)
POLICY = policy(*FIELDS)


@pytest.fixture
def tcp(start: Starter) -> Iterator[tuple[Proxy, socket.socket]]:
    """A proxy before a TCP echo server, and a connection to it."""
    with serve_echo(socket.SOCK_STREAM) as port:
        proxy = start(mode=f"reverse:tcp://127.0.0.1:{port}", policy=POLICY)
        with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
            yield proxy, client


def ask(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    return client.recv(4096)


def test_tcp_messages_are_recorded_both_ways(tcp: tuple[Proxy, socket.socket]) -> None:
    proxy, client = tcp
    assert ask(client, b"find \x00\xff") == b"find \x00\xff"
    rows = proxy.eventually("SELECT from_client, size FROM messages ORDER BY seq", count=2)
    assert [tuple(row) for row in rows] == [(1, 7), (0, 7)]
    assert proxy.eventually("SELECT * FROM finding_events", count=2)


def test_tcp_messages_are_altered(tcp: tuple[Proxy, socket.socket]) -> None:
    proxy, client = tcp
    assert ask(client, b"change red red") == b"change blue blue"
    (row,) = proxy.eventually("SELECT * FROM responses")
    assert row["original"] != row["altered"]


def test_a_blocked_tcp_message_ends_the_connection(tcp: tuple[Proxy, socket.socket]) -> None:
    proxy, client = tcp
    assert ask(client, b"ok") == b"ok"
    assert ask(client, b"stop here") == b""
    assert proxy.eventually("SELECT * FROM responses WHERE action = 'block'")
    assert proxy.eventually("SELECT * FROM connection_ends")
    assert len(proxy.rows("SELECT * FROM messages")) == 3  # nothing came back from the origin


def test_what_a_stream_puts_into_the_records_is_bounded(start: Starter) -> None:
    with serve_echo(socket.SOCK_STREAM) as port:
        mode = f"reverse:tcp://127.0.0.1:{port}"
        proxy = start("--set", "weir_keep=10", mode=mode, policy=POLICY)
        with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
            assert ask(client, b"12345678") == b"12345678"
            assert ask(client, b"the end: find") == b"the end: find"
    rows = proxy.eventually("SELECT size, truncated FROM messages ORDER BY seq", count=4)
    assert [tuple(row) for row in rows] == [(8, 0), (8, 1), (13, 1), (13, 1)]
    assert proxy.eventually("SELECT * FROM finding_events", count=2)


def test_udp_messages_are_recorded_altered_and_blocked(start: Starter) -> None:
    with serve_echo(socket.SOCK_DGRAM) as port:
        proxy = start(mode=f"reverse:udp://127.0.0.1:{port}", policy=POLICY)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(1)
            client.connect(("127.0.0.1", proxy.port))
            assert ask(client, b"change red") == b"change blue"
            client.sendall(b"stop")
            with pytest.raises(TimeoutError):
                client.recv(4096)
    assert proxy.eventually("SELECT * FROM responses", count=2)
    assert len(proxy.rows("SELECT * FROM messages")) == 3


def test_websocket_messages_are_recorded_altered_and_blocked(start: Starter) -> None:
    proxy = start(policy=POLICY)
    with serve_websocket() as port, connect(f"ws://127.0.0.1:{port}/", proxy=proxy.url) as client:
        client.send("find me")
        assert client.recv(10) == "find me"
        client.send(b"change red")
        assert client.recv(10) == b"change blue"
        client.send("stop")
        with pytest.raises(WebSocketException):
            client.recv(10)
    rows = proxy.eventually("SELECT * FROM messages ORDER BY seq", count=5)
    assert [row["is_text"] for row in rows] == [1, 1, 0, 0, 1]
    assert len({row["exchange"] for row in rows}) == 1
    actions = proxy.eventually("SELECT action FROM responses ORDER BY seq", count=2)
    assert [row["action"] for row in actions] == ["alter", "block"]


@pytest.fixture
def resolver(start: Starter) -> Iterator[Proxy]:
    """A proxy before a name server that answers every A query with 192.0.2.1."""
    with serve_dns("192.0.2.1") as port:
        yield start(mode=f"reverse:dns://127.0.0.1:{port}", policy=POLICY)


def dig(proxy: Proxy, name: str, *arguments: str) -> str:
    command = ["dig", "@127.0.0.1", "-p", str(proxy.port), "+tries=1", "+time=2", *arguments, name]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_queries_and_answers_are_recorded(resolver: Proxy, transport: str) -> None:
    assert "192.0.2.1" in dig(resolver, "a.flagged.example", transport)
    (row,) = resolver.eventually("SELECT * FROM dns WHERE rcode IS NOT NULL")
    assert (row["name"], row["type"], row["rcode"]) == ("a.flagged.example", "A", "NOERROR")
    assert row["transport"] == ("tcp" if transport == "+tcp" else "udp")
    assert resolver.eventually("SELECT * FROM findings")


def test_answers_are_altered(resolver: Proxy) -> None:
    assert "192.0.2.77" in dig(resolver, "a.altered.example")
    (row,) = resolver.eventually("SELECT * FROM responses")
    assert row["action"] == "alter"


def test_names_are_blocked_as_if_they_did_not_exist(resolver: Proxy) -> None:
    assert "status: NXDOMAIN" in dig(resolver, "a.blocked.example")
    assert resolver.eventually("SELECT * FROM responses WHERE action = 'block'")


def test_names_are_blocked_without_an_answer(resolver: Proxy) -> None:
    assert "timed out" in dig(resolver, "a.silent.example")
    assert resolver.eventually("SELECT * FROM responses WHERE action = 'block'")


def test_a_transaction_id_that_is_used_again_is_a_new_query(resolver: Proxy) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.connect(("127.0.0.1", resolver.port))
        for name in ("one.example", "two.example"):
            query = dns.message.make_query(name, "A", id=7)
            client.send(query.to_wire())
            answer, *_ = dns.query.receive_udp(client, expiration=None)
            assert str(answer.question[0].name) == f"{name}."
    assert resolver.eventually("SELECT * FROM queries", count=2)
