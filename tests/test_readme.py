"""Every command of the README is run as it stands, and everything that there is stands in it.

The commands run one after the other in a network namespace in which example.com is a server of
ours and port 8080 is free, with a home folder of their own.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from honeyweir.cli import COMMANDS
from honeyweir.hooks.options import OPTIONS
from stage import wait_for

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

SHORTER = {
    "scripts/test": "scripts/test --collect-only --quiet",
    "scripts/bench": "scripts/bench speed --help",
    "scripts/bench memory": "scripts/bench memory --help",
}
"""What would run this very test, or takes minutes and has tests of its own, is bounded."""

CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    "-subj /CN=example.com -addext subjectAltName=DNS:example.com -keyout key -out cert"
)
SETUP = """
ip link set lo up
mount --bind hosts /etc/hosts
exec {python} {origin} both.pem
"""


def is_daemon(block):
    """Whether a block ends in a gateway that runs until it is stopped."""
    last = block.strip().splitlines()[-1]
    return last.startswith(("scripts/run", "mitmdump")) and "--demo" not in last


class Reader:
    """Somebody who types what the README says."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "home"
        self.log = folder / "gateway.log"
        self.gateway = None
        self._set_the_stage()
        path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
        self.environment = {**os.environ, "HOME": str(self.home), "PATH": path}

    def _set_the_stage(self):
        state = self.home / ".honeyweir"
        state.mkdir(parents=True, mode=0o700)
        trust = f"ssl_verify_upstream_trusted_ca: {self.folder / 'cert'}\n"
        (state / "config.yaml").write_text(trust)
        (self.folder / "hosts").write_text("127.0.0.1 localhost example.com\n")
        subprocess.run(shlex.split(CERTIFICATE), cwd=self.folder, check=True, capture_output=True)
        both = (self.folder / "key").read_bytes() + (self.folder / "cert").read_bytes()
        (self.folder / "both.pem").write_bytes(both)
        script = SETUP.format(python=sys.executable, origin=ROOT / "tests/readme_origin.py")
        command = ["unshare", "--net", "--mount", "bash", "-euc", script]
        self.origin = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.listens(443), "the origin")

    def inside(self, command):
        enter = ["nsenter", "--target", str(self.origin.pid), "--net", "--mount"]
        return [*enter, "bash", "-euc", f"cd {ROOT}\n{command}"]

    def listens(self, port):
        probe = self.inside(f"exec 3<>/dev/tcp/127.0.0.1/{port}")
        return subprocess.run(probe, check=False, stderr=subprocess.DEVNULL).returncode == 0

    def gateway_answers(self):
        """While the monitor is not ready, connections are closed without an answer."""
        probe = self.inside(
            "curl --silent --output /dev/null -x http://127.0.0.1:8080 http://[::1]:1"
        )
        return subprocess.run(probe, check=False).returncode == 0

    def type(self, block):
        """Run one block to its end; the result has what it printed."""
        for command, shorter in SHORTER.items():
            block = re.sub(rf"^{command}$", shorter, block, flags=re.MULTILINE)
        if re.search(r" ID\b", block):
            block = re.sub(r" ID\b", f" {self.an_event()}", block)
        # Nothing can be fetched from inside the namespace.
        command = ["bash", "-euc", block] if "pip install" in block else self.inside(block)
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300
        )

    def start(self, block):
        """Run one block that ends in a gateway, in place of the gateway that runs."""
        self.stop()
        with self.log.open("w") as log:
            self.gateway = subprocess.Popen(
                self.inside(block), env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        wait_for(lambda: self.gateway.poll() is not None or self.gateway_answers(), "a gateway", 60)

    def stop(self):
        if self.gateway:
            self.gateway.terminate()
            assert self.gateway.wait(30) == 0, self.log.read_text()
            self.gateway = None

    def an_event(self):
        result = self.type("honeyweir events --protocol http --json --host example.com")
        events = [json.loads(line) for line in result.stdout.splitlines()]
        return next(event["id"] for event in events if event["response_bytes"])


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    reader = Reader(tmp_path_factory.mktemp("readme"))
    yield reader
    reader.stop()
    reader.origin.terminate()
    reader.origin.wait(30)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make a network namespace")
@pytest.mark.parametrize("block", BLOCKS, ids=[block.splitlines()[0] for block in BLOCKS])
def test_what_the_readme_says_works(reader, block):
    if is_daemon(block):
        reader.start(block)
        assert reader.gateway.poll() is None, reader.log.read_text()
    else:
        result = reader.type(block)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_the_readme(name):
    assert f"honeyweir {name}" in README


@pytest.mark.parametrize("option", OPTIONS, ids=[option.name for option in OPTIONS])
def test_every_option_stands_in_the_readme_with_its_default(option):
    (row,) = re.findall(rf"^\| `{option.name}` \|.*$", README, re.MULTILINE)
    if isinstance(option.default, str):
        assert f"| `{option.default}` |" in row


def test_every_script_stands_in_the_readme():
    files = [path for path in (ROOT / "scripts").iterdir() if path.is_file()]
    scripts = [path.name for path in files if os.access(path, os.X_OK)]
    assert not [name for name in scripts if f"scripts/{name}" not in README]


def test_no_command_of_the_readme_escapes_this_test():
    languages = re.findall(r"^```(\w+)$", README, re.MULTILINE)
    assert set(languages) <= {"sh", "text", "yaml"}
