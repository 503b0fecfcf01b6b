"""scripts/run: the one command that starts a gateway."""

import http.server
import json
import os
import signal
import socket
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from stage import free_port, wait_for

ROOT = Path(__file__).parents[2]
RUN = str(ROOT / "scripts/run")
HONEYWEIR = str(ROOT / ".venv/bin/honeyweir")


def answers_or_ended(process):
    """Whether there is no need to wait: while the monitor is not ready, connections are closed."""
    if process.poll() is not None:
        return True
    try:
        with socket.create_connection(("127.0.0.1", process.port), 1) as connection:
            connection.sendall(b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")
            return connection.recv(16).startswith(b"HTTP/")
    except OSError:
        return False


@pytest.fixture
def home(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def environment(home):
    return {**os.environ, "HONEYWEIR_HOME": str(home)}


@pytest.fixture
def start(environment, tmp_path):
    """Starts a gateway with arguments, and waits until it listens or has ended."""
    processes = []

    def start(*arguments):
        port = free_port()
        output = (tmp_path / "output").open("w+")
        command = [RUN, "-p", str(port), *arguments]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        process.port, process.output = port, Path(output.name)
        processes.append(process)
        wait_for(lambda: answers_or_ended(process), "a gateway that answers", 60)
        return process

    yield start
    for process in processes:
        process.terminate()
        process.wait(30)


@pytest.fixture
def origin():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def curl(process, *arguments):
    command = ["curl", "-sS", "-o", "/dev/null", "-x", f"http://127.0.0.1:{process.port}"]
    return subprocess.run([*command, *arguments], check=True, timeout=30)


def test_what_passes_is_in_the_records_that_it_names(start, origin, environment):
    process = start()
    curl(process, f"{origin}/pyproject.toml")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    told = process.output.read_text()
    (reader,) = [line for line in told.splitlines() if line.startswith("read them")]
    command = [*reader.split()[2:], "--json", "--protocol", "http"]
    events = subprocess.run(command, env=environment, capture_output=True, check=True)
    statuses = {
        event["url"]: event["status"] for event in map(json.loads, events.stdout.splitlines())
    }
    assert statuses[f"{origin}/pyproject.toml"] == 200


def test_the_curl_that_it_prints_uses_its_own_port_and_certificate(start, home):
    process = start()
    told = process.output.read_text()
    assert f"gateway    http://127.0.0.1:{process.port}\n" in told
    assert f"curl -x http://127.0.0.1:{process.port} --cacert {home}/mitmproxy-ca-cert.pem" in told
    assert (home / "mitmproxy-ca-cert.pem").exists()


def test_the_state_is_for_its_owner_alone(start, home):
    start()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "mitmproxy-ca.pem").stat().st_mode) == 0o600


def test_a_second_start_keeps_the_authority(start, home):
    first = start()
    first.terminate()
    first.wait(30)
    before = (home / "mitmproxy-ca.pem").read_bytes()
    start()
    assert (home / "mitmproxy-ca.pem").read_bytes() == before


def test_another_mode_has_no_proxy_to_point_a_client_at(start, origin):
    process = start("--mode", f"reverse:{origin}")
    told = process.output.read_text()
    assert f"gateway    reverse:{origin}\n" in told
    assert "curl" not in told


def test_a_wrong_option_ends_the_start_and_is_named(start):
    process = start("--set", "weir_on_error=perhaps")
    assert process.wait(30) == 1
    assert "weir_on_error: 'perhaps' is not one of block, pass" in process.output.read_text()


def test_a_port_that_is_taken_ends_the_start(start, origin):
    process = start("-p", origin.rpartition(":")[2])
    assert process.wait(30) == 1
    assert "address already in use" in process.output.read_text().lower()


def test_help_starts_nothing(environment, home):
    result = subprocess.run([RUN, "--help"], env=environment, capture_output=True, text=True)
    assert result.stdout.startswith("usage: scripts/run")
    assert "--demo" in result.stdout
    assert not home.exists()
