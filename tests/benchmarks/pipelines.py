"""A pipeline of which nothing changed, run again; beside `dvc repro`, in an environment of its own.

make bench ONLY=pipelines STEPS=50
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from places import scratch_workspace
from table import Line, spread_of

_STEPS = int(os.environ.get("STEPS", "20"))
_REPEATS = 5
_NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]
_UV = str(Path(sys.executable).with_name("uv"))
_STEP = "open(f'{number + 1}.txt', 'w').write(open(f'{number}.txt').read() + 'x')"


def measure() -> list[Line]:
    """Seconds until a pipeline says that all of its steps are as they were, each process counted."""
    with scratch_workspace() as (project, environment):
        environment["MLFLOW_DISABLE_TELEMETRY"] = environment["DVC_NO_ANALYTICS"] = "true"
        theirs = _write_for_dvc(project / "dvc", environment)
        _write_for_nbops(project)
        ours = [*_NBOPS, "pipeline", "run", "--json"]
        _run([*ours, "--workers", "2"], project, environment)
        _run(theirs, project / "dvc", environment)
        taken: list[float] = []
        rival: list[float] = []
        for _ in range(_REPEATS):
            taken.append(_time(ours, project, environment))
            rival.append(_time(theirs, project / "dvc", environment))
        told = json.loads(_run(ours, project, environment))
        if {step["state"] for step in told["steps"]} != {"unchanged"}:
            raise RuntimeError(told)
    figure, beside = sorted(taken)[_REPEATS // 2], sorted(rival)[_REPEATS // 2]
    return [
        Line(
            f"an unchanged pipeline of {_STEPS} steps, again",
            f"{figure:.2f} s",
            spread_of(taken, "s"),
            f"dvc repro {beside:.2f} s ({spread_of(rival, 's')}): {beside / figure:.1f} x",
        )
    ]


def _write_for_nbops(project: Path) -> None:
    """A chain of notebooks; one file with another number each."""
    cells = [nbformat.v4.new_code_cell("number = 0"), nbformat.v4.new_code_cell(_STEP)]
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), project / "step.ipynb")
    (project / "0.txt").write_text("")
    steps = {
        f"step{number}": {
            "notebook": "step.ipynb",
            "params": {"number": number},
            "reads": [f"{number}.txt"],
            "writes": [f"{number + 1}.txt"],
        }
        for number in range(_STEPS)
    }
    (project / "pipeline.yaml").write_text(json.dumps({"steps": steps}))


def _write_for_dvc(folder: Path, environment: dict[str, str]) -> list[str]:
    """The same chain, of scripts; returns the command that runs it."""
    folder.mkdir()
    subprocess.run(
        [_UV, "venv", "--quiet", "--python", sys.executable, "v"], cwd=folder, check=True
    )
    install = [_UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", "v/bin/python"]
    subprocess.run([*install, "dvc"], cwd=folder, check=True)
    dvc = str(folder / "v" / "bin" / "dvc")
    _run([dvc, "init", "--no-scm", "--quiet"], folder, environment)
    (folder / "0.txt").write_text("")
    (folder / "step.py").write_text(f"import sys\nnumber = int(sys.argv[1])\n{_STEP}\n")
    stages = {
        f"step{number}": {
            "cmd": f"{sys.executable} step.py {number}",
            "deps": ["step.py", f"{number}.txt"],
            "outs": [f"{number + 1}.txt"],
        }
        for number in range(_STEPS)
    }
    (folder / "dvc.yaml").write_text(json.dumps({"stages": stages}))
    return [dvc, "repro", "--quiet"]


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _time(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    before = time.perf_counter()
    _run(command, folder, environment)
    return time.perf_counter() - before
