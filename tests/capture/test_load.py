import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from processes import wait_until

from nbops.capture.environment.load import LoadMeter, has_gpus, measure_gpus

BUSY = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


@pytest.fixture
def busy_child() -> Iterator[int]:
    """A process that waits for a child of its own, which computes."""
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    while not psutil.Process(process.pid).children():
        time.sleep(0.01)
    yield process.pid
    for child in psutil.Process(process.pid).children():
        child.kill()
    process.wait()


def test_a_process_is_measured_with_its_children(busy_child: int):
    meter = LoadMeter(busy_child)
    found: list[dict[str, float]] = []

    def has_computed() -> bool:  # the machine may count its own time in coarser steps
        time.sleep(0.05)
        found.append(meter.measure())
        return min(found[-1][f"{who}cpu_utilization_percentage"] for who in ("kernel_", "")) > 0

    wait_until(has_computed)  # it waits itself: what computes is its child
    values = found[-1]
    assert 0 < values["kernel_memory_usage_megabytes"] < values["system_memory_usage_megabytes"]
    assert 0 < values["system_memory_usage_percentage"] < 100


def test_of_a_process_that_is_gone_the_machine_is_left():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    values = LoadMeter(process.pid).measure()
    assert "system_memory_usage_megabytes" in values
    assert not [name for name in values if name.startswith("kernel_")]


def test_machine_names_are_mlflows_own():
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor

    monitor = CPUMonitor()
    monitor.collect_metrics()
    assert set(monitor.metrics) <= set(LoadMeter(os.getpid()).measure())


def test_gpus_are_asked_of_their_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        '#!/bin/sh\necho "0, 50, 1000, 4000, 75.00, 300.00"\necho "1, 7, 1, 2, [N/A], [N/A]"\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert has_gpus()
    assert measure_gpus() == {
        "gpu_0_utilization_percentage": 50.0,
        "gpu_0_memory_usage_megabytes": 1048.6,
        "gpu_0_memory_usage_percentage": 25.0,
        "gpu_0_power_usage_watts": 75.0,
        "gpu_0_power_usage_percentage": 25.0,
        "gpu_1_utilization_percentage": 7.0,
        "gpu_1_memory_usage_megabytes": 1.0,
        "gpu_1_memory_usage_percentage": 50.0,
    }
