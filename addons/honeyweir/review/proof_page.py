"""What `verify` found, for people."""

from __future__ import annotations

from pathlib import Path

from honeyweir.record.report import Problem, Report
from honeyweir.review.page import Page
from honeyweir.review.times import iso


def proof_page(report: Report, key_file: Path | None, public_key: str | None) -> Page:
    """The page; ``public_key`` is the one that signed, in PEM."""
    page = Page()
    if report.ok:
        page.title("The records are as they were written.", "green")
    else:
        page.title(f"The records were changed; problems: {report.problem_count}", "red")
        page.lines(map(_problem_line, report.problems), "red")
        if report.problem_count > len(report.problems):
            page.lines([f"[{report.problem_count - len(report.problems)} more]"])
    page.fields(_facts(report, key_file))
    page.lines(report.notices, "yellow")
    if public_key:
        page.heading("public key, to be handed over apart from the records")
        page.verbatim(public_key)
    return page


def _problem_line(problem: Problem) -> str:
    if problem.batch is None:
        return problem.message
    committed = "" if problem.time is None else f", committed {iso(problem.time)}"
    return f"{problem.message} (batch {problem.batch}{committed})"


def _facts(report: Report, key_file: Path | None) -> dict[str, object]:
    against = f", the key in {key_file}" if key_file else ": compare it with the one you were given"
    return {
        "rows": report.rows,
        "batches": report.batches,
        "last commit": None if report.last_time is None else iso(report.last_time),
        "last hash": report.last_hash,
        "checkpoints": report.checkpoints,
        "signed by": report.key and f"{report.key}{against}",
        "rows not signed yet": report.unsigned_rows or None,
    }
