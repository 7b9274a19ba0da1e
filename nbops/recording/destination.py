"""Which MLflow store and experiment a session's runs go to."""

import os
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from nbops.capture.secrets.redaction import redact
from nbops.errors import UsageError
from nbops.locks import briefly_locked
from nbops.workspace import Workspace, runtime_home
from nbops.writing import write_whole

URI_VARIABLE = "MLFLOW_TRACKING_URI"
_URI_IN_BYTES = URI_VARIABLE.encode()
_ACCESS = (
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_INSECURE_TLS",
)
_ACCESS_FILES = ("MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_CLIENT_CERT_PATH")
ACCESS_VARIABLES = (*_ACCESS, *_ACCESS_FILES)
"""What MLflow reads of how to reach a server; it sends the same to every server."""

_PLUGINS = {"azureml": "azureml-mlflow", "arn": "sagemaker-mlflow"}
"""Packages by which MLflow reaches what Azure ML and SageMaker run of it."""

_SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "databricks", "file")


@dataclass(frozen=True)
class Destination:
    uri: str
    why: str  # who chose it, for the line that `%track start` prints
    experiment: str
    is_embedded: bool


def choose_destination(
    workspace: Workspace, *, uri: str | None, experiment: str | None, notebook: str | None
) -> Destination:
    """First that says something: the argument, MLflow's variables, `[tool.nbops]`, the default.

    The default is an SQLite store in the workspace, and an experiment named after the notebook.
    """
    settings = workspace.settings
    stem = Path(notebook).stem if notebook else workspace.root.name
    named = experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME") or settings.experiment or stem
    chosen, why = workspace.embedded_uri, "in this workspace"
    if uri:
        chosen, why = uri, "as asked"
    elif os.environ.get(URI_VARIABLE):
        chosen, why = os.environ[URI_VARIABLE], f"${URI_VARIABLE}"
    elif settings.tracking_uri:
        chosen, why = settings.tracking_uri, "[tool.nbops]"
    chosen = check_uri(chosen, workspace)
    return Destination(chosen, why, named, chosen == workspace.embedded_uri)


def check_uri(uri: str, workspace: Workspace) -> str:
    """Make a URI absolute, so that it means the same in every process and folder.

    Raises
    ------
    UsageError
        MLflow knows no such scheme, and no package that is installed brings it.
    """
    scheme = urlsplit(uri).scheme.partition("+")[0]
    if uri == "databricks":
        return uri
    if scheme not in _SCHEMES:
        if entry_points(group="mlflow.tracking_store", name=scheme):
            return uri
        raise UsageError(
            f"{redact(uri)!r} is no tracking URI.",
            f"MLflow reaches it by a package: pip install {_PLUGINS[scheme]}"
            if scheme in _PLUGINS
            else "Give a server (http://host:5000) or a database (sqlite:////path/mlflow.db).",
        )
    if scheme == "sqlite" and not uri.startswith("sqlite:////"):
        return f"sqlite:///{workspace.root / uri.removeprefix('sqlite:///')}"
    return uri


def remember_access(workspace: Workspace, uri: str) -> str:
    """Keep what is needed to reach a server in one private file; returns the URI for the record."""
    shown = redact(uri)
    access = {name: os.environ[name] for name in _ACCESS if os.environ.get(name)}
    access |= {
        name: os.path.abspath(os.environ[name]) for name in _ACCESS_FILES if os.environ.get(name)
    }
    if shown == uri and not access:
        return shown
    with briefly_locked(runtime_home() / f"access-{workspace.key}.lock"):
        known = read_access(workspace)
        # Who has none of his own, such as the background process, is no reason to forget them.
        wanted = {**(access or known.get(shown, {})), "uri": uri}
        if known.get(shown) != wanted:
            _write_access(workspace, {**known, shown: wanted})
    return shown


def _write_access(workspace: Workspace, known: dict[str, dict[str, str]]) -> None:
    write_whole(workspace.state / "access.json", msgspec.json.encode(known))


def read_access(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Full URIs and credentials by the URI that records show."""
    try:
        data = (workspace.state / "access.json").read_bytes()
        return msgspec.json.decode(data, type=dict[str, dict[str, str]])
    except (OSError, msgspec.DecodeError):
        return {}


class MlflowMirror:
    """What the user's own MLflow code has set, told from where MLflow mirrors it.

    `mlflow.set_tracking_uri` and `set_experiment` write to `os.environ`, and the active run is on a
    list in a module that is loaded only if the user loaded it. Nothing is imported here.
    """

    def __init__(self, destination: Destination) -> None:
        self._before = os.environ.get(URI_VARIABLE)
        self._ours = destination.uri
        self._ours_in_bytes = os.fsencode(destination.uri)
        os.environ[URI_VARIABLE] = destination.uri

    def release(self) -> None:
        """Undo what was set, unless the user has set something else since."""
        if os.environ.get(URI_VARIABLE) != self._ours:
            return
        if self._before is None:
            del os.environ[URI_VARIABLE]
        else:
            os.environ[URI_VARIABLE] = self._before

    def tracking_uri(self) -> str | None:
        """URI that the user's code set; None while it is the session's."""
        if _variables_in_bytes().get(_URI_IN_BYTES) == self._ours_in_bytes:
            return None
        uri = os.environ.get(URI_VARIABLE)
        return uri if uri and uri != self._ours else None

    def experiment_id(self) -> str | None:
        return _read_variable("MLFLOW_EXPERIMENT_ID")

    def active_run_id(self) -> str | None:
        mlflow = sys.modules.get("mlflow")
        if mlflow is None:
            return None
        run = mlflow.active_run()
        return str(run.info.run_id) if run else None


def _read_variable(name: str) -> str | None:
    """An environment variable, asked for with every cell."""
    known = _variables_in_bytes()
    return os.environ.get(name) if name.encode() in known or not known else None


def _variables_in_bytes() -> dict[bytes, bytes]:
    """The environment as Python holds it: `os.environ` takes ten times as long to miss one. Empty elsewhere."""
    known = getattr(os.environ, "_data", None)
    return known if isinstance(known, dict) else {}
