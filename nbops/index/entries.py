"""What a run, or a cell run, becomes in the index's tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbops.records import CellRun, Run, last_value, to_float


@dataclass(frozen=True)
class FoundRun:
    """An MLflow run as its store has it.

    Parameters
    ----------
    run
        Its id is MLflow's, and its session none.
    made_in
        Id of the session that says to have made it, whosever that is.
    """

    run: Run
    experiment: str
    user: str
    notebook: str | None = None
    made_in: str | None = None


def values_of(run: Run) -> Iterator[tuple[str, str, str, float | None, str | None]]:
    """Rows of `run_values`: the last value of each metric, params, tags."""
    for name, points in run.metrics.items():
        yield run.id, "metrics", name, to_float(last_value(points)), None
    for name, value in run.params.items():
        yield run.id, "params", name, _as_float(value), str(value)
    for name, text in run.tags.items():
        yield run.id, "tags", name, _as_float(text), text


def uses_of(cell: CellRun) -> Iterator[tuple[str, str, str, str, str]]:
    """Rows of `data_uses`: what a cell run read and wrote, where its content is known."""
    seen = {
        (ref.digest, way, ref.uri): ref.name
        for way, refs in (("read", cell.reads), ("wrote", cell.writes))
        for ref in refs
        if ref.digest
    }
    for (digest, way, uri), name in seen.items():
        yield digest, cell.id, way, uri, name


def search_text(run: Run, experiment: str, notebook: str | None, user: str) -> str:
    """What a text filter looks at, in lower case."""
    words = [run.name, run.id, run.mlflow_run_id or "", experiment, notebook or "", user]
    words += [run.status, *run.notes]
    words += [f"{name}={value}" for name, value in {**run.params, **run.tags}.items()]
    return "\n".join(words).lower()


def _as_float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
