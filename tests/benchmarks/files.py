"""A cell that opens many small files: one by one, and in worker processes that it forks.

NBOPS_BENCH_FILES says how many; 50,000.
"""

import os
from statistics import median

from kernels import START, Kernel, kernel_in
from places import scratch_workspace
from table import Line, spread_of

_FILES = int(os.environ.get("NBOPS_BENCH_FILES", "50000"))
_WORKERS = 4
_REPEATS = 3
_FILL = f"""
import os
os.mkdir("files")
for number in range({_FILES}):
    with open(f"files/{{number}}", "wb") as file:
        file.write(bytes(500))
def read(first, step):
    for number in range(first, {_FILES}, step):
        with open(f"files/{{number}}", "rb") as file:
            file.read()
"""
_ONE_BY_ONE = "read(0, 1)"
_IN_WORKERS = f"""
pids = []
for worker in range({_WORKERS}):
    pid = os.fork()
    if pid == 0:
        read(worker, {_WORKERS})
        os._exit(0)
    pids.append(pid)
for pid in pids:
    os.waitpid(pid, 0)
"""
_MEMORY = "__import__('psutil').Process().memory_full_info().uss"


def measure() -> list[Line]:
    """Two kernels side by side, one of them tracked, in turn."""
    with (
        scratch_workspace() as (project, environment),
        scratch_workspace() as (other, surroundings),
        kernel_in(project, environment) as bare,
        kernel_in(other, surroundings) as tracked,
    ):
        for kernel in (bare, tracked):
            kernel.time(_FILL)
        tracked.time(START)
        return [
            _measure(bare, tracked, _ONE_BY_ONE, "one by one"),
            _measure(bare, tracked, _IN_WORKERS, f"by {_WORKERS} forked workers"),
        ]


def _measure(bare: Kernel, tracked: Kernel, code: str, how: str) -> Line:
    before = float(tracked.value(_MEMORY))
    pairs = [(bare.time(code), tracked.time(code)) for _ in range(_REPEATS)]
    grown = float(tracked.value(_MEMORY)) - before
    ratios = [within / without for without, within in pairs]
    return Line(
        f"{_FILES:,} files of 500 bytes, {how}",
        f"{median(ratios):.2f} x",
        spread_of(ratios, "x"),
        f"untracked {median(without for without, _ in pairs):.2f} s; {grown / 1e6:.0f} MB more",
    )
