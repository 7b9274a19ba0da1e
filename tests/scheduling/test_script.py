"""The target `script`: the same results without Jupyter, recorded where nbops is."""

import subprocess
import sys
from pathlib import Path

import pytest
from processes import PATIENCE_S
from projects import CELLS, clean_environment, export, nbops, write_notebook, write_project

from nbops.index.queries import Index
from nbops.records import last_value
from nbops.workspace import Workspace, find_workspace


@pytest.fixture
def project(workspace: Workspace) -> Path:
    write_project(workspace.root)
    return workspace.root


def run_script(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=clean_environment(folder.parent / "fresh-home", **environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def read_metrics(workspace: Workspace) -> dict[str, float]:
    index = Index(workspace)
    assert index.wait(PATIENCE_S)
    runs = index.runs()
    return {name: last_value(points) for run in runs for name, points in run.metrics.items()}


def test_a_script_has_the_metrics_of_the_notebook_tracked_or_not(project: Path, tmp_path: Path):
    words = [sys.executable, "-m", "nbops", "run", "study.ipynb", "-p", "depth=6"]
    subprocess.run(words, cwd=project, check=True, capture_output=True, timeout=PATIENCE_S)
    of_notebook = read_metrics(find_workspace(project))
    assert of_notebook == {"total": 36.0, "leaves": 64.0}
    export(project, "study.ipynb", "--to", "script", "-o", str(tmp_path / "away"))
    done = run_script(tmp_path / "away", "study.py", "--depth", "6", "--model", "it's")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "it's {'total': 36, 'leaves': 64}"
    assert (tmp_path / "away/result.txt").read_text() == "it's {'total': 36, 'leaves': 64}"
    assert read_metrics(find_workspace(tmp_path / "away")) == of_notebook
    # And where nbops is not installed: the interpreter finds no package at all.
    plain = run_script(tmp_path / "away", "-S", "study.py", "--depth", "6")
    assert plain.returncode == 0, plain.stderr
    assert {"total = 36.0", "leaves = 64.0"} <= set(plain.stdout.splitlines())


def test_a_script_takes_what_the_notebook_takes_and_refuses_the_rest(project: Path):
    cells = {
        "parameters": "from typing import Annotated, Literal, Optional\nfrom datetime import date\n"
        'share: Annotated[float, "0..1"] = 0.5\nkind: Literal["a", "b"] = "a"\n'
        "limit: Optional[int] = None\nsizes = [1, 2]\nday = date(2026, 3, 29)\nflag = False",
        "show": "print(repr((share, kind, limit, sizes, day.isoformat(), flag)))",
    }
    write_notebook(project / "study.ipynb", cells)
    export(project, "study.ipynb", "--to", "script", "-o", "out")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return run_script(project / "out", "-S", "study.py", *words)

    assert run().stdout.strip() == "(0.5, 'a', None, [1, 2], '2026-03-29', False)"
    given = run("--share", "1", "--kind", "b", "--limit", "3", "--sizes", "[9]",
                "--day", "2027-01-02", "--flag", "true")  # fmt: skip
    assert given.stdout.strip() == "(1.0, 'b', 3, [9], '2027-01-02', True)"
    for words in (["--share", "2"], ["--kind", "c"], ["--limit", "x"], ["--flag", "1"]):
        assert run(*words).returncode == 2


def test_marks_and_magics_become_python(project: Path):
    cells = {
        "load": "%load_ext nbops\n%track start\n%matplotlib inline",
        "fit": '%%track fit depth=2 + 1\ntext = """a\nb"""\nassert text == "a\\nb"\nscore = depth * 2',
        "log": "%track metric score twice=score * 2\n%track note 'so'\nif True:\n    %track param x=1\n",
    }
    write_notebook(project / "study.ipynb", cells)
    told = export(project, "study.ipynb", "--to", "script", "-o", "out")
    done = run_script(project / "out", "-S", "study.py")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["score = 6.0", "twice = 12.0"]
    assert any("%matplotlib inline" in note for note in told["notes"])


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("!ls", "needs Jupyter: !ls"),
        ("%%bash\nls", "needs Jupyter: %%bash"),
        ("x = get_ipython()", "needs Jupyter: it calls get_ipython()"),
        ("import asyncio\nawait asyncio.sleep(0)", "it awaits outside of a function"),
        ("x = (", "is no Python"),
    ],
)
def test_what_needs_jupyter_is_refused_by_the_cell(project: Path, source: str, told: str):
    write_notebook(project / "study.ipynb", {**CELLS, "fit": source, "save": "print(1)"})
    said = nbops(project, "export", "study.ipynb", "--to", "script", "-o", "out", code=2).stderr
    assert "study.ipynb: code cell 3" in said
    assert told in said
    assert not (project / "out").exists()


def test_a_schedule_and_a_pipeline_are_refused(project: Path):
    words = ("export", "study.ipynb", "--to", "script", "--schedule", "0 7 * * *")
    assert "script cannot say a schedule" in nbops(project, *words, code=2).stderr
    (project / "pipeline.yaml").write_text("steps: {study: {notebook: study.ipynb}}")
    said = nbops(project, "export", "pipeline.yaml", "--to", "script", code=2).stderr
    assert "A script is one notebook, not a pipeline." in said


def test_a_parameter_may_be_called_help(project: Path):
    write_notebook(project / "study.ipynb", {"parameters": "help = 1", "show": "print(help)"})
    export(project, "study.ipynb", "--to", "script", "-o", "out")
    done = run_script(project / "out", "-S", "study.py", "--help", "2")
    assert (done.returncode, done.stdout.strip()) == (0, "2"), done.stderr
    assert "usage" in run_script(project / "out", "-S", "study.py", "-h").stdout
