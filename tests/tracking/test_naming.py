"""Files that only a cell's code names, where the operating system is not asked."""

import sys
from pathlib import Path

import pytest
from told import Told, seen

from nbops.capture.secrets.privacy import set_private
from nbops.journal.facts import NamedInCode
from nbops.records import NAMED_IN_CODE
from nbops.replay import Replay
from nbops.tracking.naming import find_named
from nbops.views.coverage import say_coverage
from nbops.workspace import Workspace


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder outside of the project."""
    folder = tmp_path / "elsewhere"
    (folder / "images").mkdir(parents=True)
    for name in ("a.nc", "b.nc", "images/1.png", "m.py"):
        (folder / name).write_text(name)
    return folder


def named(workspace: Workspace, source: str, **seen_in_it) -> tuple[Told, NamedInCode | None]:
    told = Told(cwd=str(workspace.root), workspace=str(workspace.root))
    told.cell(source, **seen_in_it)
    found = find_named(told.replay().cells["s.0"], str(workspace.root), workspace, lambda _: False)
    return told, found


def names(found: NamedInCode | None) -> list[str]:
    return [Path(one.name).name for one in found.reads] if found else []


def test_what_the_code_names_and_nobody_saw_is_told_as_no_more_than_that(
    fresh_workspace: Workspace, elsewhere: Path
):
    code = (
        f"Dataset('{elsewhere}/a.nc'); walk({str(elsewhere / 'images')!r}); go('../elsewhere/b.nc')"
    )
    told, found = named(fresh_workspace, code)
    assert sorted(names(found)) == ["a.nc", "b.nc", "images"]
    told.findings.append(found)
    session = told.replay().session()
    assert say_coverage(session.coverage) == (
        "no data was read; 3 more named in the code, and not seen to be read"
    )
    (cell,) = told.replay().document().cell_runs
    assert {(one.seen_by, one.digest, one.missing) for one in cell.reads} == {
        ("name", None, NAMED_IN_CODE)
    }


def test_what_is_known_better_or_is_no_data_is_not_told(
    fresh_workspace: Workspace, elsewhere: Path
):
    texts = [
        str(elsewhere / "a.nc"),
        str(elsewhere / "images"),
        str(elsewhere / "m.py"),
        str(elsewhere / "absent.nc"),
        str(fresh_workspace.root),
        sys.prefix,
        "..",
        "https://example.com/a.nc",
    ]
    known = [seen(name, uri=(elsewhere / name).as_uri()) for name in ("a.nc", "images/1.png")]
    _, found = named(fresh_workspace, f"f({texts}, f'{elsewhere}/{{x}}/b.nc')", reads=known)
    assert names(found) == []
    set_private([], [f"{elsewhere}/**"], fresh_workspace.root)
    try:
        assert named(fresh_workspace, f"f('{elsewhere}/b.nc')")[1] is None
    finally:
        set_private([], [], fresh_workspace.root)


def test_what_is_seen_later_takes_the_place_of_what_was_only_named(
    fresh_workspace: Workspace, elsewhere: Path
):
    told, found = named(fresh_workspace, f"f('{elsewhere}/a.nc')")
    late = seen("a.nc", uri=(elsewhere / "a.nc").as_uri())
    told.cell("go()", reads=[])
    facts = [*told.facts]
    replay = Replay()
    replay.feed_all([*facts, found])
    assert [one.seen_by for one in replay.cells["s.0"].reads] == ["name"]
    replay.cells["s.0"].reported_reads.append(late)
    assert [one.seen_by for one in replay.cells["s.0"].reads] == ["audit"]
