"""Whole notebooks, tracked and bare, in fresh kernels."""

import shutil
from pathlib import Path
from statistics import median

import nbformat
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


def measure() -> list[Line]:
    """Time of all cells after the first, in turn bare and tracked; kernels' own start is left out."""
    lines = [_measure("200 cells of 0 to 10 ms", _CELLS)]
    for path in sorted(_EXAMPLES.glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        if any("%track" in cell for cell in cells):  # it cannot be run bare
            cells = [_without_tracking(cell) for cell in cells]
        lines.append(_measure(f"examples/{path.name}", [cell for cell in cells if cell.strip()]))
    return lines


def _without_tracking(cell: str) -> str:
    lines = [
        line for line in cell.splitlines() if not line.lstrip().startswith(("%track", "%load"))
    ]
    if lines and lines[0].startswith("%%track"):
        pairs = [word for word in lines[0].split()[1:] if "=" in word]
        lines[0] = "; ".join(pairs)
    return "\n".join(lines)


def _measure(what: str, cells: list[str]) -> Line:
    ratios, bare = [], []
    for _ in range(_REPEATS):
        taken = [_time(cells, is_tracked=is_tracked) for is_tracked in (False, True)]
        bare.append(taken[0])
        ratios.append(taken[1] / taken[0])
    return Line(
        what,
        f"{median(ratios):.3f} x",
        spread_of(ratios, "x"),
        f"bare {median(bare):.2f} s; limit {_LIMIT} x",
        median(ratios) <= _LIMIT,
    )


def _time(cells: list[str], *, is_tracked: bool) -> float:
    with scratch_workspace() as (project, environment):
        for path in _EXAMPLES.iterdir():
            if path.is_file() and path.suffix not in (".ipynb", ".md"):
                shutil.copy(path, project)
        with kernel_in(project, environment) as kernel:
            kernel.time(START if is_tracked else "pass")
            return sum(kernel.time(cell) for cell in cells)
