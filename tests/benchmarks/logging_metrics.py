"""One logged value, beside MLflow's own call."""

from statistics import median

from places import mlflow_server, run_code, scratch_workspace
from table import Line, spread_of

_CODE = """
import sys, time, nbops
nbops.start("bench")
time.sleep(4)
times = []
with nbops.track("run"):
    for block in range(20):
        before = time.perf_counter()
        for step in range(1000):
            nbops.log_metric("loss", 0.5, step=step)
        times.append((time.perf_counter() - before) / 1000)
print(*times)
nbops.stop()
import mlflow
times = []
with mlflow.start_run():
    for step in range(200):
        before = time.perf_counter()
        mlflow.log_metric("loss", 0.5, step=step)
        times.append(time.perf_counter() - before)
print(*times)
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("http")
times = []
with mlflow.start_run():
    for step in range(100):
        before = time.perf_counter()
        mlflow.log_metric("loss", 0.5, step=step)
        times.append(time.perf_counter() - before)
sys.stdout.write("\\n")  # MLflow has printed addresses
print(*times)
"""
_LIMIT_US = 5.0


def measure() -> list[Line]:
    """20 times 1,000 values; MLflow on an SQLite store in the same process afterwards."""
    with (
        scratch_workspace() as (project, environment),
        mlflow_server(project, environment) as uri,
    ):
        told = run_code(_CODE, project, environment, uri).splitlines()
    ours, theirs, http = (
        list(map(float, line.split())) for line in told if line and line[0].isdigit()
    )
    figure, rival, far = (median(times) * 1e6 for times in (ours, theirs, http))
    return [
        Line(
            "nbops.log_metric",
            f"{figure:.1f} us",
            spread_of(ours, "us", 1e6),
            f"mlflow.log_metric on SQLite {rival:.0f} us ({rival / figure:.0f} x),"
            f" over HTTP {far:.0f} us ({far / figure:.0f} x); limit {_LIMIT_US:.0f} us",
            figure <= _LIMIT_US,
        )
    ]
