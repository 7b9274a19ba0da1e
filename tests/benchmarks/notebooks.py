"""Whole notebooks, tracked and bare, in fresh kernels.

NBOPS_BENCH_NOTEBOOK_S says how long the one of real work takes, about: 60 seconds.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import nbformat
import psutil
from kernels import START, kernel_in
from places import scratch_workspace
from table import Line, spread_of

_EXAMPLES = Path(__file__).parents[2] / "examples"
_REPEATS = 3
_LIMIT = 1.01
_CELLS = [
    f"total = sum(n * n for n in range({number * 1000 % 200_000}))\nprint(total)"
    for number in range(200)
]

_WORK_S = int(os.environ.get("NBOPS_BENCH_NOTEBOOK_S", "60"))
_REAL_WORK = [
    (
        "import numpy as np, pandas as pd\nfrom sklearn.datasets import make_classification\n"
        "from sklearn.ensemble import RandomForestClassifier"
    ),
    "X, y = make_classification(20_000, 20, random_state=0)\ndf = pd.DataFrame(X).assign(y=y)\ndf.head()",
    *[
        cell
        for depth in range(1, max(_WORK_S // 4, 1) + 1)
        for cell in (
            (
                f"df['bin{depth}'] = pd.cut(df[0], {depth + 3}, labels=False)\n"
                f"df.groupby('bin{depth}').mean()"
            ),
            f"m = RandomForestClassifier(40, max_depth={depth + 10}, random_state=0).fit(X, y)",
            f"print({depth}, m.score(X[:2000], y[:2000]))",
        )
    ],
]
_ALONE = (
    "%load_ext nbops\nimport nbops.recording.recorder as r\nr.summon = lambda _: None\n%track start"
)
"""Tracked, but nobody in the background."""


def measure() -> list[Line]:
    """Time of all cells after the first, in turn bare and tracked; kernels' own start is left out."""
    lines = _measure("200 cells of 0 to 10 ms", _CELLS)
    for path in sorted(_EXAMPLES.glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        if any("%track" in cell for cell in cells):  # it cannot be run bare
            cells = [_without_tracking(cell) for cell in cells]
        lines += _measure(f"examples/{path.name}", [cell for cell in cells if cell.strip()])
    return lines + _measure(f"{len(_REAL_WORK)} cells of real work", _REAL_WORK)


def _without_tracking(cell: str) -> str:
    lines = [
        line for line in cell.splitlines() if not line.lstrip().startswith(("%track", "%load"))
    ]
    if lines and lines[0].startswith("%%track"):
        pairs = [word for word in lines[0].split()[1:] if "=" in word]
        lines[0] = "; ".join(pairs)
    return "\n".join(lines)


def _measure(what: str, cells: list[str]) -> list[Line]:
    taken = [
        {start: _time(cells, start) for start in ("pass", _ALONE, START)} for _ in range(_REPEATS)
    ]
    bare = [one["pass"] for one in taken]
    ratios = [one[START].wall / one["pass"].wall for one in taken]
    alone = [one[_ALONE].wall / one["pass"].wall for one in taken]
    kernels = median(one[_ALONE].kernel_cpu - one["pass"].kernel_cpu for one in taken)
    return [
        Line(
            what,
            f"{median(ratios):.3f} x",
            spread_of(ratios, "x"),
            f"bare {median(one.wall for one in bare):.2f} s; limit {_LIMIT} x",
            median(ratios) <= _LIMIT,
        ),
        Line(
            f"{what}, without the background process",
            f"{median(alone):.3f} x",
            spread_of(alone, "x"),
            f"CPU: {kernels:+.2f} s of the kernel's {median(one.kernel_cpu for one in bare):.2f} s;"
            f" of the background {median(one[START].background_cpu for one in taken):.2f} s",
        ),
    ]


@dataclass(frozen=True)
class _Taken:
    """Seconds that the cells of a notebook took."""

    wall: float
    kernel_cpu: float
    background_cpu: float


def _time(cells: list[str], start: str) -> _Taken:
    with scratch_workspace() as (project, environment):
        for path in _EXAMPLES.iterdir():
            if path.is_file() and path.suffix not in (".ipynb", ".md"):
                shutil.copy(path, project)
        with kernel_in(project, environment) as kernel:
            kernel.time(start)
            before = kernel.cpu_s()
            wall = sum(kernel.time(cell) for cell in cells)
            return _Taken(wall, kernel.cpu_s() - before, _background_cpu_s(project))


def _background_cpu_s(project: Path) -> float:
    """CPU seconds of the background process of a project since it was started; 0 without one."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "nbops.tracking.service" in words and str(project) in words:
            used = process.cpu_times()
            return float(used.user + used.system)
    return 0.0
