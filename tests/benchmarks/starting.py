"""What starting costs in a fresh kernel."""

from statistics import median

from kernels import START, kernel_in
from places import scratch_workspace
from table import Line, spread_of

_LIMIT_MS = 60.0
_REPEATS = 7
_MEMORY = "__import__('psutil').Process().memory_full_info().uss"
_HEAVY = "[m for m in ('mlflow', 'pandas', 'papermill') if m in __import__('sys').modules]"


def measure() -> list[Line]:
    """Time of `%load_ext nbops` + `%track start`, less that of an empty cell, in fresh kernels."""
    taken, grown, loaded = [], [], ""
    for _ in range(_REPEATS):
        with (
            scratch_workspace() as (project, environment),
            kernel_in(project, environment) as kernel,
        ):
            empty = median(kernel.time("pass") for _ in range(9))
            before = float(kernel.value(_MEMORY))
            taken.append(kernel.time(START) - empty)
            grown.append(float(kernel.value(_MEMORY)) - before)
            loaded = kernel.value(_HEAVY)
    return [
        Line(
            "%load_ext nbops + %track start",
            f"{median(taken) * 1000:.0f} ms",
            spread_of(taken, "ms", 1000),
            f"limit {_LIMIT_MS:.0f} ms; of mlflow, pandas, papermill it loads {loaded}",
            median(taken) * 1000 <= _LIMIT_MS and loaded == "[]",
        ),
        Line(
            "memory that the kernel takes for it",
            f"{median(grown) / 1e6:.1f} MB",
            spread_of(grown, "MB", 1e-6),
            "its own (USS)",
        ),
    ]
