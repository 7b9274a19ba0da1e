"""Cells that nobody is to look into: that they ran is recorded, and nothing else."""

from collections.abc import Callable

from kernels import Kernel
from processes import PATIENCE_S

from nbops.index.queries import Index
from nbops.records import CellRun
from nbops.workspace import Workspace

_WORDS = (b"planted1", b"planted2", b"planted3", b"private.csv")


def run_tagged(kernel: Kernel, code: str, *tags: str) -> str:
    """Run a cell as JupyterLab does, with its metadata; returns what it printed."""
    return kernel.run(code, "private", tags=tags).text


def recorded(index: Index) -> tuple[CellRun, ...]:
    assert index.wait(PATIENCE_S)
    return index.document(index.resolve(index.sessions()[0].id)).cell_runs


def assert_no_word_lies_in(workspace: Workspace) -> None:
    for path in workspace.state.rglob("*"):
        if path.is_file():
            assert not [word for word in _WORDS if word in path.read_bytes()], path


def test_of_a_tagged_cell_only_that_it_ran_is_recorded(
    kernel: Kernel, workspace: Workspace, index: Index
):
    (workspace.root / "private.csv").write_text("planted1")
    code = (
        "planted2 = open('private.csv').read(); print(planted2); display(planted2)\n"
        "%track data private.csv\nraise ValueError(planted2 + 'planted3')"
    )
    assert "planted1" in run_tagged(kernel, code, "other", "nbops-skip")
    kernel.run("print(1)")
    cells = recorded(index)
    cell = cells[1]
    assert (cell.seq, cell.cell_id, cell.status, cell.execution_count) == (1, "private", "error", 2)
    assert cell.duration_s is not None
    assert cell.skipped == "skipped by its tag"
    assert (cell.source, cell.outputs, cell.reads, cell.error.message) == ("", None, (), "")
    assert (cell.names.defines, cell.names.uses) == ((), ())
    assert cells[2].skipped is None
    kernel.shutdown()
    assert_no_word_lies_in(workspace)


def test_a_first_line_skips_a_cell_also_one_that_ran_before_tracking(
    start_kernel: Callable[..., Kernel], workspace: Workspace, index: Index
):
    kernel = start_kernel()
    kernel.run("# nbops: skip\nplanted1 = 1")
    kernel.run("%load_ext nbops\n%track start")
    kernel.run("\n# nbops: skip, for it is private\nprint('planted2')")
    kernel.run("%%time\n# nbops: skip\nprint('planted3')")
    kernel.run("x = 1  # nbops: skip")
    reasons = [cell.skipped for cell in recorded(index)]
    reason = "skipped by its first line"
    assert reasons == [reason, None, reason, reason, None]
    kernel.shutdown()
    assert_no_word_lies_in(workspace)


def test_a_mark_on_a_skipped_cell_binds_and_records_nothing(kernel: Kernel, index: Index):
    run_tagged(kernel, "%%track forest depth=4\ntwice = depth * 2\ntwice", "nbops-skip")
    assert kernel.run("twice").result == "8"
    cells = recorded(index)
    assert (cells[1].source, cells[1].params, cells[1].metrics) == ("", {}, {})
    assert not index.runs()


def test_what_is_logged_by_hand_in_a_skipped_cell_is_recorded(kernel: Kernel, index: Index):
    kernel.run("# nbops: skip\nprint('x')\n%track metric auc=0.75")
    (run,) = index.runs() if index.wait(PATIENCE_S) else ()
    assert run.metrics["auc"][0][1] == 0.75
