"""Data that a run read, as MLflow's dataset inputs, under nbops' own digests."""

import json
from typing import Any

from nbops.digests import for_mlflow
from nbops.records import DataRef, Number


def as_input(ref: DataRef, context: str = "input") -> Any:
    """Data as an input of a run.

    Parameters
    ----------
    context
        What MLflow's UI shows beside it.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    tags = [InputTag("mlflow.data.context", context[:500])]
    if ref.sampled:  # MLflow's digest has no room for its kind
        tags.append(InputTag("nbops.sampled", "true"))
    if ref.version:
        tags.append(InputTag("nbops.version", ref.version))

    profile: dict[str, Number] = {}
    if ref.shape:
        profile["num_rows"] = ref.shape[0]
    if ref.size_bytes is not None:
        profile["size_bytes"] = ref.size_bytes
    schema = _schema_of(ref)
    dataset = Dataset(
        name=ref.name[-500:],
        digest=for_mlflow(ref.digest or ""),
        source_type="local" if ref.kind == "file" else ref.kind,
        source=json.dumps({"uri": ref.uri}),
        schema=json.dumps(schema) if schema else None,
        profile=json.dumps(profile) if profile else None,
    )
    return DatasetInput(dataset, tags)


def _schema_of(ref: DataRef) -> dict[str, object] | None:
    """Columns, in the form that MLflow's UI shows; without their types, by name alone."""
    if not ref.columns or not ref.types:
        return {"columns": list(ref.columns)} if ref.columns else None
    columns = zip(ref.columns, ref.types, strict=False)
    return {"mlflow_colspec": [{"name": name, "type": kind} for name, kind in columns]}
