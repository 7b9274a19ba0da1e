import mlflow
import pytest
from kernels import Kernel
from processes import PATIENCE_S, stop_background, wait_until
from told import Told, metric

from nbops.capture.environment.machine import this_process
from nbops.index.queries import Index
from nbops.journal import facts
from nbops.recording.background import summon
from nbops.replay import Replay
from nbops.tracking import sampling
from nbops.tracking.sampling import Sampler
from nbops.workspace import Workspace

LONG = """%%track train
import time
until = time.monotonic() + 14
while time.monotonic() < until:
    sum(range(100_000))
loss = 0.5
loss"""


def sample(cell_run: str, step: int, value: float) -> facts.Sampled:
    values = {"cpu_utilization_percentage": value}
    return facts.Sampled(cell_run=cell_run, at=1000.0 + step, step=step, values=values)


def test_a_long_cell_has_its_curves_in_mlflow_once(
    kernel: Kernel, workspace: Workspace, index: Index
):
    kernel.run(LONG, "train")
    kernel.run("%%track short\nauc = 0.5\nauc", "short")
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.unshipped() == 0)
    stop_background(workspace)
    summon(workspace)  # another process ships what the first one did
    wait_until(lambda: index.unshipped() == 0)
    client = mlflow.MlflowClient(workspace.embedded_uri)
    document = index.document(index.resolve("train"))
    run_id = document.runs[0].mlflow_run_id or ""
    values = client.get_run(run_id).data.metrics
    assert values["system/kernel_cpu_utilization_percentage"] > 0
    assert values["system/cpu_utilization_percentage"] > 0
    assert values["system/system_memory_usage_megabytes"] > 100
    history = client.get_metric_history(run_id, "system/cpu_utilization_percentage")
    samples = document.runs[0].system_metrics["system/cpu_utilization_percentage"]
    assert [(point.step, point.value) for point in history] == [pair[:2] for pair in samples]
    assert set(document.runs[0].metrics) == {"loss"}
    short = index.document(index.resolve("short")).runs[0]
    assert short.system_metrics == {}
    assert not [
        name
        for name in client.get_run(short.mlflow_run_id or "").data.metrics
        if name.startswith("system/")
    ]


def test_samples_are_of_the_run_that_their_cell_is_part_of():
    told = Told()
    told.cell("%%track forest\nm = fit()", cell_id="fit")
    told.cell("%track metric auc=score(m)", metric("auc"), cell_id="score")
    told.cell("rest()")
    told.findings += [sample("s.2", 90, 3.0), sample("s.0", 20, 1.0), sample("s.1", 50, 2.0)]
    (run,) = told.runs()
    points = run.system_metrics["system/cpu_utilization_percentage"]
    assert [(step, value) for step, value, _ in points] == [(20, 1.0), (50, 2.0)]
    assert set(run.metrics) == {"auc"}


def test_samples_make_no_run():
    told = Told()
    told.cell("long()")
    told.findings.append(sample("s.0", 20, 1.0))
    assert told.runs() == []


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sampling, "time", clock)
    monkeypatch.setattr(sampling, "LoadMeter", Meter)  # the real one takes milliseconds
    return clock


class Meter:
    def __init__(self, pid: int) -> None: ...

    def measure(self) -> dict[str, float]:
        return {"cpu_utilization_percentage": 1.0}


def test_samples_grow_apart_so_that_a_day_is_a_curve_and_not_a_flood(clock: Clock):
    here = this_process()
    names = ("host", "boot_id", "pid_namespace", "pid", "pid_started")
    told = Told(**{name: getattr(here, name) for name in names})
    told.cell("train()", ends=False)
    replay: Replay = told.replay()
    found: list[facts.Sampled] = []
    sampler = Sampler(found.append, lambda job: job())
    counts = {}
    for second in range(0, 24 * 3600, 2):
        clock.now = 1000.0 + second
        sampler.look(replay)
        counts[second] = len(found)
    assert counts[10] <= 1
    assert 2 <= counts[30] <= 3
    assert 250 < counts[3600] <= 360
    assert counts[24 * 3600 - 2] < 1600
    assert [fact.step for fact in found] == sorted(fact.step for fact in found)
