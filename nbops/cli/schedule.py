"""`nbops schedule NOTEBOOK|pipeline.yaml WHEN`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbops.cli.limits import limits, max_parallel
from nbops.cli.parameters import PREFIX, NotebookCommand, read_pairs
from nbops.cli.preflight import OF_JOB, inspect, preflight, show_findings
from nbops.cli.preflight import OPTIONS as PREFLIGHT
from nbops.errors import UsageError
from nbops.records import FORMAT, to_json

if TYPE_CHECKING:
    from nbops.scheduling.job import Job
    from nbops.scheduling.local.kept import Kept, KeptJob

_SHOWN = 5


@click.command(cls=NotebookCommand)
@click.argument("source", metavar="NOTEBOOK|pipeline.yaml", type=click.Path(path_type=Path))
@click.argument("when")
@click.option("-p", "parameters", metavar="NAME=VALUE", multiple=True, help="Set a parameter.")
@click.option(
    "--timezone", metavar="ZONE", help="Whose clock, such as Europe/Berlin; this machine's."
)
@click.option(
    "--on",
    "system",
    type=click.Choice(["cron", "systemd", "jupyter-scheduler"]),
    help="What does the waiting; cron where there is one, else systemd.",
)
@click.option(
    "--catch-up",
    type=click.Choice(["none", "last", "all"]),
    default="last",
    show_default=True,
    help="Of the runs missed while the machine was off, or another run was under way: which are made up for.",
)
@max_parallel
@limits
@preflight
@click.option("--name", metavar="NAME", help="What to call the job, instead of as the file.")
@click.option(
    "--credentials",
    metavar="SOURCE",
    help="Where its passwords and tokens are: a file of NAME=VALUE lines that only you can read,"
    " command:COMMAND that prints such lines (secret-tool, pass, keyring), or environment: what systemd gives.",
)
@click.option("--env-file", metavar="FILE", help="The same as --credentials FILE.")
@click.option(
    "--lock", metavar="FILE", type=click.Path(path_type=Path), help="Requirements to run in."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Change nothing; show the next times and what would be installed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def schedule(source: Path, when: str, as_json: bool, dry_run: bool, **options: Any) -> None:
    """Run NOTEBOOK, or a pipeline, on this machine whenever WHEN says.

    \b
        nbops schedule report.ipynb "every weekday at 6:30" -p depth=8
        nbops schedule report.ipynb "30 6 * * MON-FRI" --timezone Europe/Berlin
        nbops schedule pipeline.yaml "when data/raw/*.csv changes"
        nbops schedule train.ipynb "on the 1st of every month at 5am" --dry-run

    WHEN is cron (five fields, @daily), or words: every 15 minutes, hourly, every monday and thursday at 18:00,
    every 15 minutes between 9:00 and 16:45 on weekdays; and "when FILES change", alone or after them.

    The machine's own cron or systemd waits; `nbops jobs` shows what became of it, also of runs that were
    missed or cut off. It runs in the environment that the notebook was last recorded in, and refuses
    another one. Scheduling the same notebook again replaces its job. A failure, and that it is over, is told as
    [tool.nbops.notify] in pyproject.toml says.

    It is checked before, as `nbops check --for` does, and run once in a clean copy. --on jupyter-scheduler
    takes the Jupyter server that runs here.

    Exit codes: 0 done, 1 it was checked and must not run so, or the system refused, 2 what was typed cannot be
    meant.
    """  # noqa: D301 - click wants the character itself
    from nbops.scheduling.local.credentials import list_names
    from nbops.scheduling.local.install import choose_system, install_job, plan_job
    from nbops.scheduling.local.kept import Kept, jobs_home
    from nbops.scheduling.waiting import check_free, leave_elsewhere

    system = options["system"] or choose_system()
    if options["credentials"] and options["env_file"]:
        raise UsageError("--credentials and --env-file both name a source.", "Give one.")
    credentials = options["credentials"] or options["env_file"]
    params = [*options["parameters"], *_own_options(options)]
    job = _read(source, when, params, options | {"secrets": list_names(credentials)})
    check_free(job.name, job.source, system)
    if system == "jupyter-scheduler":
        _inspect(job, system, options, is_dry=dry_run, as_json=as_json)
        _install_in_jupyter(job, options, is_dry=dry_run, as_json=as_json)
        return
    planned = plan_job(
        job,
        when,
        params,
        system,
        credentials=credentials,
        cell_timeout_s=options["cell_timeout_s"],
    )
    # A dry run takes as long as the job: what can be refused was refused before.
    _inspect(job, system, options, is_dry=dry_run, as_json=as_json)
    kept = Kept(jobs_home() / planned.name) if dry_run else install_job(job, planned)
    if not dry_run:
        leave_elsewhere(job.name, job.source, system)
    if as_json:
        click.echo(to_json(_document(kept, planned, is_dry=dry_run), indent=2).decode())
    else:
        _tell(kept, planned, is_dry=dry_run)


def _inspect(
    job: "Job", system: str, options: dict[str, Any], *, is_dry: bool, as_json: bool
) -> None:
    """Look at the job as `nbops check --for` does, and end here when something stands in its way."""
    from nbops.scheduling.preflight import has_errors
    from nbops.scheduling.target import find_target

    how = {name: options[name] for name in PREFLIGHT}
    how["no_dry_run"] = how["no_dry_run"] or is_dry
    findings = inspect(job, find_target(system), **how)
    if has_errors(findings) and as_json:
        click.echo(to_json({"format": FORMAT, "findings": findings}, indent=2).decode())
    else:
        click.echo(show_findings(findings), nl=False, err=True)
    if has_errors(findings):
        raise click.exceptions.Exit(1)


def _install_in_jupyter(
    job: "Job", options: dict[str, Any], *, is_dry: bool, as_json: bool
) -> None:
    """Create the job in the Jupyter server that runs here."""
    from nbops.scheduling.jupyter.install import install_job
    from nbops.scheduling.times import next_times
    from nbops.scheduling.waiting import leave_elsewhere
    from nbops.scheduling.wording import show_words

    if options["credentials"] or options["env_file"]:
        raise UsageError(
            "--credentials goes with cron and systemd.", "The Jupyter server gives a job its own."
        )
    schedule = job.schedule
    coming = next_times(schedule, datetime.now(UTC), _SHOWN) if schedule else []
    done = None if is_dry else install_job(job)
    if done:
        leave_elsewhere(job.name, job.source, "jupyter-scheduler")
    if as_json:
        told = {
            "format": FORMAT,
            "job": job.name,
            "source": str(job.source),
            "is_dry_run": is_dry,
            "system": "jupyter-scheduler",
            "words": show_words(schedule) if schedule else None,
            "timezone": schedule.timezone if schedule else None,
            "next_times": [moment.isoformat() for moment in coming],
            "definition": done.definition_id if done else None,
            "server": done.server.url if done else None,
        }
        click.echo(to_json(told, indent=2).decode())
        return
    would = "would run" if is_dry else "runs"
    words = show_words(schedule) if schedule else "when asked"
    click.echo(f"{job.name} {would} {words}, by jupyter-scheduler.")
    for moment in coming:
        click.echo(f"  {moment:%a %Y-%m-%d %H:%M %z}")
    if done:
        click.echo(
            f"JupyterLab at {done.server.url} lists it under Notebook Jobs, and so does `nbops jobs`."
        )


def _own_options(options: dict[str, Any]) -> list[str]:
    """Parameters that were typed as options of the notebook's own, such as `--depth 8`."""
    return [
        f"{name.removeprefix(PREFIX)}={text}"
        for name, text in options.items()
        if name.startswith(PREFIX) and text is not None
    ]


