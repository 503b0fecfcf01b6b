"""Whatever stage of ours fails, on whatever protocol: nothing of the flow passes."""

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from stage import Origin, Proxy, Starter, curl, policy, rule, serve_dns, serve_echo, serve_websocket

BREAKER = Path(__file__).with_name("breaker.py")
STAGES = ["tap", "inspect", "policy", "respond", "record"]

ALTER = "{alter: {in: %s, replace: red, with: blue}}"
POLICY = policy(
    rule(1, "c-uri|contains: /", ALTER % "request_headers"),
    rule(2, "payload|contains: red", ALTER % "payload", "product: honeyweir, service: tcp"),
    rule(3, "payload|contains: red", ALTER % "payload", "product: honeyweir, service: udp"),
    rule(4, "payload|contains: red", ALTER % "payload", "product: honeyweir, service: websocket"),
    rule(5, "query|contains: example", ALTER % "answer", "category: dns"),
)


class Breakable:
    """A proxy of which a stage can be made to fail, and put right again."""

    def __init__(self, proxy: Proxy, switch: Path) -> None:
        self.proxy = proxy
        self._switch = switch

    def check(self, passes: Callable[[], bool]) -> None:
        """Traffic passes, does not while any stage fails, and does again after."""
        assert passes(), self.proxy.log.read_text()
        for stage in STAGES:
            self._switch.write_text(stage)
            assert not passes(), f"passed although {stage} failed"
            self._switch.write_text("")
            assert passes(), f"{stage} was put right: {self.proxy.log.read_text()}"
        assert self.proxy.eventually("SELECT * FROM findings WHERE rule_id = 'honeyweir.failure'")


@pytest.fixture
def breakable(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Breakable]:
    switch = tmp_path / "switch"
    switch.write_text("")
    monkeypatch.setenv("BREAKER", str(switch))

    def make(**options: str) -> Breakable:
        return Breakable(start("-s", str(BREAKER), policy=POLICY, **options), switch)

    return make


def test_http(breakable: Callable[..., Breakable], origin: Origin) -> None:
    stand = breakable()
    stand.check(lambda: curl(stand.proxy, "-H", "X: red", origin.url).stdout == b"hello 0")


def test_streamed_http(breakable: Callable[..., Breakable], origin: Origin, tmp_path: Path) -> None:
    stand = breakable()
    body = tmp_path / "body"
    body.write_bytes(bytes(3 << 20))
    upload = ["-H", "X: red", "-H", "Expect:", "--data-binary", f"@{body}", origin.url]
    stand.check(lambda: curl(stand.proxy, *upload).stdout == b"hello 3145728")


def test_websocket(breakable: Callable[..., Breakable]) -> None:
    stand = breakable()

    def passes() -> bool:
        try:
            with connect(
                f"ws://127.0.0.1:{port}/", proxy=stand.proxy.url, open_timeout=3
            ) as client:
                client.send("red")
                return client.recv(3) == "blue"
        except (WebSocketException, OSError):
            return False

    with serve_websocket() as port:
        stand.check(passes)


def test_tcp(breakable: Callable[..., Breakable]) -> None:
    with serve_echo(socket.SOCK_STREAM) as port:
        stand = breakable(mode=f"reverse:tcp://127.0.0.1:{port}")

        def passes() -> bool:
            with socket.create_connection(("127.0.0.1", stand.proxy.port), 3) as client:
                try:
                    client.sendall(b"red")
                    return client.recv(100) == b"blue"
                except OSError:
                    return False

        stand.check(passes)


def test_udp(breakable: Callable[..., Breakable]) -> None:
    with serve_echo(socket.SOCK_DGRAM) as port:
        stand = breakable(mode=f"reverse:udp://127.0.0.1:{port}")

        def passes() -> bool:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(1)
                client.connect(("127.0.0.1", stand.proxy.port))
                try:
                    client.send(b"red")
                    return client.recv(100) == b"blue"
                except OSError:
                    return False

        stand.check(passes)


def test_dns(breakable: Callable[..., Breakable]) -> None:
    with serve_dns("192.0.2.1") as port:
        stand = breakable(mode=f"reverse:dns://127.0.0.1:{port}")
        command = ["dig", "@127.0.0.1", "-p", str(stand.proxy.port), "+tries=1", "+time=1"]

        def passes() -> bool:
            answer = subprocess.run([*command, "a.example"], capture_output=True, check=False)
            return b"192.0.2.1" in answer.stdout

        stand.check(passes)


def test_what_passes_when_the_operator_says_so_is_told(
    start: Starter, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = tmp_path / "switch"
    switch.write_text("policy")
    monkeypatch.setenv("BREAKER", str(switch))
    proxy = start("-s", str(BREAKER), "--set", "weir_on_error=pass", policy=POLICY)
    assert curl(proxy, origin.url).stdout == b"hello 0"
    assert proxy.eventually("SELECT * FROM findings WHERE rule_id = 'honeyweir.failure'")
    assert "passed although honeyweir failed on it" in proxy.log.read_text()
