"""Training while much waits to be hashed: the background gives way.

NBOPS_BENCH_GB says how much waits; 20, or what the disk has room for.
"""

import os
import shutil
from pathlib import Path
from statistics import median

from kernels import START, Kernel, kernel_in
from places import scratch_workspace
from table import Line, spread_of

_REPEATS = 5
_LIMIT = 1.03
_BLOCK = 100_000_000
_PREPARE = """
import glob, numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.datasets import make_classification
X, y = make_classification(20_000, 20, random_state=0)
np.save("part.npy", np.random.default_rng(0).random(12_500_000))
"""
_ON_ALL_CORES = "RandomForestClassifier(40, n_jobs=-1, random_state=0).fit(X, y)"
_FROM_DISK = """
for _ in range(5):
    total = np.load("part.npy").sum()
"""
_OPEN_ALL = "for path in glob.glob('big/*'): open(path, 'rb').read(1)"


def measure() -> list[Line]:
    """Each cell before and after the reads that fill the queue, in a tracked kernel."""
    with scratch_workspace() as (project, environment):
        size_gb = _fill(project)
        with kernel_in(project, environment) as kernel:
            kernel.time(START)
            kernel.time(_PREPARE)
            before = {code: _times(kernel, code) for code in (_ON_ALL_CORES, _FROM_DISK)}
            kernel.time(_OPEN_ALL)
            after = {code: _times(kernel, code) for code in (_ON_ALL_CORES, _FROM_DISK)}
    lines = []
    for what, code in (("n_jobs=-1", _ON_ALL_CORES), ("I/O-bound", _FROM_DISK)):
        ratio = median(after[code]) / median(before[code])
        lines.append(
            Line(
                f"training, {what}, while {size_gb} GB wait to be hashed",
                f"{ratio:.3f} x",
                spread_of(after[code], "s"),
                f"while nothing waits {spread_of(before[code], 's')}; limit {_LIMIT} x",
                ratio <= _LIMIT,
            )
        )
    return lines


def _times(kernel: Kernel, code: str) -> list[float]:
    return [kernel.time(code) for _ in range(_REPEATS)]


def _fill(project: Path) -> int:
    room_gb = int(shutil.disk_usage(project).free / 1e9) - 10
    size_gb = max(1, min(int(os.environ.get("NBOPS_BENCH_GB", "20")), room_gb))
    folder = project / "big"
    folder.mkdir()
    block = os.urandom(_BLOCK)
    for number in range(size_gb):
        with (folder / str(number)).open("wb") as file:
            for _ in range(10):
                file.write(block)
    return size_gb
