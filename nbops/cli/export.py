"""`nbops export NOTEBOOK|pipeline.yaml --to TARGET`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbops.cli.limits import max_parallel, whole_limits
from nbops.cli.parameters import NotebookCommand, read_pairs
from nbops.cli.preflight import OF_JOB, inspect, preflight, show_findings
from nbops.cli.preflight import OPTIONS as PREFLIGHT
from nbops.errors import UsageError
from nbops.records import FORMAT, to_json

if TYPE_CHECKING:
    from nbops.scheduling.folder import Exported
    from nbops.scheduling.job import Job
    from nbops.scheduling.preflight.findings import Finding
    from nbops.scheduling.target import Emission

_PATH = click.Path(path_type=Path)


@click.command(cls=NotebookCommand)
@click.argument("source", metavar="NOTEBOOK|pipeline.yaml", type=_PATH, required=False)
@click.option("--to", "to", metavar="TARGET", help="The system; --list tells which there are.")
@click.option(
    "-p", "parameters", metavar="NAME=VALUE", multiple=True, help="Set a parameter's default."
)
@click.option("--schedule", metavar="WHEN", help="When it runs, in words or as cron.")
@click.option("--timezone", metavar="ZONE", help="Whose clock, such as Europe/Berlin.")
@click.option("--on", "event", type=click.Choice(["push"]), help="Run what a push changes, too.")
@click.option("-o", "output", metavar="DIR", type=_PATH, help="Where to write it.")
@click.option("--name", metavar="NAME", help="What to call it there, instead of as the file.")
@click.option("--lock", metavar="FILE", type=_PATH, help="Requirements to run in.")
@whole_limits
@preflight
@max_parallel
@click.option(
    "--catch-up",
    type=click.Choice(["none", "last", "all"]),
    help="Of the runs that were missed: which are made up for, where the system can say it.",
)
@click.option(
    "--secret",
    "secrets",
    metavar="NAME",
    multiple=True,
    help="A variable that the notebook reads, given there by the system's own secrets.",
)
@click.option("--image", metavar="IMAGE", help="Its container's name, such as ghcr.io/me/report:1.")
@click.option("--force", is_flag=True, help="Write over files that others put there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--list", "is_list", is_flag=True, help="List the targets.")
def export(
    source: Path | None,
    to: str | None,
    output: Path | None,
    force: bool,
    as_json: bool,
    is_list: bool,
    **options: Any,
) -> None:
    """Write NOTEBOOK, or a pipeline, as files that another system runs, with its schedule inside.

    \b
        nbops export report.ipynb --to github-actions --schedule "every weekday at 6:30"
        nbops export pipeline.yaml --to argo --schedule "0 7 * * *" --timezone Europe/Berlin

    DIR (NAME-TARGET, unless -o names another) gets the system's files, the notebooks without outputs, the lock of
    the environment that the newest recorded run had, and a README with the commands to install, run now
    and remove it. Exporting again replaces it; what others put there, or changed, is not touched.

    It is checked before, as `nbops check --for TARGET` does, and run once in a clean copy of what travels.
    Passwords and the tracking server's address are the system's own secrets, and in no file.

    Exit codes: 0 done, 1 it was checked and must not leave so, 2 what was typed cannot be meant.
    """  # noqa: D301 - click wants the character itself
    if is_list:
        _list(as_json=as_json)
        return
    if source is None or to is None:
        missing = "a NOTEBOOK" if source is None else "--to TARGET"
        raise UsageError(f"`nbops export` needs {missing}.", "--list tells the targets.")
    from nbops.scheduling.folder import emit_files, write_export
    from nbops.scheduling.preflight import has_errors
    from nbops.scheduling.target import check_export, find_target

    target = find_target(to)
    how = {name: options.pop(name) for name in PREFLIGHT}
    job = _read(source, options)
    check_export(job, target)
    findings = inspect(job, target, **how)
    if not as_json:
        click.echo(show_findings(findings), nl=False, err=True)
    if has_errors(findings):
        if as_json:
            click.echo(to_json({"format": FORMAT, "findings": findings}, indent=2).decode())
        raise click.exceptions.Exit(1)
    emission = target.emit(job)
    folder = output or Path(f"{job.name}-{target.name}")
    done = write_export(emit_files(job, target, emission), folder, is_forced=force)
    if as_json:
        click.echo(to_json(_document(job, to, emission, done, findings), indent=2).decode())
    else:
        _tell(job, to, emission, done)


def _read(source: Path, options: dict[str, Any]) -> "Job":
    from nbops.scheduling.job import read_job

    own = {name: options[name] for name in (*OF_JOB, "image")}
    values = read_pairs(options["parameters"], options)
    events = (options["event"],) if options["event"] else ()
    return read_job(source, values, options["schedule"], events=events, **own)


def _list(*, as_json: bool) -> None:
    from nbops.scheduling.target import list_targets
    from nbops.views.text import text_table

    targets = list_targets()
    if as_json:
        told = [
            {
                "name": each.name,
                "summary": each.summary,
                "is_remote": each.is_remote,
                "takes": list(each.takes),
            }
            for each in targets
        ]
        click.echo(to_json({"format": FORMAT, "targets": told}, indent=2).decode())
        return
    click.echo(text_table(["target", "what is written"], [[t.name, t.summary] for t in targets]))


def _tell(job: "Job", to: str, emission: "Emission", done: "Exported") -> None:
    from nbops.scheduling.readme import tell_schedule

    click.echo(f"{job.name} for {to}: {len(done.files)} files in {done.folder}/")
    click.echo(f"{tell_schedule(job)} Packages: {job.environment.source}.")
    for each in job.bundle.left_out:
        click.echo(f"nbops: {each.path} does not travel: {each.reason}.", err=True)
    for note in emission.notes:
        click.echo(f"nbops: {note}", err=True)
    click.echo(f"How to install, run and remove it: {done.folder / 'README.md'}")


def _document(
    job: "Job", to: str, emission: "Emission", done: "Exported", findings: "list[Finding]"
) -> dict[str, Any]:
    from nbops.scheduling.readme import describe_schedule

    return {
        "format": FORMAT,
        "job": job.name,
        "target": to,
        "folder": str(done.folder),
        "files": done.files,
        "removed": done.removed,
        "schedule": describe_schedule(job),
        "timezone": job.schedule.timezone if job.schedule else None,
        "environment": job.environment.source,
        "settings": [
            {"name": each.name, "type": each.type, "default": each.plain_value}
            for each in job.settings
        ],
        "left_out": [{"path": each.path, "reason": each.reason} for each in job.bundle.left_out],
        "findings": findings,
        "install": list(emission.install),
        "run_now": list(emission.run_now),
        "remove": list(emission.remove),
        "secrets": dict(emission.secrets),
        "notes": list(emission.notes),
    }
