"""There is no way to end with a proxy that runs without the monitor."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from stage import MITMDUMP, MONITOR, ROOT, Origin, Starter, curl, free_port, rule, wait_for

START_LIMIT = 30


def failed_start(tmp_path: Path, *options: str, monitor: Path = MONITOR) -> str:
    """What mitmdump prints before it ends with exit code 1."""
    policy = tmp_path / "one_rule.yml"
    policy.write_text(rule(1, "cs-host: a"))
    values = {"confdir": tmp_path, "weir_db": tmp_path / "records.db", "weir_policies": policy}
    names = [option.partition("=")[0] for option in options]
    sets = [f"{name}={value}" for name, value in values.items() if name not in names]
    command = [MITMDUMP, "-q", "-s", monitor, "--listen-host", "127.0.0.1", "-p", str(free_port())]
    done = subprocess.run(
        [*command, *(part for option in [*sets, *options] for part in ("--set", option))],
        capture_output=True,
        text=True,
        timeout=START_LIMIT,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("weir_on_error=ignore", "weir_on_error: 'ignore' is not one of block, pass"),
        ("weir_on_error", "weir_on_error: None is not one of block, pass"),
        ("weir_keep=lots", "weir_keep: 'lots' is no size; write it as in 512k, 8m or 1g"),
        ("weir_stream_above=-1", "weir_stream_above: '-1' is no size"),
        ("weir_commit_interval=0", "weir_commit_interval: 0 is not from 1 to 60000"),
        ("weir_commit_interval=1s", "weir_commit_interval: '1s' is no number of milliseconds"),
        ("weir_polices=x", "weir_polices: there is no such option; did you mean 'weir_policies'?"),
        ("weir_policies=/nonexistent", "weir_policies: "),
        ("weir_decoys=/nonexistent", "weir_decoys: /nonexistent"),
        ("weir_db=/nonexistent/records.db", "weir_db: "),
        ("weir_db=/proc/version", "weir_db: "),
        ("emudhra=true", "emudhra: signs with a CA key that is public"),
        ("store_streamed_bodies=true", "store_streamed_bodies: holds bodies without limit"),
    ],
)
def test_a_wrong_option_stops_the_start_and_says_why(
    tmp_path: Path, option: str, message: str
) -> None:
    output = failed_start(tmp_path, option)
    assert message in output
    assert "Traceback" not in output


def test_a_wrong_policy_stops_the_start_and_names_the_line(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yml"
    policy.write_text(rule(1, "cs-hots: a", "blokc"))
    output = failed_start(tmp_path, f"weir_policies={policy}")
    assert f"{policy}:6:" in output
    assert "cs-host" in output
    assert f"{policy}:10:" in output
    assert "'block'" in output


def test_an_option_that_is_given_twice_stops_the_start(tmp_path: Path) -> None:
    output = failed_start(tmp_path, "weir_db=a", "weir_db=b")
    assert "so nothing passes: weir_db was given twice" in output


def test_a_monitor_that_cannot_be_imported_stops_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "monitor.py"
    broken.write_text("import a_package_that_is_not_there\n")
    assert "a_package_that_is_not_there" in failed_start(tmp_path, monitor=broken)


@pytest.fixture
def copied_monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A monitor.py that may be spoilt while the proxy runs."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "addons"))
    copy = tmp_path / "monitor.py"
    shutil.copy(MONITOR, copy)
    return copy


def spoil(monitor: Path, content: str) -> None:
    monitor.write_text(content)
    later = monitor.stat().st_mtime + 5
    os.utime(monitor, (later, later))


@pytest.mark.parametrize("content", ["not python (", "addons = []\n", None])
def test_when_the_monitor_goes_while_the_proxy_runs_nothing_passes(
    start: Starter, origin: Origin, copied_monitor: Path, content: str | None
) -> None:
    proxy = start(policy=rule(1, "cs-host: x"), monitor=copied_monitor)
    assert curl(proxy, origin.url).returncode == 0
    if content is None:
        copied_monitor.unlink()
    else:
        spoil(copied_monitor, content)
    wait_for(lambda: curl(proxy, origin.url).returncode != 0, "the proxy closes")
    before = len(origin.requests)
    assert curl(proxy, origin.url).returncode != 0
    assert len(origin.requests) == before


def test_a_monitor_that_is_edited_takes_up_its_work_again(
    start: Starter, origin: Origin, copied_monitor: Path
) -> None:
    proxy = start(policy=rule(1, "c-uri|contains: second"), monitor=copied_monitor)
    spoil(copied_monitor, MONITOR.read_text() + "\n")
    wait_for(lambda: proxy.log.read_text().count("rules in force") == 2, "the second load")
    assert curl(proxy, f"{origin.url}/second").returncode == 0
    assert proxy.eventually("SELECT * FROM findings")


def test_mitmdump_lists_our_options_with_their_help(tmp_path: Path) -> None:
    help_text = subprocess.run(
        [MITMDUMP, "--set", f"confdir={tmp_path}", "-s", MONITOR, "--options"],
        capture_output=True,
        text=True,
        timeout=START_LIMIT,
        check=True,
    ).stdout
    for name in ("weir_db", "weir_policies", "weir_decoys", "weir_on_error", "weir_keep"):
        assert re.search(rf"# .+\n{name}:", help_text)


def test_a_client_that_comes_while_the_monitor_gets_ready_waits(
    origin: Origin, tmp_path: Path
) -> None:
    port = free_port()
    policy = tmp_path / "policy.yml"
    policy.write_text(rule(1, "cs-host: a"))
    sets = [f"confdir={tmp_path}", f"weir_db={tmp_path / 'db'}", f"weir_policies={policy}"]
    command = [MITMDUMP, "-q", "-s", MONITOR, "--listen-host", "127.0.0.1", "-p", str(port)]
    command += [part for option in sets for part in ("--set", option)]
    with subprocess.Popen(command) as process:
        try:
            wait_for(lambda: connects(port), "the port opens", START_LIMIT)
            ask = ["curl", "-sS", "-x", f"http://127.0.0.1:{port}", "--noproxy", "", origin.url]
            assert subprocess.check_output(ask, timeout=START_LIMIT) == b"hello 0"
        finally:
            process.terminate()


def connects(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
