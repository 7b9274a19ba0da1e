import re

from kernels import Kernel
from processes import PATIENCE_S, wait_until

from nbops.index.queries import Index
from nbops.journal.reader import JOURNAL, verify_chain
from nbops.workspace import Workspace

_FILL = """import pathlib, resource
journal = next(pathlib.Path({sessions!r}).glob('*/journal.jsonl'))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (journal.stat().st_size + 20, hard))"""


def test_a_disk_that_stays_full_until_the_kernel_ends_breaks_no_cell_and_the_loss_is_said(
    kernel: Kernel, workspace: Workspace, index: Index
):
    kernel.run("x = 1")
    answers = [kernel.run(_FILL.format(sessions=str(workspace.sessions))), kernel.run("x + 41")]
    assert [answer.error for answer in answers] == ["", ""]
    assert answers[1].result == "42"
    said = "".join(answer.text for answer in answers)
    assert said.count("nothing can be written: ") == 1
    assert "what is new waits in memory" in kernel.run("%track status").result
    stopped = kernel.run("%track stop").text
    assert re.search(r"\d facts of it are lost, they could not be written: \w", stopped)
    kernel.kill()

    wait_until(lambda: [session.status for session in index.sessions()] == ["died"])
    assert index.wait(PATIENCE_S)
    cells = index.document(index.resolve(index.sessions()[0].id)).cell_runs
    assert [(cell.source, cell.status) for cell in cells[1:2]] == [("x = 1", "ok")]
    assert cells[-1].status == "died", "of what was not written nothing is claimed"
    (journal,) = workspace.sessions.glob(f"*/{JOURNAL}")
    assert verify_chain(journal)
