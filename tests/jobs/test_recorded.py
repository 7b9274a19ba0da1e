"""What is looked for among the runs that are recorded: once for all points, and further back than the newest."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from processes import PATIENCE_S

import nbops
from nbops.index.queries import Index
from nbops.jobs import recorded
from nbops.jobs.parameters import read_notebook
from nbops.jobs.recorded import Recorded, given_parameters
from nbops.records import Session
from nbops.workspace import Workspace


class CountingIndex(Index):
    """Counts how often it is asked for all sessions, and how often the parameters of one are read."""

    def __init__(self, workspace: Workspace, sessions: list[Any]) -> None:
        super().__init__(workspace)
        self.asked = 0
        self._all = sessions

    def wait(self, timeout_s: float = 0) -> bool:
        return True

    def sessions(self, *, alive: bool = False) -> list[Session]:
        self.asked += 1
        return self._all


class Counted:
    """A session that counts how often its parameters are read."""

    notebook, kind, status, tags = "n.ipynb", "job", "finished", ()

    def __init__(self, number: int) -> None:
        self.id = f"gone{number}"
        self.reads = 0
        self._number = number

    @property
    def params(self) -> dict[str, Any]:
        self.reads += 1
        return {"x": self._number}


def write_notebook(workspace: Workspace, *sources: str) -> Path:
    path = workspace.root / "n.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_each_session_is_read_once_however_many_points_are_looked_for(
    fresh_workspace: Workspace,
):
    path = write_notebook(fresh_workspace, "x = 0")
    sessions = [Counted(number) for number in range(50)]
    index = CountingIndex(fresh_workspace, sessions)
    known = Recorded(index, path, read_notebook(path))
    for number in range(100):
        assert known.find({"x": number}) is None
    assert index.asked == 1
    assert {session.reads for session in sessions} == {1}


def test_data_that_are_as_they_once_were_give_the_run_of_then(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    path = write_notebook(
        workspace, "x = 0", "import nbops\nnbops.log_metric('y', float(open('d').read()))"
    )
    data = workspace.root / "d"
    found = []
    for content in ("1", "2", "1"):
        data.write_text(content)
        (row,) = nbops.sweep(path, {"x": [0]}, cell_timeout=PATIENCE_S).to_dict("records")
        found.append((row["is_reused"], row["metrics.y"]))
    assert found == [(False, 1.0), (False, 2.0), (True, 1.0)]
    monkeypatch.setattr(recorded, "_MOST_LOOKED_AT", 1)
    newest = Recorded(Index(workspace), path, read_notebook(path))
    assert newest.find({}) is None


def test_a_run_in_another_folder_is_another_run(workspace: Workspace):
    path = write_notebook(workspace, "x = 0", "open('d').read()")
    elsewhere = workspace.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "d").write_text("1")
    session = nbops.run(path, workdir=elsewhere, cell_timeout=PATIENCE_S)
    index, notebook = Index(workspace), read_notebook(path)
    own = Recorded(index, path, notebook)
    assert own.find({}) is None
    assert list(own.with_parameters({})) == []
    assert own.why_none({}) == "it has run in another folder only"
    found = Recorded(index, path, notebook, elsewhere).find({})
    assert found is not None
    assert (found.session.id, found.session.workdir) == (session, "elsewhere")


def test_a_point_runs_again_when_the_file_that_it_alone_wrote_is_gone_or_another(
    workspace: Workspace,
):
    writes = "from pathlib import Path\nPath(f'{x}.bin').write_text('a'); Path('last').write_text(str(x))"
    for_a_time = "Path(f'{x}.part').write_text('b')"
    path = write_notebook(workspace, "x = 0", writes, for_a_time, "Path(f'{x}.part').unlink()")

    def sweep() -> list[bool]:
        return list(nbops.sweep(path, {"x": [1, 2]}, cell_timeout=PATIENCE_S)["is_reused"])

    assert [sweep(), sweep()] == [[False, False], [True, True]]
    (workspace.root / "last").unlink()
    (workspace.root / "2.bin").unlink()
    assert sweep() == [True, False]
    assert (workspace.root / "2.bin").exists()
    (workspace.root / "1.bin").write_text("another")
    assert [sweep(), sweep()] == [[False, True], [True, True]]


LISTS = (
    "x = 0",
    "import os, nbops\nfrom pathlib import Path\nPath('out').mkdir(exist_ok=True)\nn = os.listdir('out')",
    "nbops.log_metric('files', len(sorted(Path('data').glob('*.csv'))))",
    "Path(f'out/{x}.bin').touch(); Path(f'data/{x}.txt').touch()",
)


def test_a_point_runs_again_when_a_folder_that_it_listed_has_a_new_file(workspace: Workspace):
    path = write_notebook(workspace, *LISTS)
    data = workspace.root / "data"
    data.mkdir()
    (data / "a.csv").touch()

    def sweep() -> list[tuple[bool, float]]:
        done = nbops.sweep(path, {"x": [1, 2]}, cell_timeout=PATIENCE_S)
        return list(zip(done["is_reused"], done["metrics.files"], strict=True))

    assert [sweep(), sweep()] == [[(False, 1), (False, 1)], [(True, 1), (True, 1)]]
    (data / "b.csv").touch()
    assert [sweep(), sweep()] == [[(False, 2), (False, 2)], [(True, 2), (True, 2)]]


def test_a_run_is_known_again_whatever_its_parameters_are(workspace: Workspace):
    usual = "n = 0\nlayers = [1]\nshape = (1, 2)\nlimit = float('nan')\nnames = {'a': None}"
    path = write_notebook(workspace, usual, "n")
    session = nbops.run(path, {"n": 0, "layers": [2, 3]}, cell_timeout=PATIENCE_S)
    index = Index(workspace)
    found = Recorded(index, path, read_notebook(path))
    assert found.find({"layers": [1]}) is None
    document = found.find({"layers": [2, 3], "shape": (1, 2)})
    assert document is not None
    assert document.session.id == session
    assert [run.source for run in document.cell_runs] == [
        usual,
        "# Parameters\nlayers = [2, 3]",
        "n",
    ]
    assert given_parameters(document, read_notebook(path), path) == {"layers": [2, 3]}
