"""`nbops status` and `nbops sync`: what is where, and carrying it on."""

import contextlib
import sys
import time

import click

from nbops.errors import NbopsError, StoreUnreachable
from nbops.index.open_parents import find_abandoned
from nbops.index.queries import Index
from nbops.recording.background import is_served, request_retry, summon
from nbops.recording.destination import choose_destination, remember_access
from nbops.replay import REFUSED
from nbops.views.text import show_size, show_time, show_waiting, text_table
from nbops.workspace import Workspace, find_workspace

_LONGEST_SILENCE_S = 120.0


@click.command()
def status() -> None:
    """Show sessions that are alive, runs on their way to MLflow, disk use, the last error."""
    workspace = find_workspace()
    index = Index(workspace)
    index.wait(3)
    click.echo(f"workspace   {workspace.root}")
    alive = index.sessions(alive=True)
    rows = [[s.name, s.experiment, s.notebook or "", show_time(s.started_at)] for s in alive]
    click.echo(f"tracking    {len(rows) or 'nothing'}")
    if rows:
        click.echo(text_table(("", "", "", ""), rows, indent="            "))
    click.echo(f"in MLflow   {_shipping(index)}")
    click.echo(f"background  {'running' if is_served(workspace) else 'not needed now'}")
    click.echo(f"disk        {show_size(_disk_use(workspace))} in {workspace.state}")


def _shipping(index: Index) -> str:
    waiting = index.unshipped()
    error = index.state().get("error")
    if not waiting:
        return "all runs" + _refusals(index)
    return f"all but {waiting} runs" + (f": {error}" if error else ", which are on their way")


def _refusals(index: Index) -> str:
    """What MLflow did not take, and how to see it."""
    refused = [s for s in index.sessions() if any(p.startswith(REFUSED) for p in s.problems)]
    if not refused:
        return ""
    names = ", ".join(s.id for s in refused[:3])
    return f", but MLflow did not take everything of {len(refused)} sessions: nbops show {names}"


def _disk_use(workspace: Workspace) -> int:
    files = (path for path in workspace.state.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files)


@click.command()
def sync() -> None:
    """Carry everything that was recorded to MLflow now, and wait until it is there.

    Exit codes: 0 all is there, 1 the store does not take it now.
    """
    from tqdm import tqdm

    workspace = find_workspace()
    index = Index(workspace)
    if not workspace.sessions.exists():
        click.echo("Nothing was recorded here yet.")
        return
    with contextlib.suppress(NbopsError, OSError):  # a newer token, maybe
        where = choose_destination(workspace, uri=None, experiment=None, notebook=None)
        remember_access(workspace, where.uri)
    request_retry(workspace)
    summon(workspace)
    index.wait(30)
    total = index.unshipped()
    quiet = not sys.stderr.isatty()
    with tqdm(total=total, desc="to MLflow", unit="run", disable=quiet, leave=False) as bar:
        _watch(index, total, bar)
        _await_parents(workspace, index)
    text = f"{total} runs shipped: all are in MLflow" if total else "All runs are in MLflow"
    click.echo(f"{text}{_refusals(index)}.")


def _await_parents(workspace: Workspace, index: Index) -> None:
    """Wait until the runs of sweeps and pipelines that were killed are ended."""
    deadline = time.monotonic() + _LONGEST_SILENCE_S
    while any(find_abandoned(workspace)) and time.monotonic() < deadline:
        if error := index.state().get("error"):
            raise StoreUnreachable(
                f"A sweep or pipeline that was killed is still open in MLflow: {error.rstrip('.')}.",
                "Run nbops sync again.",
            )
        time.sleep(0.1)


def _watch(index: Index, total: int, bar: "object") -> None:
    asked_at = moved_at = time.monotonic()
    waiting = total
    while (now_waiting := index.unshipped()) > 0:
        now = time.monotonic()
        if now_waiting != waiting:
            bar.update(waiting - now_waiting)  # type: ignore[attr-defined]
            waiting, moved_at = now_waiting, now
        error = index.state().get("error")
        if error and now - asked_at > 5:
            raise StoreUnreachable(
                f"{show_waiting(now_waiting)}: {error.rstrip('.')}.",
                "Nothing is lost; run nbops sync again.",
            )
        if now - moved_at > _LONGEST_SILENCE_S:
            raise StoreUnreachable(
                f"{show_waiting(now_waiting)}, and nothing moves.", "`nbops doctor` looks into it."
            )
        time.sleep(0.1)
