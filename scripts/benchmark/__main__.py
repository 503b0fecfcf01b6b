"""``scripts/bench``: what the monitor costs, measured on loopback beside mitmdump alone."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click
import memory
import report
import speed
from processes import BenchmarkError


@click.group(invoke_without_command=True)
@click.pass_context
def bench(context: click.Context) -> None:
    """Measure mitmdump with the monitor against mitmdump alone, on loopback.

    Without a command: `speed`.
    """
    if context.invoked_subcommand is None:
        context.invoke(measure_speed)


@bench.command("speed")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 60),
    default=2.0,
    show_default=True,
    help="How long one measurement of one proxy in one scenario takes.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 20),
    default=5,
    show_default=True,
    help="How often each is measured, in turns.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def measure_speed(seconds: float, rounds: int, *, as_json: bool) -> None:
    """Requests per second, CPU time, latency, peak memory. About two minutes."""
    with tempfile.TemporaryDirectory(prefix="honeyweir-bench-") as folder:
        figures = speed.measure(Path(folder), seconds, rounds, report.progress)
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        report.show_speed(figures)


@bench.command("memory")
@click.option(
    "--megabytes",
    type=click.IntRange(1, 4096),
    default=1024,
    show_default=True,
    help="The size of the upload and of the download.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def measure_memory(megabytes: int, *, as_json: bool) -> None:
    """Peak memory over idle while one large body passes. Half a minute.

    mitmdump alone holds bodies whole: it takes more memory than the body has.
    """
    with tempfile.TemporaryDirectory(prefix="honeyweir-bench-") as folder:
        figures = memory.measure(Path(folder), megabytes, report.progress)
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        report.show_memory(figures)


def main() -> None:
    """Run, with failures of the set-up as messages."""
    try:
        bench(prog_name="scripts/bench")
    except BenchmarkError as error:
        raise SystemExit(f"scripts/bench: {error}") from error


if __name__ == "__main__":
    main()
