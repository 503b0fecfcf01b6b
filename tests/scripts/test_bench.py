"""scripts/bench: that it measures what it says, in the shortest run that has figures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench():
    def run(*arguments):
        command = [sys.executable, str(ROOT / "scripts/benchmark"), *arguments]
        environment = {"PYTHONPATH": str(ROOT / "addons"), "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=300, env=environment, check=False
        )

    return run


def test_speed_has_every_scenario_for_both_proxies(bench):
    result = bench("speed", "--seconds", "0.3", "--rounds", "1", "--json")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert list(figures["scenarios"]) == [
        "HTTP keep-alive",
        "HTTP new",
        "HTTPS keep-alive",
        "HTTPS new",
    ]
    for scenario in figures["scenarios"].values():
        assert scenario["throughput_ratio"] > 0
        for proxy in ("plain", "monitor"):
            row = scenario[proxy]
            assert row["requests"] > 0
            assert 0 < row["p50_ms"] <= row["p99_ms"]
    assert figures["peak_mb"]["monitor"] > 20


def test_memory_tells_what_a_body_takes_over_idle(bench):
    result = bench("memory", "--megabytes", "96", "--json")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    for transfer in ("upload", "download"):
        assert figures[transfer]["plain"]["over_idle_mb"] > 96
        assert figures[transfer]["monitor"]["over_idle_mb"] < 64


def test_a_wrong_option_is_wrong_usage(bench):
    result = bench("speed", "--rounds", "0")
    assert result.returncode == 2
    assert "--rounds" in result.stderr