def _read(source: Path, when: str, params: list[str], options: dict[str, Any]) -> "Job":
    from nbops.scheduling.job import check_complete, read_job

    own = {name: options[name] for name in OF_JOB}
    job = read_job(source, read_pairs(params, {}), when, **own)
    check_complete(job)
    return job


def _document(kept: "Kept", job: "KeptJob", *, is_dry: bool) -> dict[str, Any]:
    from nbops.scheduling.local.install import show_installed
    from nbops.scheduling.times import next_times
    from nbops.scheduling.wording import show_words

    coming = next_times(job.schedule, datetime.now(UTC), _SHOWN)
    return {
        "format": FORMAT,
        "job": job.name,
        "source": job.source,
        "is_dry_run": is_dry,
        "system": job.system,
        "words": show_words(job.schedule),
        "timezone": job.timezone,
        "watched": list(job.schedule.watched),
        "next_times": [moment.isoformat() for moment in coming],
        "installed": show_installed(kept, job),
    }


def _tell(kept: "Kept", job: "KeptJob", *, is_dry: bool) -> None:
    from nbops.scheduling.local import cron, systemd
    from nbops.scheduling.local.install import show_installed
    from nbops.scheduling.times import next_times
    from nbops.scheduling.wording import show_words

    would = "would run" if is_dry else "runs"
    click.echo(f"{job.name} {would} {show_words(job.schedule)} ({job.timezone}), by {job.system}.")
    for moment in next_times(job.schedule, datetime.now(UTC), _SHOWN):
        click.echo(f"  {moment:%a %Y-%m-%d %H:%M %z}")
    if is_dry:
        click.echo("This would be installed:")
        for line in show_installed(kept, job):
            click.echo(f"  {line}".rstrip())
        return
    if job.system == "cron" and cron.is_running() is False:
        click.echo("nbops: no cron daemon seems to run: service cron start", err=True)
    if job.system == "systemd" and not systemd.lingers():
        click.echo(
            "nbops: it runs while you are logged in; loginctl enable-linger changes that.", err=True
        )
    click.echo(f"Look at it: nbops jobs. Try it now: nbops jobs run {job.name}")
