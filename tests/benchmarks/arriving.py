"""Runs of others arriving from a tracking server."""

import os
import time
from statistics import median

from places import mlflow_server, run_code, scratch_workspace
from table import Line, spread_of

from nbops.index.database import IndexWriter
from nbops.index.queries import Index
from nbops.recording.background import request_look
from nbops.tracking.other_runs import OtherRuns
from nbops.workspace import Workspace

_RUNS, _VALUES = 500, 20
_REPEATS = 5
_POLLS = 20
_PATIENCE_S = 120.0
_EVERY_S = 30.0
"""As often as the background process looks when nobody asks it to."""

_SESSION = """
import nbops
nbops.start("bench")
with nbops.track("ours"):
    nbops.log_metric("auc", 0.5)
nbops.stop()
"""
_FILL = """
import sys
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
client = MlflowClient(sys.argv[1])
for number in range(int(sys.argv[2])):
    run = client.create_run("0")
    metrics = [Metric(f"m{k}", number / (k + 1), 1, 0) for k in range(int(sys.argv[3]))]
    client.log_batch(run.info.run_id, metrics, [Param(f"p{k}", str(k)) for k in range(10)])
    client.set_terminated(run.info.run_id)
"""


def measure() -> list[Line]:
    """A person looks at the table of runs, and another client's run ends; a store in which nothing is new."""
    with (
        scratch_workspace() as (project, environment),
        mlflow_server(project, environment) as uri,
    ):
        os.environ["XDG_CACHE_HOME"] = environment["XDG_CACHE_HOME"]
        os.environ["XDG_RUNTIME_DIR"] = environment["XDG_RUNTIME_DIR"]
        environment["MLFLOW_TRACKING_URI"] = uri
        run_code(_FILL, project, environment, uri, str(_RUNS), str(_VALUES))
        run_code(_SESSION, project, environment)
        workspace = Workspace(project, project / ".nbops")
        index = Index(workspace)
        _wait_for(index, _RUNS)
        asked = [_arrive(uri, workspace, index) for _ in range(_REPEATS)]
        (project / "other").mkdir()
        polls, first_s = _poll(uri, Workspace(project / "other", project / "other" / ".nbops"))
    walls, cpus = zip(*polls, strict=True)
    return [
        Line(
            "another client's run, from its end until it is listed",
            f"{median(asked):.2f} s",
            spread_of(asked, "s"),
            f"asked for, as an open table of runs does; else up to {_EVERY_S:.0f} s later",
        ),
        Line(
            f"looking for such runs among {_RUNS} when there are none",
            f"{median(walls) * 1000:.0f} ms",
            spread_of(walls, "ms", 1000),
            f"{median(cpus) * 1000:.0f} ms of CPU, {median(cpus) / _EVERY_S:.2%} of the time;"
            f" all of them at first {first_s:.1f} s",
        ),
    ]


def _wait_for(index: Index, count: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while len(index.runs(everywhere=True)) <= count:
        if time.monotonic() > deadline:
            raise RuntimeError("the runs of the server did not arrive")
        time.sleep(0.1)


def _arrive(uri: str, workspace: Workspace, index: Index) -> float:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    run = client.create_run("0").info.run_id
    client.log_metric(run, "auc", 0.5)
    client.set_terminated(run)
    ended = time.perf_counter()
    request_look(workspace)
    while not index.rows("SELECT 1 FROM runs WHERE id = ? AND status = 'finished'", [run]):
        if time.perf_counter() - ended > _PATIENCE_S:
            raise RuntimeError("the run did not arrive")
        time.sleep(0.005)
    return time.perf_counter() - ended


def _poll(uri: str, workspace: Workspace) -> tuple[list[tuple[float, float]], float]:
    """Wall and CPU seconds of each look that finds nothing new, and seconds of the first one."""
    from mlflow import MlflowClient

    workspace.prepare()
    writer = IndexWriter(workspace)
    others = OtherRuns(uri, MlflowClient(uri), writer)
    before = time.perf_counter()
    others.look_whole()
    while others.step():
        pass
    first_s = time.perf_counter() - before
    taken = []
    for _ in range(_POLLS):
        others._looked_at = 0.0  # half a minute went by
        before, used = time.perf_counter(), time.process_time()
        while others.step():
            pass
        taken.append((time.perf_counter() - before, time.process_time() - used))
    writer.close()
    return taken, first_s
