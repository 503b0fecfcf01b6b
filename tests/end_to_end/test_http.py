"""HTTP through a real mitmdump with real curl."""

import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from honeyweir.model import Level
from stage import Origin, Starter, curl, policy, rule, rule_id

PASS = rule(1, "cs-host: nowhere.invalid")


def test_an_exchange_is_recorded_with_both_bodies(start: Starter, origin: Origin) -> None:
    proxy = start(policy=PASS)
    answer = curl(proxy, "-d", "name=anna", "-A", "agent/1", f"{origin.url}/a/b.exe?x=1")
    assert answer.stdout == b"hello 9"
    row = proxy.eventually("SELECT * FROM http WHERE response_bytes = 7")[0]
    assert (row["method"], row["url"]) == ("POST", f"{origin.url}/a/b.exe?x=1")
    assert (row["status"], row["request_bytes"], row["user_agent"]) == (200, 9, "agent/1")
    assert row["decoy"] == "127.0.0.1"


def test_what_the_origin_gets_is_what_the_decoy_sent(start: Starter, origin: Origin) -> None:
    proxy = start(policy=PASS)
    curl(proxy, "-H", "X-oDD: 1", "--data-binary", "a b\x01", f"{origin.url}/p")
    (method, path, headers, size) = origin.requests[0]
    assert (method, path, size, headers["X-oDD"]) == ("POST", "/p", 4, "1")
    assert origin.bodies == [b"a b\x01"]


def test_a_matching_rule_is_a_finding_and_the_flow_passes(start: Starter, origin: Origin) -> None:
    proxy = start(policy=rule(7, "c-uri|contains: /beacon"))
    for _ in range(3):
        assert curl(proxy, f"{origin.url}/beacon?id=7").returncode == 0
    assert curl(proxy, f"{origin.url}/other").returncode == 0
    proxy.eventually("SELECT * FROM finding_events", count=3)
    (finding,) = proxy.rows("SELECT * FROM findings")
    assert (finding["source"], finding["rule_id"]) == ("sigma", rule_id(7))
    assert (finding["level"], json.loads(finding["tags"])) == (Level.HIGH, ["attack.t1071.001"])
    assert "/beacon" in json.loads(finding["evidence"])[0]["value"]


@pytest.mark.parametrize(
    ("response", "exit_code", "status"),
    [
        ("block", 52, b""),
        ("{block: {how: reset}}", 56, b""),
        ("{block: {status: 404}}", 0, b"404"),
    ],
)
def test_a_blocked_request_never_reaches_the_origin(
    start: Starter, origin: Origin, response: str, exit_code: int, status: bytes
) -> None:
    proxy = start(policy=rule(2, "c-uri|endswith: .exe", response))
    answer = curl(proxy, "-w", "%{http_code}", "-o", "/dev/null", f"{origin.url}/x.exe")
    assert answer.returncode == exit_code
    assert answer.stdout.replace(b"000", b"") == status
    (done,) = proxy.eventually("SELECT * FROM responses")
    assert (done["action"], done["rule_id"]) == ("block", rule_id(2))
    assert origin.requests == []


def test_a_page_in_place_of_an_answer_looks_like_an_ordinary_servers(
    start: Starter, origin: Origin
) -> None:
    proxy = start(policy=rule(2, "c-uri|endswith: .exe", "{block: {status: 404}}"))
    answer = curl(proxy, "-i", f"{origin.url}/x.exe").stdout
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\nServer: nginx\r\nDate: ")
    assert b"mitmproxy" not in answer.lower()
    assert b"honeyweir" not in answer.lower()


def test_a_rule_on_the_body_blocks_before_the_body_goes_out(start: Starter, origin: Origin) -> None:
    proxy = start(policy=rule(3, "request_body|contains: TOP-SECRET", "block"))
    assert curl(proxy, "-d", "x=top-secret", origin.url).returncode == 52
    assert curl(proxy, "-d", "x=harmless", origin.url).returncode == 0
    assert origin.bodies == [b"x=harmless"]


def test_a_rule_on_the_response_keeps_it_from_the_decoy(start: Starter, origin: Origin) -> None:
    origin.pages["/dl"] = (200, {"Content-Type": "application/octet-stream"}, b"MZ-inert")
    proxy = start(policy=rule(4, "response_body|startswith: MZ", "{block: {status: 404}}"))
    answer = curl(proxy, "-i", f"{origin.url}/dl").stdout
    assert answer.startswith(b"HTTP/1.1 404 Not Found")
    assert b"MZ-inert" not in answer
    assert len(origin.requests) == 1


ALTERATIONS = policy(
    rule(1, "cs-method: POST", '{alter: {in: request_body, replace: "4111", with: "0000"}}'),
    rule(
        2,
        "cs-method: POST",
        r'{alter: {in: request_headers, replace: {regex: "k=(\\d+)"}, with: "k=<\\1>"}}',
    ),
    rule(3, "cs-method: POST", '{alter: {in: url, replace: "/old", with: "/new/longer"}}'),
    rule(4, "sc-status: 200", '{alter: {in: response_body, replace: "hello", with: "good day"}}'),
    rule(
        5, "sc-status: 200", '{alter: {in: response_headers, header: X-V, replace: "1", with: "2"}}'
    ),
)


