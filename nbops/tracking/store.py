"""Reaching an MLflow store: quietly, with the credentials that belong to it."""

import os
from collections.abc import MutableMapping
from typing import TYPE_CHECKING

from nbops.errors import NbopsError
from nbops.recording.destination import read_access
from nbops.tracking.access import use_for
from nbops.tracking.embedded import ensure_store
from nbops.tracking.errors import mlflow_errors
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient


_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # a create that is sent again makes a twin
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_RUN_ID": None,
}
_given: dict[str, str | None] = {}
"""Of these variables, what was there before."""


def be_quiet() -> None:
    """Have MLflow neither report home, nor wait for minutes, nor print addresses with passwords."""
    for name, value in _QUIET.items():
        found = os.environ.get(name)
        if found != value:
            _given[name] = found
        _set(os.environ, name, value)


def given_environment() -> dict[str, str]:
    """The variables of this process but for what `be_quiet` made of them: a notebook's own MLflow is the user's."""
    environment = dict(os.environ)
    for name, value in _given.items():
        if environment.get(name) == _QUIET[name]:
            _set(environment, name, value)
    return environment


def _set(environment: MutableMapping[str, str], name: str, value: str | None) -> None:
    if value is None:
        environment.pop(name, None)
    else:
        environment[name] = value


def load_mlflow() -> None:
    """Import what opening a store imports: seconds, the first time."""
    be_quiet()
    from mlflow.store.tracking import sqlalchemy_store  # noqa: F401 - most stores, and the embedded one


def open_store(workspace: Workspace, shown_uri: str) -> "MlflowClient":
    """Open the store that records name so; the embedded one is made if it is not there.

    Raises
    ------
    StoreUnreachable, UsageError
        It cannot be opened.
    """
    with mlflow_errors():
        uri = use_access(workspace, shown_uri)
        if uri == workspace.embedded_uri:
            ensure_store(workspace)
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=uri)


def use_access(workspace: Workspace, shown_uri: str) -> str:
    """Use the newest credentials of a store; returns its whole URI."""
    access = read_access(workspace).get(shown_uri, {})
    uri = access.get("uri", shown_uri)
    use_for(uri, access)
    return uri


def probe_store(workspace: Workspace, shown_uri: str) -> str | None:
    """Ask a store for one experiment; returns why that failed, or None.

    The embedded store need not be there yet: the first run makes it.
    """
    if shown_uri == workspace.embedded_uri and not workspace.embedded_database.exists():
        return None
    be_quiet()
    try:
        client = open_store(workspace, shown_uri)
        with mlflow_errors():
            client.search_experiments(max_results=1)
    except NbopsError as error:
        return str(error)
    return None
