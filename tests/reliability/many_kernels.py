"""`make soak`, second part: twenty kernels at once on one embedded store.

python tests/reliability/many_kernels.py [KERNELS] [RUNS_EACH]
"""

import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from kernels import Kernel  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from processes import PATIENCE_S, stop_background, wait_until  # noqa: E402

from nbops.index.queries import Index  # noqa: E402
from nbops.journal.reader import JOURNAL, verify_chain  # noqa: E402
from nbops.workspace import Workspace, find_workspace  # noqa: E402

_CELL = "%%track r n={n}\nfor step in range(5): nbops.log_metric('m', n + step, step)"


def main(kernels: int, runs: int) -> None:
    with tempfile.TemporaryDirectory(prefix="nbops-many-") as folder:
        for variable in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            home = Path(folder) / variable.lower()
            home.mkdir()
            os.environ[variable] = str(home)
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        root = Path(folder) / "project"
        root.mkdir()
        (root / "pyproject.toml").write_text("[project]\nname = 'project'\n")
        workspace = find_workspace(root)
        try:
            began = time.monotonic()
            with ThreadPoolExecutor(kernels) as notebooks:
                list(
                    notebooks.map(
                        lambda k: work(root, range(k * runs, (k + 1) * runs)), range(kernels)
                    )
                )
            print(
                f"{kernels} kernels, {runs} runs each, in {time.monotonic() - began:.0f} s",
                flush=True,
            )
            check(workspace, kernels, runs)
            print(f"all in MLflow, each once, after {time.monotonic() - began:.0f} s")
        finally:
            stop_background(workspace)


def work(root: Path, numbers: range) -> None:
    """One notebook's life."""
    kernel = Kernel(root, {})
    try:
        sources = ["import nbops\n%load_ext nbops\n%track start many"]
        sources += [_CELL.format(n=number) for number in numbers]
        for source in (*sources, "%track stop"):
            answer = kernel.run(source)
            assert not answer.error, answer.traceback
    finally:
        kernel.kill()


def check(workspace: Workspace, kernels: int, runs: int) -> None:
    """All is there, nothing is twice, and all chains hold."""
    index = Index(workspace)
    assert index.wait(PATIENCE_S)
    wait_until(lambda: len(index.sessions()) == kernels and not index.sessions(alive=True))
    wait_until(lambda: len(index.runs()) == kernels * runs and index.unshipped() == 0)
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    experiment = client.get_experiment_by_name("many").experiment_id
    found = client.search_runs([experiment], max_results=5000)
    ids = Counter(run.data.tags["nbops.id"] for run in found)
    assert len(ids) == len(found) == kernels * (runs + 1), "lost, or twice"
    ours = [run for run in found if run.info.run_name == "r"]
    assert Counter(run.data.params["n"] for run in ours) == Counter(map(str, range(kernels * runs)))
    assert {run.info.status for run in found} == {"FINISHED"}
    assert all(run.data.metrics["m"] == float(run.data.params["n"]) + 4 for run in ours)
    for journal in workspace.sessions.glob(f"*/{JOURNAL}"):
        assert verify_chain(journal)


if __name__ == "__main__":
    main(*map(int, (sys.argv[1:] + ["20", "5"][len(sys.argv) - 1 :])))
