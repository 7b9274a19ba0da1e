"""What `nbops.run`, `sweep` and `pipeline` start ends with the Python that called them, however that ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest
from processes import has_ended, wait_until

import nbops
from nbops.errors import NotebookFailed
from nbops.workspace import Workspace

_CALLS = {
    "run": "nbops.run('n.ipynb', {'x': 2})",
    "sweep": "nbops.sweep('n.ipynb', {'x': [1, 2, 3]})",
    "pipeline": "nbops.pipeline()",
}
_ENDING = """\
import sys
if any(name in sys.orig_argv for name in ("nbops.jobs.apart", "nbops.jobs.worker")):
    import nbops.jobs.run, nbops.jobs.sweep_plan
    def end(*_, **__):
        import os, signal
        {end}
    nbops.jobs.sweep_plan.plan_sweep = nbops.jobs.run.run_notebook = end
"""
_ENDED_WITHIN_S = 60.0  # 3 to 7 on a machine with nothing else to do
_WAITS = """\
import os, subprocess, time
if x == 2 and not os.path.exists('go'):
    subprocess.Popen(['sleep', '3600'])
    open('waits', 'w').close()
    time.sleep(3600)"""


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "The process that ran n.ipynb died: SIGSEGV."),
        (
            "os._exit(3)",
            "The process that ran n.ipynb ended by itself, with exit code 3. What it wrote to stderr",
        ),
        ("raise ZeroDivisionError('by zero')", "ZeroDivisionError: by zero"),
    ],
)
def test_what_the_process_of_a_sweep_or_a_job_died_of_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, told: str
):
    (tmp_path / "sitecustomize.py").write_text(_ENDING.format(end=end))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotebookFailed) as failed:
        nbops.sweep(tmp_path / "n.ipynb", {"x": [1]})
    assert str(failed.value).startswith(told)
    with pytest.raises(NotebookFailed) as failed:
        nbops.run(tmp_path / "n.ipynb")
    assert str(failed.value).startswith(told)


@pytest.mark.parametrize("call", _CALLS)
def test_when_the_caller_is_killed_kernels_and_their_children_end(workspace: Workspace, call: str):
    parameters = nbformat.v4.new_code_cell("x = 2", metadata={"tags": ["parameters"]})
    cells = [parameters, nbformat.v4.new_code_cell(_WAITS)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), workspace.root / "n.ipynb")
    (workspace.root / "pipeline.yaml").write_text("steps:\n  a:\n    notebook: n.ipynb\n")
    caller = subprocess.Popen(
        [sys.executable, "-c", f"import nbops\n{_CALLS[call]}"], cwd=workspace.root
    )
    wait_until((workspace.root / "waits").exists)
    family = psutil.Process(caller.pid).children(recursive=True)
    assert "sleep" in [each.name() for each in family]
    os.kill(caller.pid, signal.SIGKILL)
    caller.wait()
    wait_until(lambda: all(has_ended(each.pid) for each in family), _ENDED_WITHIN_S)
    if call == "sweep":
        (workspace.root / "go").touch()
        again = nbops.sweep(workspace.root / "n.ipynb", {"x": [1, 2, 3]})
        assert list(again.is_reused) == [True, False, False]
