"""When a step need not run: what it depended on is as it was, and what it left is there or comes back."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nbops.digests import digest_bytes, digest_names, digest_step
from nbops.jobs.pipeline.changes import changed_outputs, find_changes, say
from nbops.jobs.pipeline.definition import Step
from nbops.jobs.pipeline.hazards import find_hazards
from nbops.jobs.pipeline.restoring import Copies
from nbops.jobs.pipeline.results import FileState, FolderNames, StepResult
from nbops.jobs.pipeline.shelf import Shelf
from nbops.jobs.pipeline.surroundings import Surroundings
from nbops.store import Store
from nbops.store.shared import SharedStore
from nbops.workspace import Workspace, find_workspace

CELLS = ("source1:1", "source1:2", "source1:3")
INSTALLED = ({"pandas": "3.0", "scipy": "1.0", "another": "1.0"}, "3.12.1")
KEY = digest_step("notebooks", CELLS)


def put(workspace: Workspace, name: str, content: str) -> FileState:
    path = workspace.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    digest = digest_bytes(content.encode())
    return FileState(path=name, digest=digest, size_bytes=len(content.encode()))


@pytest.fixture
def result(fresh_workspace: Workspace) -> StepResult:
    """Of a step that read `in.csv`, imported `helpers.py`, left `out.csv`, and appended to `log.txt`."""
    before = FileState(path="log.txt", digest=digest_bytes(b"old"), size_bytes=3)
    return StepResult(
        session_id="s1",
        at=datetime(2026, 1, 2, tzinfo=UTC),
        params={"depth": 4},
        cells=CELLS,
        reads=(put(fresh_workspace, "in.csv", "a,b"), before),
        writes=(
            put(fresh_workspace, "out.csv", "1,2"),
            put(fresh_workspace, "log.txt", "old, new"),
        ),
        modules=(put(fresh_workspace, "helpers.py", "x = 1"),),
        python="3.12.1",
        packages={"pandas": "3.0", "scipy": "1.0"},
    )


def changes(workspace: Workspace, result: StepResult, **now: Any) -> list[str]:
    given = {"params": {"depth": 4}, "cells": CELLS, "installed": INSTALLED, **now}
    return find_changes(result, around=Surroundings(workspace), **given)


def test_what_is_as_it_was_has_not_changed_though_files_were_touched(
    fresh_workspace: Workspace, result: StepResult
):
    for name in ("in.csv", "helpers.py", "out.csv"):
        os.utime(fresh_workspace.root / name, (1, 1))
    assert changes(fresh_workspace, result) == []
    assert changed_outputs(result, Surroundings(fresh_workspace)) == []


def test_each_thing_that_changed_is_named(fresh_workspace: Workspace, result: StepResult):
    def of(**now: Any) -> list[str]:
        return changes(fresh_workspace, result, **now)

    other = (*CELLS[:2], "source1:4")
    assert of(params={"depth": 8}, cells=other) == ["depth 4 → 8"]
    assert of(params={"depth": 4, "rate": 1}) == ["rate was set to 1"]
    assert of(cells=other) == ["its cells changed"]
    assert of(cells=CELLS[:2]) == ["its cells changed"]
    assert of(cells=CELLS[::-1]) == ["its cells changed"]
    assert of(installed=({"pandas": "3.1", "another": "2"}, "3.12.1")) == [
        "pandas 3.0 → 3.1",
        "scipy is not installed any more",
    ]
    assert of(installed=(INSTALLED[0], "3.13.0")) == ["Python 3.12.1 → 3.13.0"]
    put(fresh_workspace, "helpers.py", "x = 2")
    put(fresh_workspace, "in.csv", "a,c")
    assert of() == ["helpers.py changed", "in.csv changed"]
    (fresh_workspace.root / "in.csv").unlink()
    assert of() == ["helpers.py changed", "in.csv is gone"]
    put(fresh_workspace, "log.txt", "neither")
    assert of(params={})[0] == "depth is no longer set"


def test_reasons_make_a_sentence():
    told = [say(list("abcde"[:count])) for count in range(6)]
    assert told == ["", "a", "a and b", "a, b and c", "a, b, c and 1 more", "a, b, c and 2 more"]


def test_what_nobody_can_look_at_again_always_runs(fresh_workspace: Workspace, result: StepResult):
    unsure = msgspec.structs.replace(result, unknown=("nobody can tell if http://x changed",))
    assert changes(fresh_workspace, unsure) == ["nobody can tell if http://x changed"]


def test_what_a_step_before_will_bring_back_counts_as_there(
    fresh_workspace: Workspace, result: StepResult
):
    read = result.reads[0]
    (fresh_workspace.root / read.path).unlink()
    around = Surroundings(fresh_workspace, planned={read.path: read.digest})
    assert not around.has_changed(read)
    assert Surroundings(fresh_workspace, planned={read.path: "file1:0"}).has_changed(read)


def test_names_that_steps_before_will_bring_count_where_they_were_asked_for(
    fresh_workspace: Workspace,
):
    tables = FolderNames(path="data", patterns=("*.csv",), digest=digest_names({"a.csv", "b.csv"}))
    put(fresh_workspace, "data/a.csv", "x")

    def is_other(planned: tuple[str, ...] = (), pending: tuple[str, ...] = ()) -> bool:
        given = dict.fromkeys(planned, "file1:0"), frozenset(pending)
        around = Surroundings(fresh_workspace, planned=given[0], pending=given[1])
        return around.has_other_names(tables, ())

    assert is_other()
    assert not is_other(planned=("data/b.csv",))
    assert not is_other(pending=("data/b.csv",))
    assert is_other(planned=("data/notes.txt",), pending=("data/more.txt", "data/.b.csv"))
    put(fresh_workspace, "data/b.csv", "x")
    assert is_other(planned=("data/c.csv",))
    assert not is_other(pending=("data/c.csv",))  # nobody knows yet
    put(fresh_workspace, "data/d.csv", "x")
    assert is_other(planned=("data/b.csv",), pending=("data/a.csv", "data/c.csv"))


def test_the_last_result_and_all_with_its_cells_are_found_again(
    fresh_workspace: Workspace, result: StepResult
):
    newer = msgspec.structs.replace(result, session_id="s2", at=datetime(2026, 1, 3, tzinfo=UTC))
    shelf = Shelf(fresh_workspace)
    assert list(shelf.find(KEY)) == []
    for each in (newer, result):
        shelf.put(KEY, each)
    shelf.note_last("/p.yaml", "train", KEY, result)
    again = Shelf(fresh_workspace)
    assert list(again.find(KEY)) == [newer, result]
    assert again.last("/p.yaml", "train") == result
    assert again.last("/p.yaml", "test") is None
    assert list(again.find(digest_step("", CELLS))) == []


def shared(root: Path, team: Path) -> Workspace:
    root.mkdir()
    (root / "pyproject.toml").write_text(f'[tool.nbops]\nstore = "file://{team}"\n')
    workspace = find_workspace(root)
    workspace.prepare()
    return workspace


def test_a_team_shares_results_and_outputs(tmp_path: Path, result: StepResult):
    team = tmp_path / "team"
    one, other = shared(tmp_path / "one", team), shared(tmp_path / "other", team)
    Shelf(one).put(KEY, result)  # the store is away
    team.mkdir()
    assert list(Shelf(other).find(KEY)) == []
    Shelf(one).put(KEY, result)
    assert list(Shelf(other).find(KEY)) == [result]
    out = result.writes[0]
    assert not Copies(other).has(out)
    put(one, "out.csv", "1,2")
    SharedStore(str(team)).put(one.root / "out.csv", out.digest)
    assert Copies(other).has(out)
    Copies(other).restore(out)
    assert (other.root / "out.csv").read_text() == "1,2"
    (team / "steps").rename(tmp_path / "gone")
    assert list(Shelf(other).find(KEY)) == [result]


def test_a_restored_file_takes_no_content_away_that_is_kept_nowhere(
    fresh_workspace: Workspace, result: StepResult
):
    fresh_workspace.prepare()
    out = result.writes[0]
    fresh_workspace.kept_data.mkdir()
    Store(fresh_workspace.kept_data).put_bytes(b"1,2")
    put(fresh_workspace, "out.csv", "by hand")
    moved = Copies(fresh_workspace).restore(out)
    assert (fresh_workspace.root / "out.csv").read_text() == "1,2"
    assert moved is not None
    assert moved.read_text() == "by hand"
    assert Copies(fresh_workspace).restore(out) is None


def test_nothing_is_restored_outside_of_the_project(fresh_workspace: Workspace, tmp_path: Path):
    fresh_workspace.prepare()
    fresh_workspace.kept_data.mkdir()
    digest = Store(fresh_workspace.kept_data).put_bytes(b"1,2")
    for path in ("../out.csv", str(tmp_path / "out.csv"), ".nbops/access.json"):
        assert not Copies(fresh_workspace).has(FileState(path=path, digest=digest))


def test_files_that_steps_share_without_an_order_are_told(result: StepResult):
    def of(reads: str, writes: str) -> StepResult:
        files = [[FileState(path=p, digest="file1:0") for p in t.split()] for t in (reads, writes)]
        return msgspec.structs.replace(result, reads=tuple(files[0]), writes=tuple(files[1]))

    after = {"a": (), "b": ("a",), "c": ("b",), "d": ()}
    steps = [
        Step(name, name, Path(f"{name}.ipynb"), after=before) for name, before in after.items()
    ]
    results = {"a": of("", "f"), "b": of("f", "g"), "c": of("f g", "h"), "d": of("g", "h")}
    assert find_hazards(steps, results) == [
        "c and d write h: only what the last one leaves stays.",
        "d reads g, which b writes, and does not come after it: give it `after: b`.",
    ]