def test_requests_and_responses_are_altered_and_both_forms_kept(
    start: Starter, origin: Origin
) -> None:
    proxy = start(policy=ALTERATIONS)
    origin.pages["/new/longer"] = (200, {"X-V": "1"}, b"hello")
    answer = curl(proxy, "-i", "-d", "card=4111", "-H", "Cookie: k=77", f"{origin.url}/old")
    assert b"good day" in answer.stdout
    assert b"X-V: 2" in answer.stdout
    assert origin.bodies == [b"card=0000"]
    assert origin.requests[0][1] == "/new/longer"
    assert origin.requests[0][2]["Cookie"] == "k=<77>"
    done = proxy.eventually("SELECT * FROM responses ORDER BY rule_id", count=5)
    assert {row["action"] for row in done} == {"alter"}
    assert all(row["original"] and row["altered"] for row in done)
    (body,) = proxy.rows("SELECT size FROM bodies WHERE side = 'response'")
    assert body["size"] == len(b"hello")


def test_an_encoded_response_is_altered_inside_its_encoding(start: Starter, origin: Origin) -> None:
    origin.pages["/z"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"price: 100"))
    replace = '{alter: {in: response_body, replace: "100", with: "1000"}}'
    proxy = start(policy=rule(1, "response_body|contains: price", replace))
    assert curl(proxy, "--compressed", f"{origin.url}/z").stdout == b"price: 1000"


def test_a_large_upload_is_looked_at_as_it_passes(
    start: Starter, origin: Origin, tmp_path: Path
) -> None:
    proxy = start(policy=rule(1, "request_body|contains: needle"))
    body = tmp_path / "body"
    body.write_bytes(bytes(3 << 20) + b"needle" + bytes(9 << 20))
    assert curl(proxy, "--data-binary", f"@{body}", origin.url).stdout == b"hello 12582918"
    (row,) = proxy.eventually("SELECT * FROM bodies WHERE side = 'request'")
    assert (row["size"], row["truncated"], row["complete"]) == (12582918, 1, 1)
    assert proxy.eventually("SELECT * FROM findings")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_large_upload_is_cut_where_a_rule_forbids_it(
    start: Starter, origin: Origin, tmp_path: Path, chunked: bool
) -> None:
    proxy = start(policy=rule(1, "request_body|contains: needle", "block"))
    body = tmp_path / "body"
    body.write_bytes(bytes(3 << 20) + b"needle" + bytes(9 << 20))
    arguments = ["-H", "Transfer-Encoding: chunked"] if chunked else []
    assert curl(proxy, *arguments, "--data-binary", f"@{body}", origin.url).returncode != 0
    (row,) = proxy.eventually("SELECT * FROM bodies WHERE side = 'request'")
    assert row["complete"] == 0
    assert not any(b"needle" in kept for kept in origin.bodies)
    assert proxy.eventually("SELECT * FROM responses WHERE action = 'block'")


def test_a_large_download_is_altered_as_it_passes(start: Starter, origin: Origin) -> None:
    before = (b"x" * 999 + b"SECRET") * 4000
    origin.pages["/big"] = (200, {}, before)
    replace = '{alter: {in: response_body, replace: "SECRET", with: "hidden!"}}'
    proxy = start(policy=rule(1, "c-uri|endswith: /big", replace))
    assert curl(proxy, f"{origin.url}/big").stdout == before.replace(b"SECRET", b"hidden!")
    (done,) = proxy.eventually("SELECT * FROM responses")
    assert json.loads(done["detail"])["count"] == 4000


def test_a_response_rule_alters_a_large_body_from_the_match_on(
    start: Starter, origin: Origin
) -> None:
    before = b"x" * (2 << 20) + b"marker SECRET" + b"y" * (2 << 20)
    origin.pages["/big"] = (200, {}, before)
    replace = '{alter: {in: response_body, replace: "SECRET", with: "hidden!"}}'
    proxy = start(policy=rule(1, "response_body|contains: marker", replace))
    assert curl(proxy, f"{origin.url}/big").stdout == before.replace(b"SECRET", b"hidden!")


def test_an_origin_that_cannot_be_reached_leaves_its_request(start: Starter) -> None:
    proxy = start(policy=PASS)
    curl(proxy, "http://127.0.0.1:9/c2")
    (row,) = proxy.eventually(
        "SELECT * FROM exchange_ends JOIN requests USING (event) WHERE error IS NOT NULL"
    )
    assert row["path"] == "/c2"
    assert proxy.eventually("SELECT * FROM server_connections WHERE error IS NOT NULL")


