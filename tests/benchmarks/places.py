"""Scratch workspaces, and processes that measure in them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "IPYTHONDIR")


@contextmanager
def scratch_workspace() -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder that is a workspace, and variables that keep everything else out of it."""
    root = Path(tempfile.mkdtemp(prefix="nbops-bench-"))
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else root
    runtime = tempfile.mkdtemp(prefix="nbops-bench-", dir=memory)  # as /run/user is
    environment = {**os.environ, "XDG_RUNTIME_DIR": runtime}
    for name in HOMES:
        (root / name).mkdir()
        environment[name] = str(root / name)
    project = root / "project"
    project.mkdir()
    (project / "pyproject.toml").touch()
    try:
        yield project, environment
    finally:
        subprocess.run(["pkill", "-f", f"nbops.tracking.service {project}"], check=False)
        for folder in (root, runtime):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mlflow_server(project: Path, environment: dict[str, str]) -> Iterator[str]:
    """URI of an MLflow server on an SQLite store, on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{project / 'server.db'}"]
    server = subprocess.Popen(
        command,
        cwd=project,
        env={**environment, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    uri = f"http://127.0.0.1:{port}"
    try:
        while not _answers(uri):
            if server.poll() is not None:
                raise RuntimeError("the MLflow server did not start")
            time.sleep(0.1)
        yield uri
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _answers(uri: str) -> bool:
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def run_code(code: str, project: Path, environment: dict[str, str], *arguments: str) -> str:
    """Standard output of Python code in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, cwd=project, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
