"""What of a session is in MLflow, and what of that is to go when something of it is forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.digests import for_mlflow
from nbops.replay import Replay
from nbops.replay.forgetting import Scope


@dataclass(frozen=True)
class Trim:
    """What an MLflow run that stays is to have no more; shipping it again adds what is left.

    Parameters
    ----------
    datasets
        Digests as MLflow has them.
    models
        Labels that nbops gave the logged models.
    """

    mlflow_id: str
    metrics: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


def places_of(replay: Replay) -> dict[str, tuple[str, str]]:
    """MLflow's id and tracking URI of every run that the session has there, its own included."""
    found = {key: (made[0], made[2]) for key, made in replay.lookup.created.items()}
    for key, run in replay.composition().runs.items():
        if run.link:
            found[key] = (run.link.mlflow_run_id, run.link.tracking_uri)
    return found


def trim_of(replay: Replay, after: Replay, scope: Scope, key: str, mlflow_id: str) -> Trim:
    """What the MLflow run of `key` is to lose, by its records before and after."""
    cells = [replay.cells[cell] for cell in scope.cells]
    digests = {
        for_mlflow(ref.digest)
        for cell in cells
        for ref in replay.lookup.data_refs(cell.reads)
        if ref.digest
    }
    if key not in replay.composition().runs or key not in after.composition().runs:
        had, has = replay.session(), after.session()
        notes = ["mlflow.note.content"] if had.notes != has.notes else []
        files = [file.name for file in had.files if file not in has.files]
        return Trim(mlflow_id, tags=(*_changed(had.tags, has.tags), *notes), files=tuple(files))
    was, now = replay.run(key), after.run(key)
    metrics = _changed({**was.metrics, **was.system_metrics}, {**now.metrics, **now.system_metrics})
    notes = ["mlflow.note.content"] if was.notes != now.notes else []
    models = [model.name for model in was.models if model.name not in {m.name for m in now.models}]
    folders = [replay.model_folder(key, name) or "" for name in models]
    return Trim(
        mlflow_id,
        metrics=tuple(metrics),
        params=tuple(_changed(was.params, now.params)),
        tags=(*_changed(was.tags, now.tags), *notes),
        files=tuple(file.name for file in was.files if file not in now.files),
        datasets=tuple(digests),
        models=tuple(f"{mlflow_id}/{Path(folder).name}" for folder in folders),
    )


def _changed(had: dict[str, Any], has: dict[str, Any]) -> Iterator[str]:
    return (name for name in had if has.get(name) != had[name])
