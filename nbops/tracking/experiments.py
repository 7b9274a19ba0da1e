"""An experiment by its name, made if it is not there."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient


_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""MLflow's UI opens on training runs rather than on traces."""


def find_or_create_experiment(client: "MlflowClient", name: str, artifacts: Path | None) -> str:
    """Id of an experiment; one that was deleted is brought back.

    Parameters
    ----------
    artifacts
        Absolute folder for its artifacts; None leaves that to the tracking server.
    """
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        location = (artifacts / _folder_name(name)).as_uri() if artifacts else None
        try:
            return str(client.create_experiment(name, location, _KIND))
        except MlflowException as error:  # someone else was faster
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _folder_name(name: str) -> str:
    from nbops.digests import digest_bytes

    plain = "".join(char if char.isalnum() or char in "-_." else "_" for char in name)[:60]
    return f"{plain}-{digest_bytes(name.encode()).partition(':')[2][:6]}"
