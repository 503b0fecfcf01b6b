"""``scripts/run --demo``, ``python -m honeyweir.demo``: plays, and shows what was recorded."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from honeyweir.demo import gateway, origins
from honeyweir.demo.acts import ADDRESSES, C2, NAMES, SHELL_PORT, acts
from honeyweir.demo.play import play


@click.command()
@click.option("--keep", is_flag=True, help="Keep the records, and tell where they are.")
def demo(*, keep: bool) -> None:
    """Play half a minute of a deception network's traffic, and show what is found in it.

    Decoys browse, chat and look for updates; one of them has a beacon, and an intruder fetches
    tools, opens a shell and carries files out. All of it runs on this machine and is inert; it goes
    through the real gateway, with the policies that ship and one that alters.
    """
    console = Console()
    with state_folder(keep=keep) as folder:
        database = folder / "records.db"
        try:
            _perform(folder, console)
        except gateway.GatewayError as error:
            raise click.ClickException(str(error)) from error
        for arguments in (["findings"], ["timeline"], ["verify"]):
            _read(console, database, arguments)
    if keep:
        reader = Path(sysconfig.get_path("scripts")) / "honeyweir"
        console.print(f"\nThe records are kept: {reader} status --db {database}", soft_wrap=True)


def _perform(folder: Path, console: Console) -> None:
    console.print(
        f"{len(ADDRESSES)} decoys, {len(NAMES)} sites and a gateway, all on this machine."
    )
    with (
        origins.running(folder / "origins", NAMES) as outside,
        gateway.running(folder, _places(outside), outside.dns, outside.ca) as inside,
    ):
        play(acts(), inside, console)


def _places(outside: origins.Origins) -> gateway.Origins:
    ports = {80: outside.http, 443: outside.https, SHELL_PORT: outside.tcp}
    return {
        f"{name}:{port}": (origins.ADDRESS, served)
        for name in NAMES
        for port, served in ports.items()
        if port != SHELL_PORT or name == C2
    }


@contextmanager
def state_folder(*, keep: bool) -> Iterator[Path]:
    """A folder for one performance, removed after it unless it is to be kept."""
    folder = Path(tempfile.mkdtemp(prefix="honeyweir-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder)


def _read(console: Console, database: Path, arguments: list[str]) -> None:
    """Call the command that an analyst calls, with its output where ours is."""
    console.print(f"\n$ honeyweir {' '.join(arguments)}", style="bold", highlight=False)
    sys.stdout.flush()
    command = [sys.executable, "-m", "honeyweir", *arguments, "--db", str(database)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 (our own program)
        raise click.ClickException(f"honeyweir {arguments[0]} failed")


if __name__ == "__main__":
    demo(prog_name="scripts/run --demo")
