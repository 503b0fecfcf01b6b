"""The options that the reading commands share, and what happens to their errors."""

from __future__ import annotations

import functools
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from honeyweir import paths
from honeyweir.model import LEVELS, Level
from honeyweir.record.errors import RecordError, explain
from honeyweir.review.database import open_records
from honeyweir.review.filters import Filters
from honeyweir.review.safe import visible
from honeyweir.review.times import parse

PROTOCOLS = ("tcp", "udp", "tls", "http", "websocket", "dns")

Command = Callable[..., None]


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """A time on the command line, as microseconds since 1970."""
    del ctx, param  # click adds to the error which option it was
    try:
        return None if value is None else parse(value, time.time_ns() // 1000)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


db_option = click.option(
    "--db",
    "path",
    type=click.Path(path_type=Path),
    default=paths.records,
    show_default="$HONEYWEIR_DB, or records.db in $HONEYWEIR_HOME, or in ~/.honeyweir",
    metavar="FILE",
    help="The records database.",
)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="JSON, for programs; its keys are listed below."
)


def limit_option(default: int, what: str) -> Callable[[Command], Command]:
    """How many of the newest are wanted."""
    return click.option(
        "--limit",
        type=click.IntRange(min=0),
        default=None,
        show_default=f"{default}; with --json: 0",
        help=f"Only the newest {what}, this many of them; 0 for all.",
    )


def rows_wanted(limit: int | None, default: int, *, as_json: bool) -> int:
    """The limit that is in force: a program gets all that it does not limit itself."""
    if limit is not None:
        return limit
    return 0 if as_json else default


_FILTERS = (
    click.option(
        "--decoy", "decoys", multiple=True, metavar="NAME", help="Of this decoy; repeatable."
    ),
    click.option(
        "--host",
        "hosts",
        multiple=True,
        metavar="NAME",
        help="To this host or a subdomain of it; repeatable.",
    ),
    click.option(
        "--since",
        callback=_moment,
        metavar="TIME",
        help="From then on: 2025-11-24T19:30 (UTC where it names no offset), or how long ago: "
        "10m, 2h, 3d.",
    ),
    click.option("--until", callback=_moment, metavar="TIME", help="Up to then, written likewise."),
    click.option(
        "--level",
        type=click.Choice([str(level) for level in LEVELS]),
        help="With a finding of this level or above.",
    ),
    click.option(
        "--protocol",
        "protocols",
        type=click.Choice(PROTOCOLS),
        multiple=True,
        help="Of this protocol; repeatable.",
    ),
    click.option(
        "--text",
        "texts",
        multiple=True,
        metavar="WORDS",
        help="With these words, in this order, in URL, headers, body or message; repeat it for "
        "more that must be there.",
    ),
)


def filtered(command: Command) -> Command:
    """Give a command the options that filter, as one ``filters``."""

    @functools.wraps(command)
    def collect(
        *,
        decoys: tuple[str, ...],
        hosts: tuple[str, ...],
        since: int | None,
        until: int | None,
        level: str | None,
        protocols: tuple[str, ...],
        texts: tuple[str, ...],
        **others: Any,
    ) -> None:
        filters = Filters(
            decoys=decoys,
            hosts=hosts,
            since=since,
            until=until,
            level=None if level is None else Level(level),
            protocols=protocols,
            texts=texts,
        )
        command(filters=filters, **others)

    for option in reversed(_FILTERS):
        collect = option(collect)
    return collect


def reading(command: Command) -> Command:
    """Give a command ``--db``, and what it names as ``records``, open for reading."""

    @db_option
    @functools.wraps(command)
    def read(*, path: Path, **others: Any) -> None:
        try:
            records = open_records(path)
            try:
                command(records=records, **others)
            finally:
                records.close()
        except RecordError as error:
            raise failure(str(error)) from error
        except sqlite3.Error as error:
            raise failure(explain(error, path)) from error
        except json.JSONDecodeError as error:
            raise failure(
                f"{path} holds something that honeyweir did not write ({error}): "
                "see what with `honeyweir verify`"
            ) from error

    return read


def failure(message: str) -> click.ClickException:
    """What ends a command with exit code 1. A message may quote what somebody typed or sent."""
    return click.ClickException("\n".join(map(visible, message.split("\n"))))
