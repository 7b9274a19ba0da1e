"""Every test works in a home, a cache and a runtime folder of its own; kernels and stores are real."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kernels import Kernel
from processes import stop_background
from servers import MlflowServer

from nbops.index.queries import Index
from nbops.tracking.embedded import empty_store
from nbops.workspace import Workspace, find_workspace

_HOMES = {
    "HOME": "home",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_STATE_HOME": "state",
    "XDG_RUNTIME_DIR": "run",
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter/config",
    "JUPYTER_DATA_DIR": "jupyter/data",
    "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
    "MPLCONFIGDIR": "matplotlib",
}


def pytest_configure() -> None:
    """Heed Ctrl-C, also where a shell has started these tests in the background: what they start inherits that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def kept_store() -> Path:
    """The file that embedded stores begin as: making it takes seconds, so every run of the tests shares it."""
    cache = Path(sys.prefix, "cache")
    with tempfile.TemporaryDirectory() as project:
        Path(project, "pyproject.toml").touch()
        command = [sys.executable, "-m", "nbops.tracking.embedded", project]
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        subprocess.run(command, check=True, env=environment, capture_output=True)
    return cache / "nbops" / empty_store().name


@pytest.fixture(autouse=True)
def private_homes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, kept_store: Path
) -> Path:
    """Folders that nothing else on the machine looks into."""
    root = tmp_path_factory.mktemp("homes")
    for variable, name in _HOMES.items():
        folder = root / name
        folder.mkdir(parents=True)
        monkeypatch.setenv(variable, str(folder))
    for variable in list(os.environ):
        if variable.startswith(("MLFLOW_", "NBOPS_")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("NBOPS_STAY_S", "1")
    empty_store().parent.mkdir(mode=0o700)
    try:
        empty_store().hardlink_to(kept_store)
    except OSError:  # it lies on another file system
        shutil.copy(kept_store, empty_store())
    return root


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory: pytest.TempPathFactory, kept_store: Path) -> Path:
    """An MLflow SQLite file of the installed version, without experiments but the default."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    shutil.copyfile(kept_store, path)
    _place_artifacts(path, path.parent / "artifacts")
    return path


def _place_artifacts(database: Path, folder: Path) -> None:
    with sqlite3.connect(database) as db:
        db.execute("UPDATE experiments SET artifact_location = ?", [(folder / "0").as_uri()])
    db.close()


@pytest.fixture
def fresh_workspace(tmp_path: Path, private_homes: Path) -> Iterator[Workspace]:
    """A project's folder in which nothing was recorded yet."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]\nname = 'project'\n")
    workspace = find_workspace(root)
    yield workspace
    stop_background(workspace)


@pytest.fixture
def workspace(fresh_workspace: Workspace, migrated_store: Path) -> Workspace:
    """A project's folder with a store that need not be migrated first: that takes seconds."""
    fresh_workspace.prepare()
    shutil.copyfile(migrated_store, fresh_workspace.embedded_database)
    _place_artifacts(fresh_workspace.embedded_database, fresh_workspace.artifacts)
    return fresh_workspace


@pytest.fixture
def start_kernel(workspace: Workspace) -> Iterator[Callable[..., Kernel]]:
    """Start real kernels in the workspace; all are gone when the test ends."""
    kernels: list[Kernel] = []

    def start(folder: Path | None = None, **environment: str) -> Kernel:
        kernel = Kernel(folder or workspace.root, environment)
        kernels.append(kernel)
        return kernel

    yield start
    for kernel in kernels:
        kernel.kill()


@pytest.fixture
def kernel(start_kernel: Callable[..., Kernel]) -> Kernel:
    """A kernel that tracks from its first cell on."""
    kernel = start_kernel()
    kernel.run("%load_ext nbops\n%track start", "start")
    return kernel


@pytest.fixture
def index(workspace: Workspace) -> Index:
    return Index(workspace)


@pytest.fixture
def mlflow_server(tmp_path: Path, migrated_store: Path) -> Iterator[Callable[..., MlflowServer]]:
    """Make MLflow servers of one's own, running or not yet."""
    servers = []

    def make(*, start: bool = True) -> MlflowServer:
        folder = tmp_path / f"server{len(servers)}"
        folder.mkdir()
        shutil.copyfile(migrated_store, folder / "mlflow.db")
        server = MlflowServer(folder)
        servers.append(server)
        if start:
            server.start()
        return server

    yield make
    for server in servers:
        server.stop()
