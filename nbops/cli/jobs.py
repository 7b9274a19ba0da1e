"""`nbops jobs`: what is scheduled on this machine, and what became of it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbops.errors import NotFound
from nbops.records import FORMAT, to_json

if TYPE_CHECKING:
    from nbops.scheduling.waiting import WaitingJob

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_job = click.argument("job")


@click.group(invoke_without_command=True)
@_json
@click.option(
    "--within",
    metavar="DIR",
    type=click.Path(path_type=Path, resolve_path=True),
    help="Only those whose notebooks lie in DIR; no other is found.",
)
@click.pass_context
def jobs(ctx: click.Context, as_json: bool, within: Path | None) -> None:
    """List the jobs that run on this machine by themselves: last result, next time.

    Those of cron and systemd, and those of jupyter-scheduler in Jupyter servers that run now.

    `nbops schedule` makes one. A run whose process was gone without a word (killed, a loss of power) is listed as
    died. Logs of the newest 50 runs are kept.

    Exit codes: 0 done, 1 it failed, 2 what was typed cannot be meant.
    """
    ctx.obj = within
    if ctx.invoked_subcommand is not None:
        return
    from nbops.scheduling.waiting import list_waiting

    told = [job.describe() for job in list_waiting() if _lies(job, within)]
    if as_json:
        click.echo(to_json({"format": FORMAT, "jobs": told}, indent=2).decode())
    elif told:
        click.echo(_table(told))
    else:
        click.echo('No job is scheduled here: nbops schedule NOTEBOOK "every day at 07:00"')


@jobs.command()
@_job
@click.argument("run", required=False)
@click.option("--list", "is_list", is_flag=True, help="List its runs.")
@_json
def logs(job: str, run: str | None, is_list: bool, as_json: bool) -> None:
    """Print what the newest run of JOB, or RUN, printed."""
    from nbops.views.text import show_duration, show_time, text_table

    found = _find(job).runs()
    if as_json:
        click.echo(to_json({"format": FORMAT, "runs": found}, indent=2).decode())
        return
    if is_list:
        rows = [
            [
                each["id"],
                each["status"],
                each["reason"],
                show_time(each["started_at"]),
                show_duration(each["duration_s"]),
                each["message"],
            ]
            for each in found
        ]
        click.echo(text_table(["run", "", "why", "started", "took", ""], rows))
        return
    fits = [each for each in found if run is None or each["id"].startswith(run)]
    if not fits:
        hint = f"nbops jobs logs {job} --list" if found else f"Start it: nbops jobs run {job}"
        raise NotFound(f"{job} has no run{f' {run!r}' if run else ' yet'}.", hint)
    log = fits[0]["log"]
    text = Path(log).read_text("utf-8", "replace") if log else _say_ended(job, fits[0])
    click.echo(text, nl=log is None)


@jobs.command()
@_job
@click.option("--detach", is_flag=True, help="Do not wait for its end.")
def run(job: str, detach: bool) -> None:
    """Run JOB now, as its schedule would."""
    found = _find(job)
    if detach:
        found.start()
        click.echo(f"{job} was started: nbops jobs logs {job}")
        return
    code, last = found.run()
    if last is None:
        click.echo(f"{job} was removed while it ran.")
        raise click.exceptions.Exit(code)
    click.echo(_say_ended(job, last))
    if last["session_id"]:
        click.echo(f"What was recorded: nbops show {last['session_id']}")
    elif last["log"]:
        click.echo(f"What it printed: nbops jobs logs {job}")
    raise click.exceptions.Exit(code)


@jobs.command()
@_job
def pause(job: str) -> None:
    """Have JOB not run until it is resumed; times meanwhile are left out."""
    _find(job).pause()
    click.echo(f"{job} is paused: nbops jobs resume {job}")


@jobs.command()
@_job
def resume(job: str) -> None:
    """Have JOB run again."""
    found = _find(job)
    found.resume()
    told = found.describe()
    click.echo(f"{job} runs {told['words']} ({told['timezone']}).")


@jobs.command()
@_job
def remove(job: str) -> None:
    """Remove JOB, its logs and its history; what its runs recorded stays."""
    found = _find(job)
    is_running = any(run["status"] == "running" for run in found.runs())
    found.remove()
    goes_on = "; the run that is under way goes on" if is_running else ""
    click.echo(f"{job} was removed{goes_on}. What its runs recorded is still there: nbops ls")


@jobs.command("exec", hidden=True)
@click.argument("folder")
@click.option("--missed", "reason", flag_value="missed", help="What was missed is due.")
@click.option("--changed", "reason", flag_value="files", help="Files may have changed.")
@click.option("--now", "reason", flag_value="asked", help="In any case.")
def execute_due(folder: str, reason: Any) -> None:
    """Run the job in FOLDER for what is due; cron and systemd call it."""
    from nbops.scheduling.local.execution import execute
    from nbops.scheduling.local.install import watch_anew
    from nbops.scheduling.local.kept import find_kept

    kept = find_kept(folder)
    code = execute(kept, reason or "schedule")
    while reason == "files" and watch_anew(kept):  # a new folder may hold files already
        code = execute(kept, "files") or code
    sys.exit(code)


@jobs.command(hidden=True)
@click.argument("when")
@click.option("--timezone", help="Whose clock.")
@click.option(
    "--since", type=click.Path(exists=True), required=True, help="A file; when it was touched."
)
def due(when: str, timezone: str | None, since: str) -> None:
    """Tell, by exit code 0 or 1, whether WHEN has come since a file was touched; exported scripts ask."""
    import os
    from datetime import UTC, datetime

    from nbops.scheduling.schedule import read_schedule
    from nbops.scheduling.times import times_between

    begin = datetime.fromtimestamp(os.stat(since).st_mtime, UTC)
    found = times_between(read_schedule(when, timezone), begin, datetime.now(UTC))
    raise click.exceptions.Exit(0 if found else 1)


def _find(name: str) -> "WaitingJob":
    """The job of this name, where it may be found."""
    from nbops.scheduling.waiting import find_waiting

    found = find_waiting(name)
    if not _lies(found, click.get_current_context().obj):
        raise NotFound(f"There is no job {name!r}.", "`nbops jobs` lists them.")
    return found


def _lies(job: "WaitingJob", within: Path | None) -> bool:
    """Whether a job's notebook lies in a folder; in any when None."""
    return within is None or job.source.resolve().is_relative_to(within)


def _say_ended(job: str, run: dict[str, Any]) -> str:
    from nbops.views.text import show_duration

    return (
        f"{job} {run['status']} after {show_duration(run['duration_s'])}. {run['message']}".rstrip()
    )


def _table(told: list[dict[str, Any]]) -> str:
    from datetime import datetime

    from nbops.views.text import show_duration, show_time, text_table

    rows = []
    for job in told:
        last, coming = job["last"], job["next_times"]
        when = f"{job['words']} ({job['timezone']})"
        unasked = "when files change" if job["watched"] else "when asked"
        due = "paused" if job["is_paused"] else "" if coming else unasked
        rows.append([
            job["name"],
            "not yet" if last is None else f"{last['status']} {show_time(last['started_at'])}",
            "" if last is None else show_duration(last["duration_s"]),
            due or show_time(datetime.fromisoformat(coming[0])),
            job["system"],
            when,
        ])  # fmt: skip
    return text_table(["job", "last", "took", "next", "on", "when"], rows)
