"""A busy notebook whose kernel and background process are killed at random, and what must be true after it."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from queue import Empty

from kernels import Kernel
from mlflow import MlflowClient
from processes import PATIENCE_S, background_processes, wait_until

from nbops.index.queries import Index
from nbops.journal.reader import JOURNAL, verify_chain
from nbops.workspace import Workspace

_CELL = """%%track r n={n}
import nbops
with open('data.csv') as file:
    file.read()
for step in range(20):
    nbops.log_metric('m', n + step)
"""
_LOOK_AT_ONCE = "import nbops.recording.current as _r; _r.current()._served_at = -99"


class Killing:
    """One workspace, one kernel at a time, and somebody with a `kill -9`.

    Parameters
    ----------
    start_kernel
        Starts a kernel in the workspace.
    seed
        The same seed kills the same things after the same waits.
    """

    def __init__(self, workspace: Workspace, start_kernel: Callable[[], Kernel], seed: int) -> None:
        self.workspace = workspace
        self.finished: list[int] = []  # what the notebook's reader has seen the end of
        self.begun: set[int] = set()
        self._start = start_kernel
        self._random = random.Random(seed)
        self._kernel: Kernel | None = None
        self._syncs: list[subprocess.Popen[bytes]] = []
        (workspace.root / "data.csv").write_text("x\n1\n")

    def run(self, kills: int) -> None:
        """Run cells, and kill something in or after every second one."""
        done = 0
        while done < kills:
            kernel = self._kernel or self._new_kernel()
            number = len(self.begun)
            self.begun.add(number)
            message = kernel.send(_CELL.format(n=number))
            match self._random.choice(("kernel", "background", "sync", "both", "none")):
                case "kernel":
                    done += self._kill_kernel(message, number)
                case "background":
                    done += self._kill_background()
                    self._await(message, number)
                case "both":
                    done += self._kill_background() + self._kill_kernel(message, number)
                case "sync":
                    self._sync()
                    self._await(message, number)
                case "none":
                    self._await(message, number)
        if self._kernel:
            self._kernel.run("%track stop")
            self._kernel.kill()
        for sync in self._syncs:
            sync.wait()

    def check(self) -> None:
        """No finished cell run is lost, none is there twice, and all chains hold."""
        for sync in (self._sync(), self._sync()):  # two at once, and the second has nothing to do
            sync.wait(PATIENCE_S)
        index = Index(self.workspace)
        assert index.wait(PATIENCE_S)
        wait_until(lambda: index.unshipped() == 0 and not index.sessions(alive=True))
        runs = self._recorded(index)
        assert self._lacking(runs) == [], "finished, and not recorded"
        assert max(runs.values()) == 1, "recorded twice"
        client = MlflowClient(tracking_uri=self.workspace.embedded_uri)
        found = _all_runs(client)
        ids = Counter(run.data.tags["nbops.id"] for run in found)
        assert [key for key, count in ids.items() if count > 1] == [], "twice in MLflow"
        there = Counter(int(run.data.params["n"]) for run in found if run.info.run_name == "r")
        assert self._lacking(there) == [], "finished, and not in MLflow"
        assert max(there.values()) == 1, "twice in MLflow"
        for run in found:
            if run.info.run_name == "r" and int(run.data.params["n"]) in self.finished:
                points = client.get_metric_history(run.info.run_id, "m")
                assert sorted(point.step for point in points) == list(range(20))
        for journal in self.workspace.sessions.glob(f"*/{JOURNAL}"):
            assert verify_chain(journal)

    def _recorded(self, index: Index) -> Counter[int]:
        return Counter(
            int(cell.source.partition("n=")[2].partition("\n")[0])
            for session in index.sessions()
            for cell in index.document(index.resolve(session.id)).cell_runs
            if cell.source.startswith("%%track r")
        )

    def _lacking(self, counted: Counter[int]) -> list[int]:
        return [number for number in self.finished if not counted[number]]

    def _new_kernel(self) -> Kernel:
        self._kernel = self._start()
        self._kernel.run("%load_ext nbops\n%track start killed")
        return self._kernel

    def _await(self, message: str, number: int) -> None:
        assert self._kernel is not None
        _until_idle(self._kernel, message, PATIENCE_S)
        self.finished.append(number)
        self._kernel.run(_LOOK_AT_ONCE)

    def _kill_kernel(self, message: str, number: int) -> int:
        assert self._kernel is not None
        wait = self._random.choice((0.0, 0.002, 0.01, 0.05, 0.3))
        if _until_idle(self._kernel, message, wait):
            self.finished.append(number)
        os.kill(self._kernel.pid, signal.SIGKILL)
        self._kernel.kill()
        self._kernel = None
        return 1

    def _kill_background(self) -> int:
        found = background_processes(self.workspace)
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return len(found)

    def _sync(self) -> subprocess.Popen[bytes]:
        sync = subprocess.Popen(
            [str(Path(sys.executable).with_name("nbops")), "sync"],
            cwd=self.workspace.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._syncs.append(sync)
        return sync


def _until_idle(kernel: Kernel, message: str, timeout_s: float) -> bool:
    """Read on until the cell's end was told; whether it was, in time."""
    while True:
        try:
            answer = kernel.client.get_iopub_msg(timeout=timeout_s)
        except Empty:
            return False
        is_of_it = answer["parent_header"].get("msg_id") == message
        if is_of_it and answer["content"].get("execution_state") == "idle":
            return True


def _all_runs(client: MlflowClient) -> list:
    experiments = [found.experiment_id for found in client.search_experiments()]
    page = client.search_runs(experiments, max_results=1000)
    runs = list(page)
    while page.token:
        page = client.search_runs(experiments, max_results=1000, page_token=page.token)
        runs += page
    return runs
