"""``honeyweir payload``: the bytes that an event carried."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import click

from honeyweir.model import text
from honeyweir.review.detail import event_detail
from honeyweir.review.extract import SIDES, altered, carried
from honeyweir.review.identify import identify
from honeyweir.review.options import failure, reading
from honeyweir.review.payloads import Payload
from honeyweir.review.safe import is_plain, visible
from honeyweir.review.table import on_terminal


@click.command()
@click.argument("id_", metavar="ID")
@reading
@click.option("--side", type=click.Choice(SIDES), help="Which, if there is more than one.")
@click.option(
    "--original", "form", flag_value="original", help="Of what was altered: as it was sent."
)
@click.option("--altered", "form", flag_value="altered", help="Of what was altered: as it went on.")
@click.option("--decoded", is_flag=True, help="Undo content-encodings such as gzip.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file, readable for its owner alone.",
)
@click.option(
    "--force", is_flag=True, help="Replace a file; let a terminal have what is not plain text."
)
def payload(
    records: sqlite3.Connection,
    id_: str,
    side: str | None,
    form: str | None,
    decoded: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Write the bytes of a body or a message.

    They come just as they were kept. They are an adversary's: nothing in them was made safe.

    \b
    Examples:
      honeyweir payload 83517c26c59b --side response -o response.bin
      honeyweir payload 83517c26c59b --altered --decoded | less
    """
    detail = event_detail(records, identify(records, id_, "events").id)
    if form is None:
        found = carried(detail, side)
    else:
        found = altered(detail, side, original=form == "original")
    if found.truncated:
        click.echo(f"only the first {len(found.data)} of {found.size} bytes were kept", err=True)
    _write(_decoded(found) if decoded else found.data, output, force=force)


def _decoded(found: Payload) -> bytes:
    data, problem = found.decoded()
    if problem:
        click.echo(f"not all is decoded: {visible(problem)}", err=True)
    return data


def _write(data: bytes, output: Path | None, *, force: bool) -> None:
    if output is not None:
        _write_file(data, output, force=force)
    elif on_terminal() and not force and not is_plain(text(data)):
        raise failure(
            "these bytes could make the terminal do something: write them to a file with "
            "-o FILE, pipe them on, or insist with --force"
        )
    else:
        sys.stdout.buffer.write(data)


def _write_file(data: bytes, output: Path, *, force: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(output, flags, 0o600), "wb") as file:
            file.write(data)
    except FileExistsError:
        raise failure(f"{output} is there already; --force replaces it") from None
    except OSError as error:
        raise failure(f"{output} cannot be written: {error.strerror}") from error
