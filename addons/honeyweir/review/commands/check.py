"""``honeyweir check``: whether a policy can be put in force."""

from __future__ import annotations

from pathlib import Path

import click

from honeyweir.review.output import documented, write_json_lines
from honeyweir.review.safe import visible

KEYS = {
    "path": "the file, or the folder",
    "line": "from 1; 0 is the file as a whole",
    "column": "from 1",
    "message": "what is wrong",
    "hint": "what to do, or empty",
}
"""The keys of a problem in JSON, in their order."""


@click.command(epilog=documented(KEYS))
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines, one for each problem.")
@click.pass_context
def check(ctx: click.Context, paths: tuple[Path, ...], as_json: bool) -> None:
    """Tell all that is wrong with policies.

    Files and folders of rules are read as the proxy reads them. Exit code 1 if anything is wrong.

    \b
    Examples:
      honeyweir check policies
      honeyweir check my-rules.yml policies --json
    """
    # Both take a while to load, and no other command needs them.
    from honeyweir.policy.check import check as check_policy
    from honeyweir.respond import ACTIONS

    report = check_policy(paths, ACTIONS)
    if as_json:
        write_json_lines(
            {key: getattr(problem, key) for key in KEYS} | {"path": str(problem.path)}
            for problem in report.problems
        )
    else:
        for line in str(report).splitlines():
            click.echo(visible(line))
    if report.problems:
        ctx.exit(1)
