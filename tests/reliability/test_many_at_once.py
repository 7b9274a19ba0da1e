import os
import subprocess
import sys
from collections import Counter

from mlflow import MlflowClient
from processes import PATIENCE_S, background_processes, wait_until

from nbops.index.queries import Index
from nbops.journal.reader import JOURNAL, verify_chain
from nbops.workspace import Workspace

_SCRIPT = """
import nbops, sys
nbops.start("many")
with nbops.track("r", n=int(sys.argv[1])) as run:
    for step in range(5):
        run.log_metric("m", step, step)
nbops.stop()
"""


def test_twenty_processes_at_once_on_one_store_lose_nothing_and_write_nothing_twice(
    workspace: Workspace, index: Index
):
    command = [sys.executable, "-c", _SCRIPT]
    # One background process serves them all.
    environment = {**os.environ, "NBOPS_STAY_S": "30"}
    begun = [
        subprocess.Popen(
            [*command, str(number)],
            cwd=workspace.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for number in range(20)
    ]
    said = [process.communicate(timeout=PATIENCE_S)[0] for process in begun]
    assert [process.returncode for process in begun] == [0] * 20, said
    late = b"nbops: not everything is in MLflow yet; `nbops sync` carries it on.\n"
    assert set(said) <= {
        b"",
        late,
    }  # one process carries for all: on a slow machine some leave before
    wait_until(lambda: len(background_processes(workspace)) <= 1)  # who comes second leaves
    assert index.wait(PATIENCE_S)
    wait_until(lambda: len(index.runs()) == 20 and index.unshipped() == 0)
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    experiment = client.get_experiment_by_name("many")
    runs = client.search_runs([experiment.experiment_id])
    ours = [run for run in runs if run.info.run_name == "r"]
    assert Counter(run.data.params["n"] for run in ours) == Counter(map(str, range(20)))
    assert len({run.data.tags["nbops.id"] for run in runs}) == len(runs) == 40
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.metrics["m"] for run in ours} == {4.0}
    assert [session.problems for session in index.sessions()] == [()] * 20
    for journal in workspace.sessions.glob(f"*/{JOURNAL}"):
        verify_chain(journal)
