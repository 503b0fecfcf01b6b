"""``honeyweir verify``: whether the records are as they were written."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from honeyweir.record.errors import RecordError
from honeyweir.review.database import open_records, require, select_one
from honeyweir.review.options import db_option, failure, json_option
from honeyweir.review.output import documented, write_json_lines
from honeyweir.review.proof_page import proof_page
from honeyweir.review.times import iso

if TYPE_CHECKING:
    from honeyweir.record.report import Report

KEYS = {
    "ok": "true where nothing was changed, removed or inserted",
    "batches": "that were checked",
    "rows": "that were checked",
    "checkpoints": "signatures that were checked",
    "unsigned_rows": "rows since the last checkpoint",
    "last_batch": "number of the last batch",
    "last_time": "when it was committed, ISO 8601, UTC, or null",
    "last_hash": "its hash, which stands for all before it, or null",
    "key": "SHA-256 of the public key that signed, or null",
    "key_given": "whether there was a key to check against",
    "public_key": "the key that signed, in PEM, or null",
    "problems": "array of {kind, message, table, seq, id, batch, time}",
    "problem_count": "how many there are; the array has the first",
    "notices": "array of what is worth knowing, and proves no change",
}
"""The keys of the outcome in JSON, in their order."""


@click.command(epilog=documented(KEYS, "Keys of the JSON object"))
@db_option
@click.option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PEM",
    show_default="honeyweir-evidence.pem beside the records, if it is there",
    help="The key that must have signed: the public one, or the private one it belongs to.",
)
@json_option
@click.pass_context
def verify(ctx: click.Context, path: Path, key_file: Path | None, as_json: bool) -> None:
    """Prove that the records are unchanged.

    Every row is compared with the chain of hashes, and the chain with its signatures. Exit code 1
    if anything was changed, removed or inserted.

    \b
    Examples:
      honeyweir verify
      honeyweir verify --db handed-over.db --key public.pem
    """
    key_file = key_file or _key_beside(path)
    try:
        report, public_key = _verify(path, key_file)
    except RecordError as error:
        raise failure(str(error)) from error
    if as_json:
        keys = {"key_given": key_file is not None, "public_key": public_key}
        write_json_lines([_json(report) | keys])
    else:
        proof_page(report, key_file, public_key).write()
    if not report.ok:
        ctx.exit(1)


def _key_beside(path: Path) -> Path | None:
    from honeyweir.record.keys import KEY_NAME

    beside = path.with_name(KEY_NAME)
    return beside if beside.is_file() else None


def _verify(path: Path, key_file: Path | None) -> tuple[Report, str | None]:
    """The outcome, and the public key that signed in PEM."""
    # Cryptography takes a while to load, and no other command needs it.
    from honeyweir.record.keys import public_key, public_text
    from honeyweir.record.verify import verify as verify_records

    try:
        key = public_key(key_file.read_bytes()) if key_file else None
    except OSError as error:
        raise RecordError(f"{key_file} cannot be read: {error.strerror}") from error
    require(path)
    with _Progress() as progress:
        report = verify_records(path, key, progress.tell)
    return report, public_text(key) if key else _signer(path)


def _signer(path: Path) -> str | None:
    """The public key that the records themselves name, in PEM."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from honeyweir.record.keys import public_text

    try:
        with contextlib.closing(open_records(path)) as records:
            row = select_one(records, "SELECT public_key FROM checkpoints ORDER BY batch LIMIT 1")
        return public_text(Ed25519PublicKey.from_public_bytes(row["public_key"])) if row else None
    except (ValueError, sqlite3.Error):
        return None  # the report says what is wrong


class _Progress:
    """How far it is, on one line of standard error while somebody looks at it."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._shown = False

    def tell(self, batch: int, last: int) -> None:
        if self._watched:
            click.echo(f"\rbatch {batch} of {last}", nl=False, err=True)
            self._shown = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            click.echo(err=True)


def _json(report: Report) -> dict[str, Any]:
    told = {"ok": report.ok} | dataclasses.asdict(report)
    for moment in (told, *told["problems"]):
        name = "last_time" if moment is told else "time"
        moment[name] = None if moment[name] is None else iso(moment[name])
    return told
