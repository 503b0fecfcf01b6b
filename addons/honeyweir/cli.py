"""``honeyweir ...``: the command line. A command is a module of its own, loaded when asked for."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import sys
from io import TextIOWrapper

import click

from honeyweir import __version__

COMMANDS = {
    "status": "honeyweir.review.commands.status",
    "events": "honeyweir.review.commands.events",
    "findings": "honeyweir.review.commands.findings",
    "show": "honeyweir.review.commands.show",
    "timeline": "honeyweir.review.commands.timeline",
    "payload": "honeyweir.review.commands.payload",
    "sql": "honeyweir.review.commands.sql",
    "verify": "honeyweir.review.commands.verify",
    "check": "honeyweir.review.commands.check",
    "ca": "honeyweir.gateway.ca_command",
}
"""Each command's name and its module, in which it has the same name; help lists them in this order.
They are loaded late, because reading a table need not wait for cryptography or a rule parser."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(module), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command. What the system refuses, a full disk say, is told and not traced."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly
            _discard_output()
            told = (error.filename, error.strerror)
            raise click.ClickException(": ".join(str(part) for part in told if part)) from error
        return result


def _discard_output() -> None:
    """What could not be written would be tried again at the end."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="honeyweir")
def main() -> None:
    """honeyweir: the inspection proxy at the exit of a deception network.

    These commands read its records, check its policies and keep its certificate authority. What
    each does, with examples: `honeyweir COMMAND --help`.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know no UTF-8
