"""Short notebooks one after another, as nbops and its rivals run them; `make bench ONLY=jobs COUNT=100`.

Of those who run them in one process its start, seconds of loading, is shared by all: the fewer they are, the more
each bears of it. 40 take eleven minutes on two slow processors, and each bears 0.1 s more than of 100. Each run of
papermill's command bears all of its own, so ten of them tell.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from places import scratch_workspace
from table import Line

_COUNT = int(os.environ.get("COUNT", "40"))
_COMMANDS = min(_COUNT, 10)
_NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]
_CELLS = (
    "number = 1",
    "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
    """frame = pd.DataFrame({"x": range(100)})
model = LinearRegression().fit(frame, frame.x * number)
model.score(frame, frame.x)""",
)
_IN_ONE_PROCESS = {
    "papermill in one process": """
import sys, papermill
for number in range(int(sys.argv[1])):
    papermill.execute_notebook("n.ipynb", "out.ipynb", {"number": number}, progress_bar=False, start_timeout=600)
""",
    "nbclient": """
import sys, nbformat
from nbclient import NotebookClient
for number in range(int(sys.argv[1])):
    notebook = nbformat.read("n.ipynb", 4)
    notebook.cells[0].source = f"number = {number}"
    NotebookClient(notebook, startup_timeout=600).execute()
""",
}


def measure() -> list[Line]:
    """Seconds a notebook, everything counted; those of nbops are recorded and shipped."""
    lines = []
    with scratch_workspace() as (project, environment):
        _write_notebook(project / "n.ipynb")
        environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
        one_by_one = [
            [
                sys.executable,
                "-m",
                "papermill",
                "--no-progress-bar",
                "--start-timeout",
                "600",
                "n.ipynb",
                "out.ipynb",
            ]
        ] * _COMMANDS
        rival = _time(one_by_one, project, environment) / _COMMANDS
        for how, code in _IN_ONE_PROCESS.items():
            command = [sys.executable, "-c", code, str(_COUNT)]
            lines.append(_line(how, _time([command], project, environment), rival))
        sweep = [*_NBOPS, "sweep", "n.ipynb", "-p", f"number=1..{_COUNT}", "--rerun"]
        for how, options in (
            ("nbops", []),
            ("nbops, warm", ["--warm"]),
            ("nbops, warm, 2 workers", ["--warm", "--workers", "2"]),
        ):
            taken = _time([[*sweep, *options]], project, environment)
            lines.append(_line(how, taken, rival))
    return lines


def _write_notebook(path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in _CELLS]
    cells[0].metadata["tags"] = ["parameters"]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)


def _time(commands: Sequence[list[str]], project: Path, environment: dict[str, str]) -> float:
    before = time.perf_counter()
    for command in commands:
        subprocess.run(
            command,
            cwd=project,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return time.perf_counter() - before


def _line(how: str, taken: float, rival: float) -> Line:
    each = taken / _COUNT
    return Line(
        f"a short notebook: {how}",
        f"{each:.2f} s",
        f"{_COUNT} notebooks",
        f"papermill's command {rival:.2f} s: {rival / each:.1f} x",
    )
