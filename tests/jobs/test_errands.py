"""A job that ran in a copy of the project comes home: its record whatever happens, its files as far as they can."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from nbops.errors import NotebookFailed
from nbops.index.queries import Index
from nbops.jobs.engines.errand import Parcel, run_errand
from nbops.jobs.engines.home import Home
from nbops.jobs.parameters import read_notebook
from nbops.jobs.plan import RunOptions
from nbops.jobs.recorded import Recorded
from nbops.recording.words import make_id
from nbops.replay import replay_folder
from nbops.workspace import Workspace

LARGE = 1_500_000
WRITES = f"""\
import os, nbops
open("small.txt", "w").write("small")
open("large.bin", "wb").write(b"x" * {LARGE})
nbops.log_metric("score", 1.0)
"""


@pytest.fixture
def team(workspace: Workspace, tmp_path: Path) -> Path:
    """A shared store for what is larger than 1 MB."""
    folder = tmp_path / "team"
    folder.mkdir()
    settings = f'[tool.nbops]\nkeep_data = 1\nstore = "{folder}"\n'
    (workspace.root / "pyproject.toml").write_text(settings)
    return folder


@pytest.fixture
def home(workspace: Workspace, team: Path) -> Iterator[Home]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(WRITES)])
    nbformat.write(notebook, workspace.root / "n.ipynb")
    with closing(Home(workspace.root / "n.ipynb")) as made:
        yield made


def send(home: Home, place: Path) -> tuple[str, Parcel]:
    """Run the job where nothing of the project can be seen."""
    notebook, session_id = home.workspace.root / "n.ipynb", make_id()
    order = home.order(notebook, {}, RunOptions(), session_id)
    order = replace(order, surety=replace(order.surety, token="of another folder"))
    baggage = home.packer.pack(home.needs(notebook, {}, RunOptions()))
    return session_id, run_errand(order, baggage, str(place), lambda: True)


def status_of(workspace: Workspace, session_id: str) -> str:
    return replay_folder(workspace.sessions / session_id).document().session.status


def test_a_file_that_cannot_be_put_in_its_place_costs_neither_the_record_nor_the_others(
    home: Home, tmp_path: Path
):
    root = home.workspace.root
    session_id, parcel = send(home, tmp_path)
    (root / "large.bin").mkdir()
    (root / "small.txt").mkdir()
    with pytest.raises(NotebookFailed, match=r"small.txt cannot be put in its place .* it lies in"):
        home.take(parcel)
    (aside,) = (home.workspace.state / "unplaced").iterdir()
    assert (aside.name.endswith("small.txt"), aside.read_text()) == (True, "small")
    home.close()
    assert status_of(home.workspace, session_id) == "finished"
    (run,) = Index(home.workspace).runs()
    assert run.metrics["score"][0][1] == 1.0
    assert run.mlflow_run_id


def test_a_run_on_another_machine_is_the_same_as_here(home: Home, tmp_path: Path):
    path = home.workspace.root / "n.ipynb"
    session_id, parcel = send(home, tmp_path)
    home.take(parcel)
    home.close()
    found = Recorded(Index(home.workspace), path, read_notebook(path)).find({})
    assert found is not None
    assert (found.session.id, found.session.workdir) == (session_id, ".")


def test_what_was_made_while_the_shared_store_was_away_travels_by_itself(
    home: Home, team: Path, tmp_path: Path
):
    team.rename(tmp_path / "unmounted")
    _, parcel = send(home, tmp_path)
    assert not home.take(parcel).has_failed
    made = home.workspace.root / "large.bin"
    assert made.stat().st_size == LARGE


def test_a_shared_store_that_is_away_at_home_costs_no_record(
    home: Home, team: Path, tmp_path: Path
):
    session_id, parcel = send(home, tmp_path)
    assert list(parcel.shared) == ["large.bin"]
    team.rename(tmp_path / "unmounted")
    with pytest.raises(NotebookFailed, match=r"large.bin is not fetched yet. The shared store"):
        home.take(parcel)
    assert status_of(home.workspace, session_id) == "finished"
    assert (home.workspace.root / "small.txt").read_text() == "small"
    (tmp_path / "unmounted").rename(team)
    home.take(parcel)  # it may come twice
    made = home.workspace.root / "large.bin"
    assert made.stat().st_mode == (home.workspace.root / "small.txt").stat().st_mode
