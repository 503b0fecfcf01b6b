"""Throughput, CPU time, latency and peak memory, in rounds in which the proxies take turns."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from load import SCENARIOS, Scenario, drive
from processes import PROXIES, Process, cores, origin, proxy

_SETTLE_SECONDS = 0.4  # more than a commit interval: what is still written is counted too
_WARM_UP_SECONDS = 1.0

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Tally:
    """All rounds of one proxy in one scenario."""

    rates: list[float] = field(default_factory=list)  # requests a second, one a round
    latencies: list[float] = field(default_factory=list)  # seconds
    cpu_seconds: float = 0.0

    def figures(self) -> dict[str, float]:
        """Requests a second, CPU ms a request, and two percentiles of the latency in ms."""
        percentiles = statistics.quantiles(self.latencies, n=100, method="inclusive")
        return {
            "requests": len(self.latencies),
            "requests_per_second": round(statistics.median(self.rates), 1),
            "cpu_ms": round(1000 * self.cpu_seconds / len(self.latencies), 3),
            "p50_ms": round(1000 * percentiles[49], 2),
            "p99_ms": round(1000 * percentiles[98], 2),
        }


def measure(folder: Path, seconds: float, rounds: int, progress: Progress) -> dict[str, object]:
    """All scenarios with both proxies; the keys are those of ``--json``."""
    os.sched_setaffinity(0, cores()[1])
    tallies = {(s.name, kind): Tally() for s in SCENARIOS for kind in PROXIES}
    with ExitStack() as stack:
        server = stack.enter_context(origin(folder / "origin"))
        running = {kind: stack.enter_context(proxy(folder / kind, kind)) for kind in PROXIES}
        steps = list(_steps(rounds))
        for number, (scenario, kind) in enumerate(steps):
            progress(f"{scenario.name}: {kind}", number, len(steps))
            if number < len(SCENARIOS) * len(PROXIES):
                drive(scenario, running[kind], server, min(seconds, _WARM_UP_SECONDS))
            tally = tallies[scenario.name, kind]
            _measure(tally, scenario, running[kind], server, seconds)
        peaks = {kind: round(running[kind].memory("VmHWM"), 1) for kind in PROXIES}
    progress("done", 1, 1)
    return {
        "seconds": seconds,
        "rounds": rounds,
        "scenarios": {
            s.name: _compare({kind: tallies[s.name, kind] for kind in PROXIES}) for s in SCENARIOS
        },
        "peak_mb": peaks,
    }


def _steps(rounds: int) -> Iterator[tuple[Scenario, str]]:
    """In every other round the monitor comes first: a drift of the machine favours neither."""
    for number in range(rounds):
        for scenario in SCENARIOS:
            for kind in PROXIES if number % 2 == 0 else reversed(PROXIES):
                yield scenario, kind


def _measure(
    tally: Tally, scenario: Scenario, process: Process, server: Process, seconds: float
) -> None:
    before = process.cpu_seconds()
    measurement = drive(scenario, process, server, seconds)
    time.sleep(_SETTLE_SECONDS)
    tally.cpu_seconds += process.cpu_seconds() - before
    tally.latencies += measurement.latencies
    tally.rates.append(len(measurement.latencies) / measurement.seconds)


def _compare(tallies: dict[str, Tally]) -> dict[str, object]:
    """The figures, and the monitor's share of plain throughput.

    ``throughput_ratio`` is the median over the rounds, in which both are measured one right after
    the other; ``cpu_ratio`` is of CPU time, which a busy machine disturbs less.
    """
    plain, monitor = (tallies[kind] for kind in PROXIES)
    ratios = [ours / theirs for ours, theirs in zip(monitor.rates, plain.rates, strict=True)]
    figures = {kind: tally.figures() for kind, tally in tallies.items()}
    return {
        **figures,
        "throughput_ratio": round(statistics.median(ratios), 3),
        "cpu_ratio": round(figures["plain"]["cpu_ms"] / figures["monitor"]["cpu_ms"], 3),
    }
