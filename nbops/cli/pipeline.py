"""`nbops pipeline infer | plan | run | graph`."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbops.cli.limits import crew, expect_env, read_engine, warm
from nbops.cli.parameters import read_pairs
from nbops.errors import NotebookFailed, UsageError
from nbops.writing import putting

if TYPE_CHECKING:
    from nbops.jobs.pipeline.pipeline import Pipeline, PipelineRun
    from nbops.jobs.pipeline.planning import Decision

_PATH = click.Path(path_type=Path)
_WORDS = {
    "keep": "unchanged",
    "restore": "unchanged",
    "run": "runs",
    "wait": "may run",
    "leave": "left out",
}


@click.group()
def pipeline() -> None:
    """Run notebooks in the order that their files ask for, and of them only what changed.

    A pipeline is a file `pipeline.yaml`; `infer` writes it from what was recorded. FILE is its path, or
    its folder; without it, that of the working folder.
    """


_file = click.option("-f", "--file", "place", metavar="FILE", type=_PATH, help="The pipeline.")
_set = click.option(
    "-p", "pairs", metavar="STEP.NAME=VALUE", multiple=True, help="Set a parameter of a step."
)
_all = click.option("--rerun", is_flag=True, help="Run steps though nothing changed.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_steps = click.argument("steps", nargs=-1, metavar="[STEP]...")


@pipeline.command()
@_steps
@_file
@_set
@_all
@_json
def plan(
    steps: tuple[str, ...], place: Path | None, pairs: tuple[str, ...], rerun: bool, as_json: bool
) -> None:
    """Tell what would run, and why; of STEPs, with those that they need."""
    from nbops.views.text import text_table

    decisions = _open(place, steps, pairs).plan(is_forced=rerun)
    if as_json:
        told = {"format": 1, "steps": [_decision(each) for each in decisions]}
        click.echo(json.dumps(told, indent=2))
        return
    rows = [[each.step.name, _WORDS[each.action], _about(each)] for each in decisions]
    click.echo(text_table(["", "", ""], rows))


@pipeline.command()
@_steps
@_file
@_set
@crew
@warm
@_all
@expect_env
@_json
def run(steps: tuple[str, ...], place: Path | None, pairs: tuple[str, ...], **options: Any) -> None:
    """Run what is not as its last run left it; of STEPs, with those that they need.

    A step runs again when its cells, params, files that it reads, modules of the project that it imports,
    or packages are others than in a run that is recorded here, or in the shared store. Else its outputs
    come back from their copies where they are gone or changed. A step that fails stops only what
    depends on it; the same command goes on from there.

    Exit codes: 0 all steps are done, 1 one failed, 2 bad use, 124 out of time, 130 Ctrl-C, 143 SIGTERM.
    """
    from nbops.cli.board import Board
    from nbops.jobs.memory import read_size

    opened = _open(place, steps, pairs)
    names = [step.name for step in opened.definition.steps]
    board = Board(names, is_quiet=options["as_json"])
    done = opened.run(
        engine=read_engine(options),
        need_bytes=read_size(options["memory"]),
        is_forced=options["rerun"],
        expect_env=options["expect_env"],
        is_warm=options["is_warm"],
        tell=board.tell,
    )
    _report(opened, done, as_json=options["as_json"])


@pipeline.command()
@_file
@click.option("--svg", metavar="FILE", type=_PATH, help="Draw it into a file.")
@_json
def graph(place: Path | None, svg: Path | None, as_json: bool) -> None:
    """Show the steps, and the files between them."""
    from nbops.jobs.pipeline.drawing import draw_svg, show_graph

    found = _open(place, (), ()).graph()
    if svg is not None:
        with putting(svg, "Give another FILE.") as part:
            part.write_text(draw_svg(found), "utf-8")
        click.echo(f"{found.name}: {len(found.steps)} steps in {svg}")
    elif as_json:
        from dataclasses import asdict

        click.echo(json.dumps({"format": 1, **asdict(found)}, indent=2))
    else:
        click.echo(show_graph(found))


@pipeline.command()
@click.argument("notebooks", nargs=-1, metavar="[NOTEBOOK]...", type=_PATH)
@click.option("-o", "output", metavar="FILE", type=_PATH, help="Where to write it; - prints it.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def infer(notebooks: tuple[Path, ...], output: Path | None, force: bool) -> None:
    """Write pipeline.yaml from what was recorded, of all notebooks here or of these.

    Notebooks are steps; files that one wrote and another read, by their content, are what leads from one to
    the other. What is left out is told, and why.
    """
    from nbops.errors import NotFound
    from nbops.index.queries import Index
    from nbops.jobs.pipeline.entries import put_schema
    from nbops.jobs.pipeline.inference import infer as infer_steps
    from nbops.jobs.pipeline.inference import write_yaml
    from nbops.jobs.pipeline.observing import observe
    from nbops.workspace import find_workspace

    is_printed = str(output) == "-"
    path = (Path() if output is None or is_printed else output).resolve()
    path = path / "pipeline.yaml" if path.is_dir() else path
    if not path.parent.is_dir():
        raise NotFound(f"There is no folder {str(path.parent)!r} to write to.")
    if path.exists() and not force and not is_printed:
        raise UsageError(
            f"{path.name} is there already.", "--force writes over it; -o - prints the new one."
        )
    left_out: list[str] = []
    workspace = find_workspace(path)
    observed = observe(Index(workspace), path.parent, notebooks, left_out)
    found = infer_steps(observed, path.parent, left_out)
    for told in found.left_out:
        click.echo(f"left out: {told}", err=True)
    if not found.steps:
        raise NotFound(
            f"No notebook below {path.parent.name} was recorded to read what another one wrote.",
            "Run them once, in JupyterLab with %track start or by `nbops run`.",
        )
    text = write_yaml(found, os.path.relpath(put_schema(workspace), path.parent))
    if is_printed:
        click.echo(text, nl=False)
        return
    with putting(path, "Give another place with -o.") as part:
        part.write_text(text, "utf-8")
    click.echo(f"{path.name}: {len(found.steps)} steps, {', '.join(found.steps)}.")


def _open(place: Path | None, steps: tuple[str, ...], pairs: tuple[str, ...]) -> "Pipeline":
    from nbops.jobs.pipeline.definition import by_step
    from nbops.jobs.pipeline.pipeline import Pipeline

    return Pipeline(place, by_step(read_pairs(pairs, {})), steps)


def _about(decision: "Decision") -> str:
    if decision.action == "restore":
        from nbops.jobs.pipeline.changes import say

        names = say([file.path for file in decision.outdated])
        return f"{names} {'come' if len(decision.outdated) > 1 else 'comes'} back"
    return decision.reason


def _decision(decision: "Decision") -> dict[str, Any]:
    return {
        "step": decision.step.name,
        "action": decision.action,
        "reason": decision.reason,
        "session": decision.result.session_id if decision.result else None,
        "restores": [file.path for file in decision.outdated],
    }


def _report(opened: "Pipeline", done: "PipelineRun", *, as_json: bool) -> None:
    from collections import Counter

    if as_json:
        steps = [
            {
                "step": each.step.name,
                "state": each.state,
                "reason": each.reason,
                "session": each.session_id,
                "metrics": each.result.metrics if each.result else {},
            }
            for each in done.steps
        ]
        about = {"format": 1, "id": done.id, "mlflow_run_id": done.mlflow_run_id, "steps": steps}
        click.echo(json.dumps(about, indent=2))
    else:
        counts = Counter(each.state for each in done.steps)
        shown = ", ".join(f"{count} {state}" for state, count in counts.items())
        click.echo(f"{opened.definition.name}: {shown}.")
        if any(each.state == "finished" for each in done.steps):
            click.echo(f"nbops ls --where \"tags.nbops.pipeline = '{done.id}'\" lists its runs.")
    for told in done.hazards:
        click.echo(f"nbops: {told}", err=True)
    if done.problem:
        click.echo(f"nbops: {done.problem}", err=True)
    if done.failures:
        for each in done.failures:
            hint = f"See nbops show {each.session_id}." if each.session_id else ""
            failed = NotebookFailed(f"{each.step.name} failed: {each.reason}", hint)
            click.echo(f"nbops: {failed}", err=True)
    if done.exit_code in (130, 143):
        click.echo("nbops: Interrupted; the same command goes on where it was.", err=True)
    if done.exit_code:
        raise click.exceptions.Exit(done.exit_code)
