"""The figures as tables, and how far the measurement is."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

_GOAL = 0.9  # of the throughput of mitmdump alone
_MEMORY_GOAL_MB = 64  # over idle

_errors = Console(stderr=True)


def progress(what: str, done: int, of: int) -> None:
    """One line that is overwritten in a terminal; nothing elsewhere."""
    if _errors.is_terminal:
        _errors.print(f"{100 * done // of:3} %  {what:<40}", end="\r", highlight=False)


def show_speed(figures: dict[str, Any]) -> None:
    """A row a scenario and proxy."""
    table = Table(title=f"{figures['rounds']} rounds of {figures['seconds']:g} s, one core a proxy")
    table.add_column("scenario", no_wrap=True)
    table.add_column("proxy", no_wrap=True)
    for column in ("req/s", "CPU ms", "p50 ms", "p99 ms", "x req/s", "x CPU"):
        table.add_column(column, justify="right")
    for name, scenario in figures["scenarios"].items():
        _add_row(table, name, "mitmdump", scenario["plain"])
        ratios = (scenario["throughput_ratio"], scenario["cpu_ratio"])
        _add_row(table, "", "+ monitor", scenario["monitor"], *ratios)
        table.add_section()
    console = Console()
    console.print(table)
    peaks = figures["peak_mb"]
    console.print(
        f"peak memory: mitmdump {peaks['plain']:.0f} MB, with the monitor {peaks['monitor']:.0f} MB"
    )
    lowest = min(scenario["throughput_ratio"] for scenario in figures["scenarios"].values())
    console.print(
        f"x: against mitmdump alone (1: the same); the lowest req/s is {lowest:.2f} (goal: {_GOAL})"
    )


def _add_row(table: Table, name: str, proxy: str, row: dict[str, float], *ratios: float) -> None:
    cells = [
        f"{row['requests_per_second']:.0f}",
        f"{row['cpu_ms']:.2f}",
        f"{row['p50_ms']:.0f}",
        f"{row['p99_ms']:.0f}",
    ]
    table.add_row(name, proxy, *cells, *(f"{ratio:.2f}" for ratio in ratios))


def show_memory(figures: dict[str, Any]) -> None:
    """A row a transfer and proxy."""
    table = Table(title=f"one body of {figures['megabytes']} MB, memory in MB")
    table.add_column("transfer")
    table.add_column("proxy", no_wrap=True)
    for column in ("idle", "peak", "over idle"):
        table.add_column(column, justify="right")
    for name in ("upload", "download"):
        for kind, label in (("plain", "mitmdump"), ("monitor", "+ monitor")):
            row = figures[name][kind]
            cells = (f"{row[key]:.0f}" for key in ("idle_mb", "peak_mb", "over_idle_mb"))
            table.add_row(name, label, *cells)
    console = Console()
    console.print(table)
    console.print(f"goal with the monitor: less than {_MEMORY_GOAL_MB} MB over idle")
