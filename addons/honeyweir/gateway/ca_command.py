"""``honeyweir ca``: the certificate authority, from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from honeyweir import paths
from honeyweir.gateway.ca import Authority, CaError, Subject, ensure_ca, ordinary_subject


@click.group()
def ca() -> None:
    """The certificate authority that signs what clients see."""


@ca.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=paths.state_folder,
    show_default="$HONEYWEIR_HOME, or ~/.honeyweir",
    help="Where the files are; give mitmproxy the same folder as confdir.",
)
@click.option("--common-name", help="The subject's name [default: drawn from ordinary ones].")
@click.option("--organization", help="The subject's organization [default: drawn likewise].")
def init(folder: Path, common_name: str | None, organization: str | None) -> None:
    """Make a CA where there is none, and tell what is there.

    A CA that is there is never replaced. To use another, move its file away first.
    """
    drawn = ordinary_subject()
    try:
        subject = Subject(common_name or drawn.common_name, organization or drawn.organization)
        authority = ensure_ca(folder, subject)
    except CaError as error:
        raise click.ClickException(str(error)) from error
    _tell(authority)


def _tell(authority: Authority) -> None:
    verb = "made" if authority.created else "kept"
    click.echo(f"{verb} {authority.subject}, valid until {authority.not_after:%Y-%m-%d}")
    click.echo(f"  {authority.certificate}  for clients to trust")
    click.echo(f"  {authority.key}  its key: stays here")
    for concern in authority.concerns():
        click.echo(f"warning: {concern}", err=True)
