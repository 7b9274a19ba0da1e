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
    schema = {"columns": list(ref.columns)} if ref.columns else None
    dataset = Dataset(
        name=ref.name[-500:],
        digest=for_mlflow(ref.digest or ""),
        source_type="local" if ref.kind == "file" else ref.kind,
        source=json.dumps({"uri": ref.uri}),
        schema=json.dumps(schema) if schema else None,
        profile=json.dumps(profile) if profile else None,
    )
    return DatasetInput(dataset, tags)
