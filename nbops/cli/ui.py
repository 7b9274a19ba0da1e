"""`nbops ui`: MLflow's own UI on this workspace's store."""

import os
import socket
import sys

import click

from nbops.errors import NotFound
from nbops.recording.destination import choose_destination
from nbops.workspace import find_workspace


@click.command()
@click.option(
    "--port", type=int, default=5000, show_default=True, help="The next free one if taken."
)
@click.option("--host", default="127.0.0.1", show_default=True)
def ui(port: int, host: str) -> None:
    """Open MLflow's UI on the runs of this workspace. Ctrl-C ends it."""
    workspace = find_workspace()
    destination = choose_destination(workspace, uri=None, experiment=None, notebook=None)
    uri = destination.uri
    if uri.startswith("http"):
        click.echo(f"Runs go to an MLflow server: {uri}")
        click.launch(uri)
        return
    if destination.is_embedded and not workspace.embedded_database.exists():
        raise NotFound(
            f"Nothing was recorded in {workspace.root} yet.", "Track a notebook, then come back."
        )
    port = _free_port(host, port)
    click.echo(f"MLflow's UI on {uri}: http://{host}:{port}  (Ctrl-C ends it)")
    sys.stdout.flush()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    command += ["--default-artifact-root", workspace.artifacts.as_uri()]
    command += ["--host", host, "--port", str(port), "--workers", "1"]
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # 235 MB for what nbops does not use
    }
    os.execve(sys.executable, command, environment)  # noqa: S606 - the server takes our place


def _free_port(host: str, first: int) -> int:
    for port in range(first, first + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise NotFound(f"No port from {first} to {first + 49} is free.", "Give another: --port")
