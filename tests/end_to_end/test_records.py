"""What was let through is in the records, whatever becomes of the process or the disk."""

import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from honeyweir.record.verify import verify
from stage import Origin, Proxy, Starter, curl, rule, wait_for

PASS = rule(1, "cs-host: nowhere.invalid")
COMMIT_INTERVAL = 0.2


class Load(threading.Thread):
    """Asks for one numbered page after the other, and notes when each answer was there."""

    def __init__(self, proxy: Proxy, origin: Origin) -> None:
        super().__init__(daemon=True)
        self.answered: dict[str, float] = {}
        self.stopping = threading.Event()
        self._url = origin.url
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy.url}))

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            path = f"/page/{self.name}/{number}"
            try:
                self._opener.open(self._url + path, timeout=10).read()
            except OSError:
                continue
            self.answered[path] = time.monotonic()
            number += 1


@pytest.fixture
def loads() -> Iterator[list[Load]]:
    running: list[Load] = []
    yield running
    for load in running:
        load.stopping.set()
    for load in running:
        load.join(15)


def begin(loads: list[Load], proxy: Proxy, origin: Origin, threads: int = 4) -> None:
    for _ in range(threads):
        load = Load(proxy, origin)
        load.start()
        loads.append(load)


def recorded(proxy: Proxy) -> set[str]:
    return {
        row["path"] for row in proxy.rows("SELECT path FROM requests JOIN replies USING (event)")
    }


def test_a_killed_process_costs_at_most_the_last_interval(
    start: Starter, origin: Origin, loads: list[Load]
) -> None:
    proxy = start(policy=PASS)
    begin(loads, proxy, origin)
    wait_for(lambda: sum(len(load.answered) for load in loads) > 300, "some load", 30)
    killed = time.monotonic()
    proxy.kill()
    due = {
        path
        for load in loads
        for path, time_ in load.answered.items()
        if time_ < killed - COMMIT_INTERVAL
    }
    assert len(due) > 100
    assert due <= recorded(proxy)
    assert [row[0] for row in proxy.rows("PRAGMA integrity_check")] == ["ok"]
    assert verify(proxy.db).ok


def test_two_proxies_write_to_one_database(
    start: Starter, origin: Origin, loads: list[Load]
) -> None:
    first = start(policy=PASS)
    second = start(beside=first, policy=PASS)
    begin(loads, first, origin, 2)
    begin(loads, second, origin, 2)
    wait_for(lambda: all(len(load.answered) > 50 for load in loads), "load on both", 30)
    for load in loads:
        load.stopping.set()
    for load in loads:
        load.join(15)
    first.stop()
    second.stop()
    assert {path for load in loads for path in load.answered} <= recorded(first)
    assert verify(first.db).ok


def test_a_stopped_proxy_has_written_and_signed_everything(start: Starter, origin: Origin) -> None:
    proxy = start("--set", "weir_commit_interval=60000", policy=PASS)
    curl(proxy, f"{origin.url}/last")
    proxy.stop()
    assert recorded(proxy) == {"/last"}
    report = verify(proxy.db)
    assert report.ok
    assert report.unsigned_rows == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.root
def test_a_full_disk_stops_the_traffic_until_there_is_room(
    start: Starter, origin: Origin, small_disk: Path
) -> None:
    proxy = start(db=small_disk / "records.db", policy=PASS)
    assert curl(proxy, origin.url).returncode == 0
    proxy.eventually("SELECT * FROM replies")
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(bytes(16 << 20))
    wait_for(lambda: curl(proxy, f"{origin.url}/full").returncode != 0, "the traffic stops", 30)
    before = len(origin.requests)
    assert curl(proxy, f"{origin.url}/still").returncode != 0
    assert len(origin.requests) == before
    assert "nothing can be recorded" in proxy.log.read_text()
    ballast.unlink()
    wait_for(lambda: curl(proxy, f"{origin.url}/again").returncode == 0, "it goes on", 30)
    proxy.stop()
    assert "/again" in recorded(proxy)
    assert verify(proxy.db).ok


LARGE = 300 << 20
ALLOWED = 64 << 10  # KiB


def peak(proxy: Proxy) -> int:
    """The most memory that the process ever had, in KiB."""
    status = Path(f"/proc/{proxy.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_large_bodies_do_not_fill_the_memory(
    start: Starter, origin: Origin, tmp_path: Path
) -> None:
    proxy = start(policy=rule(1, "request_body|contains: no such text"))
    body = tmp_path / "body"
    body.write_bytes(bytes(range(256)) * (LARGE >> 8))
    origin.pages["/large"] = (200, {}, body.read_bytes())
    curl(proxy, origin.url)
    idle = peak(proxy)
    assert curl(proxy, "-H", "Expect:", "-T", str(body), "-X", "POST", origin.url).returncode == 0
    assert curl(proxy, "-o", "/dev/null", f"{origin.url}/large", limit=90).returncode == 0
    assert peak(proxy) - idle < ALLOWED
    sizes = proxy.eventually("SELECT size FROM bodies WHERE size >= ?", LARGE, count=2)
    assert [row["size"] for row in sizes] == [LARGE, LARGE]


MODES = {
    "regular": ["-x", "http://127.0.0.1:{port}"],
    "socks5": ["-x", "socks5h://127.0.0.1:{port}"],
    "reverse:http://127.0.0.1:{origin}": [],
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_recorded(start: Starter, origin: Origin, mode: str) -> None:
    proxy = start(mode=mode.format(origin=origin.port), policy=PASS)
    via = [part.format(port=proxy.port) for part in MODES[mode]]
    url = origin.url if via else proxy.url
    subprocess.run(
        ["curl", "-sS", "--noproxy", "" if via else "*", *via, f"{url}/m"], check=True, timeout=20
    )
    (row,) = proxy.eventually(
        "SELECT mode, dst_port, path FROM requests JOIN events ON events.id = requests.event"
        " JOIN connections ON connections.event = events.connection"
    )
    assert (row["mode"], row["path"]) == (mode.partition(":")[0], "/m")
    assert row["dst_port"] == origin.port