# A client is offered HTTP/2 by an eager mitmproxy only where the origin offers it too.
TLS_OPTIONS = ("--set", "ssl_insecure=true", "--set", "connection_strategy=lazy")


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_https_is_decrypted_in_both_versions(
    start: Starter, tls_origin: Origin, version: str
) -> None:
    proxy = start(*TLS_OPTIONS, policy=rule(1, "c-uri|contains: secret"))
    answer = curl(proxy, version, f"{tls_origin.url}/secret")
    assert answer.stdout == b"hello 0", answer.stderr
    assert proxy.eventually("SELECT * FROM findings WHERE source = 'sigma'")
    (row,) = proxy.eventually("SELECT * FROM http WHERE method = 'GET' AND status = 200")
    assert row["url"] == f"{tls_origin.url}/secret"
    assert row["http_version"] == ("HTTP/2.0" if version == "--http2" else "HTTP/1.1")
    sides = proxy.eventually("SELECT * FROM handshakes ORDER BY side", count=2)
    assert [row["side"] for row in sides] == ["client", "server"]
    assert json.loads(sides[0]["offered_versions"])[0] == "TLSv1.3"
    assert "CN=" in sides[1]["certificate_subject"]


@pytest.mark.parametrize(
    ("response", "exit_code", "status"),
    [
        ("block", 92, b"000"),
        ("{block: {how: reset}}", 92, b"000"),
        ("{block: {status: 404}}", 0, b"404"),
    ],
)
def test_a_blocked_http_2_stream_never_reaches_the_origin(
    start: Starter, tls_origin: Origin, response: str, exit_code: int, status: bytes
) -> None:
    proxy = start(*TLS_OPTIONS, policy=rule(2, "c-uri|endswith: .exe", response))
    url = f"{tls_origin.url}/x.exe"
    answer = curl(proxy, "--http2", "-w", "%{http_code}", "-o", "/dev/null", url)
    assert (answer.returncode, answer.stdout) == (exit_code, status), answer.stderr
    assert tls_origin.requests == []


def test_a_decoy_that_does_not_trust_us_is_a_finding(start: Starter, tls_origin: Origin) -> None:
    proxy = start("--set", "ssl_insecure=true", policy=PASS)
    assert curl(proxy, "--cacert", "/dev/null", tls_origin.url).returncode != 0
    (finding,) = proxy.eventually("SELECT * FROM findings")
    assert finding["source"] == "failed_handshake"
    assert proxy.eventually("SELECT * FROM handshakes WHERE side = 'client' AND error IS NOT NULL")


@contextlib.contextmanager
def hasty_origin() -> Iterator[tuple[int, bytearray]]:
    """A server that answers before it has read a body; gives its port and what it then reads."""
    received = bytearray()

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            while data := connection.recv(1 << 16):
                received.extend(data)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield server.getsockname()[1], received


def test_an_early_response_does_not_open_the_way_for_the_rest_of_a_body(start: Starter) -> None:
    proxy = start(policy=rule(1, "c-uri|endswith: /drop, request_body|re: ne+dle", "block"))
    with (
        hasty_origin() as (port, received),
        socket.create_connection(("127.0.0.1", proxy.port), 10) as client,
    ):
        size = 3 << 20
        head = f"POST http://127.0.0.1:{port}/drop HTTP/1.1\r\nContent-Length: {size}\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
        with contextlib.suppress(OSError):
            client.sendall(b"a needle" + bytes(size - 8))
        assert proxy.eventually("SELECT * FROM responses WHERE action = 'block'")
        assert b"needle" not in received


def test_a_refused_upload_that_grows_too_large_never_reaches_the_origin(
    start: Starter, origin: Origin, tmp_path: Path
) -> None:
    proxy = start(policy=rule(1, "c-uri|endswith: /drop", "{block: {status: 404}}"))
    body = tmp_path / "body"
    body.write_bytes(bytes(5 << 20))
    chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", f"@{body}"]
    assert curl(proxy, *chunked, f"{origin.url}/drop").returncode != 0
    assert proxy.eventually("SELECT * FROM responses WHERE action = 'block'")
    assert curl(proxy, f"{origin.url}/other").returncode == 0
    assert [path for _, path, *_ in origin.requests] == ["/other"]


def test_a_rule_on_the_size_of_a_body_counts_one_that_passes(
    start: Starter, origin: Origin, tmp_path: Path
) -> None:
    proxy = start(policy=rule(1, '"cs-bytes|gte": 2000000', "block"))
    body = tmp_path / "body"
    body.write_bytes(bytes(3 << 20))
    assert curl(proxy, "--data-binary", f"@{body}", origin.url).returncode != 0
    assert proxy.eventually("SELECT * FROM responses WHERE action = 'block'")
    assert all(size < 3 << 20 for *_, size in origin.requests)


def test_an_upload_that_outlasts_its_response_is_recorded(start: Starter) -> None:
    proxy = start(policy=PASS)
    with (
        hasty_origin() as (port, _),
        socket.create_connection(("127.0.0.1", proxy.port), 10) as client,
    ):
        head = f"POST http://127.0.0.1:{port}/ HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
        client.sendall(b"x" * 100_000)
    (row,) = proxy.eventually("SELECT * FROM bodies WHERE side = 'request'")
    assert (row["complete"], row["size"] <= 100_000) == (0, True)
