"""What driving very many jobs costs the process that drives them; kernels are stood in for."""

import json
import os

import nbformat
from places import run_code, scratch_workspace
from table import Line

_COUNTS = [int(count) for count in os.environ.get("COUNTS", "100 1000 10000").split()]
_DRIVE = """
import contextlib, json, shutil, sys, time
from pathlib import Path
import psutil
from nbops.jobs import sweep
from nbops.jobs.engines.local import LocalEngine, LocalWorker
from nbops.jobs.run import JobResult, run_notebook
from nbops.jobs.sweep_plan import plan_sweep
from nbops.workspace import find_workspace

class StandIn(LocalWorker):
    def get_ready(self):
        pass

    def run(self, notebook, parameters, options, session_id):
        shutil.copytree(RECORD, RECORD.with_name(session_id))
        return JobResult(workspace, session_id, notebook, None)

notebook, workspace = Path("n.ipynb").resolve(), find_workspace(Path.cwd())
RECORD = workspace.sessions / run_notebook(notebook).session_id
LocalEngine.worker = lambda engine: StandIn(engine._admission)
process = psutil.Process()
took, held = {}, {}
for count in map(int, sys.argv[1:]):
    plan = plan_sweep(notebook, {"n": range(count)}, is_forced=True)
    before = time.perf_counter()
    done = sweep.run_sweep(plan)
    took[count] = (time.perf_counter() - before) / count
    held[count] = process.memory_info().rss
    if len(done.results) != count or done.failures:
        raise SystemExit(done)
print(json.dumps([took, held]))
"""


def measure() -> list[Line]:
    """A sweep whose kernels do nothing and take no time, but leave a record each."""
    with scratch_workspace() as (project, environment):
        environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
        cells = [nbformat.v4.new_code_cell("n = 0"), nbformat.v4.new_code_cell("n * n")]
        cells[0].metadata["tags"] = ["parameters"]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), project / "n.ipynb")
        told = run_code(_DRIVE, project, environment, *map(str, _COUNTS))
    took, held = json.loads(told.splitlines()[-1])
    first = str(_COUNTS[0])
    return [
        Line(
            f"driving a sweep of {count} jobs, kernels stood in for",
            f"{1000 * took[count]:.1f} ms a job",
            f"{held[count] / 1e6:.0f} MB held",
            f"{took[count] / took[first]:.2f} x the time of one of {first}",
        )
        for count in map(str, _COUNTS)
    ]
