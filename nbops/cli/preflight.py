"""What `check --for`, `export` and `schedule` have in common: the preflight's options, and how it is told."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nbops.views.text import cut

if TYPE_CHECKING:
    from nbops.scheduling.job import Job
    from nbops.scheduling.preflight import Finding
    from nbops.scheduling.target import Target

OF_JOB = (
    "timezone",
    "name",
    "lock",
    "timeout_s",
    "retries",
    "catch_up",
    "max_parallel",
    "secrets",
)
"""Options that `export` and `schedule` hand to `read_job` as they are."""
OPTIONS = ("ignore", "no_dry_run", "dry_run_limit")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def preflight(command: _Command) -> _Command:
    """Add `--ignore`, `--no-dry-run` and `--dry-run-limit`, which `inspect` reads."""
    options = (
        click.option(
            "--ignore",
            metavar="KIND",
            multiple=True,
            help="Do not look for this; nbops check --help lists the kinds.",
        ),
        click.option(
            "--no-dry-run", is_flag=True, help="Do not run it once in a clean copy before."
        ),
        click.option(
            "--dry-run-limit",
            metavar="SECONDS",
            type=click.FloatRange(0, min_open=True),
            default=600.0,
            show_default=True,
            help="How long that may take.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def inspect(
    job: "Job",
    target: "Target | None",
    *,
    ignore: Sequence[str],
    no_dry_run: bool,
    dry_run_limit: float,
) -> "list[Finding]":
    """Look at a job before it leaves, and tell on stderr how its dry run goes on.

    Raises
    ------
    UsageError
        There is no such kind to ignore.
    """
    from nbops.scheduling.preflight import check_job

    is_shown = sys.stderr.isatty()
    shown = ""

    def tell(line: str) -> None:
        nonlocal shown
        text = cut(f"dry run: {line}", 100)
        if is_shown:
            click.echo(f"\r{text.ljust(len(shown))}\r{text}", nl=False, err=True)
        shown = text

    try:
        return check_job(
            job,
            target,
            dry_run=not no_dry_run,
            ignore=ignore,
            limit_s=dry_run_limit,
            tell=tell,
        )
    finally:
        if shown and is_shown:
            click.echo(f"\r{' ' * len(shown)}\r", nl=False, err=True)


def show_findings(findings: "Sequence[Finding]") -> str:
    """Findings as a person reads them: level and kind, the cell, what is wrong, the way out."""
    lines = []
    for one in findings:
        place = f"{one.notebook or 'the job'}"
        if one.cell is not None:
            place += f" [{one.cell_id}] {cut(one.cell, 60)}"
        lines += [f"{one.level:<8} {one.kind:<12} {place}", f"{'':<22}{one.message}"]
        lines += [f"{'':<22}→ {one.hint}", ""]
    return "\n".join(lines)


def count_findings(findings: "Sequence[Finding]") -> str:
    """How many there are: `2 errors, 1 warning`; `nothing` when none."""
    counts = [
        f"{count} {level}{'s' if count > 1 else ''}"
        for level in ("error", "warning")
        if (count := sum(one.level == level for one in findings))
    ]
    return ", ".join(counts) or "nothing"
