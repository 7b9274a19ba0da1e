"""`nbops forget`: erase what was recorded, here and in MLflow."""

import sys

import click

from nbops.cli.runs import open_index
from nbops.errors import NotFound, UsageError
from nbops.index.queries import Index
from nbops.recording.background import summon
from nbops.records import first_line
from nbops.replay import Replay
from nbops.replay.forgetting import Scope
from nbops.workspace import find_workspace


@click.command()
@click.argument("what", metavar="RUN|CELL_RUN")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(what: str, yes: bool) -> None:
    """Erase RUN, a cell run, or a session: code, data, outputs, results, here and in MLflow.

    With a run go its cells, unless another run is made of them, too; with a cell that runs begin in, these
    runs; with a job's run, its session. What other runs need stays. A tombstone says that lines were
    erased, so that `nbops doctor --records` still verifies all others. Notebooks and data files of your own
    are not touched. Killed in the middle: ask again.

    The SQLite store loses it for good. A tracking server's API only hides runs: what stays there is said.
    From the store of a team goes what this workspace brought there; what others brought is said.

    Exit codes: 0 it is gone, 1 MLflow does not answer, or something stays there, 2 bad use.
    """
    from nbops.tracking.forgetting import find_interrupted, scope_in
    from nbops.tracking.forgetting import forget as erase

    workspace = find_workspace()
    stone = find_interrupted(workspace, what)
    if stone is None:
        session, key = _find(open_index(), what)
        replay, scope = scope_in(workspace, session, key)
        _ask(replay, scope, key, yes=yes)
    else:
        session, key = stone.session, stone.id
    done = erase(workspace, session, key)
    click.echo(f"Forgotten: {done.lines} lines of the record, {len(done.runs)} runs in MLflow.")
    summon(workspace)  # what other runs say of it is told to MLflow anew
    for line in done.left:
        click.echo(line)
    if done.left:
        raise click.exceptions.Exit(1)


def _find(index: Index, what: str) -> tuple[str, str]:
    cell = index.find_cell_run(what)
    if cell is not None:
        return cell.session_id, cell.id
    found = index.resolve(what)
    if not found.session_id:
        raise NotFound(f"{found.id} was not recorded in this workspace.", "Delete it in MLflow.")
    return found.session_id, found.id


def _ask(replay: Replay, scope: Scope, key: str, *, yes: bool) -> None:
    runs = [replay.run(run, full=False) for run in scope.runs if run in replay.composition().runs]
    what = "The whole session" if scope.is_session else key
    click.echo(f"{what}: {len(runs)} runs, {len(scope.cells)} cell runs")
    for run in runs:
        click.echo(f"  run  {run.name} ({run.id})")
    for cell in (replay.cells[key] for key in replay.cells if key in scope.cells):
        click.echo(f"  cell [{cell.execution_count or ' '}] {first_line(cell.source)[:60]}")
    if scope.shared:
        click.echo(f"  {len(scope.shared)} cell runs stay: other runs are made of them, too")
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("Nobody is there to ask.", "Say --yes.")
    click.confirm("Erase all that was recorded of this? It cannot be undone.", abort=True)
