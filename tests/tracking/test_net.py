"""What the operating system says was opened while a cell ran: by this process's children, here."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import wait_until
from told import Told, seen

from nbops.capture.data.beacon import Beacon
from nbops.capture.data.contents import stat_file
from nbops.capture.secrets.redaction import PATH_HIDDEN, redact_path
from nbops.journal import facts
from nbops.recording import doubts as asking
from nbops.recording.doubts import raise_doubts
from nbops.tracking.doubts import Doubts
from nbops.tracking.following import DigestCache
from nbops.tracking.net import Catch, Net
from nbops.tracking.netting import sift
from nbops.workspace import Workspace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


@pytest.fixture
def beacon(fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beacon]:
    fresh_workspace.prepare()
    monkeypatch.chdir(fresh_workspace.root)
    (fresh_workspace.sessions / "s").mkdir()
    Path("data").mkdir()
    Path("data/x.csv").write_text("1\n")
    beacon = Beacon("s")
    beacon.make()
    yield beacon
    beacon.remove()


@pytest.fixture
def net(fresh_workspace: Workspace, beacon: Beacon) -> Iterator[Net]:
    net = Net(fresh_workspace)
    net.cast()
    wait_until(lambda: net.covers(str(fresh_workspace.root / "data/x.csv")))
    yield net
    net.draw_in()
    assert net.problem is None


def catch_of(net: Net) -> Catch:
    caught: list[Catch] = []
    wait_until(lambda: caught.extend(net.take("s")) or caught)
    (catch,) = caught
    return catch


def sh(command: str) -> None:
    subprocess.run(command, shell=True, check=True)


def names(paths: dict[str, None]) -> list[str]:
    return sorted(str(Path(path).relative_to(Path.cwd())) for path in paths)


def test_what_a_cell_opens_and_writes_is_caught_and_nothing_before_or_after(
    net: Net, beacon: Beacon
):
    sh("cat data/x.csv > before.csv")
    beacon.begin(0)
    sh(
        "cat data/x.csv > out.csv; echo 1 > .hidden; cp out.csv tmp; mv tmp moved.csv; cat a.py || true"
    )
    beacon.end(0)
    sh("cat before.csv > after.csv")
    catch = catch_of(net)
    assert (catch.seq, catch.is_whole) == (0, True)
    assert "data/x.csv" in names(catch.opened)
    assert {"out.csv", "moved.csv"} <= set(names(catch.written))
    everything = {*names(catch.opened), *names(catch.written)}
    assert not everything & {"before.csv", "after.csv", "a.py"}


def test_folders_that_are_made_in_the_cell_are_watched_with_what_lies_in_them(
    net: Net, beacon: Beacon
):
    beacon.begin(0)
    sh("mkdir -p new/deep; echo 1 > new/deep/out.csv")
    wait_until(lambda: net.covers(str(Path("new/deep/out.csv").absolute())))
    sh("cat new/deep/out.csv")
    beacon.end(0)
    assert "new/deep/out.csv" in names(catch_of(net).opened)


def test_what_nbops_itself_opens_is_not_the_cells(net: Net, beacon: Beacon):
    Path("own").mkdir()
    wait_until(lambda: net.covers(str(Path("own/x").absolute())))
    Path("own/x.csv").write_text("2\n")
    Path("data/own.csv").write_text("2\n")
    beacon.begin(0)
    with net.our_own(str(Path("own/*.csv").absolute())):
        Path("own/x.csv").read_text()
    with net.our_own(str(Path("data/own.csv").absolute())):
        Path("data/own.csv").read_text()
    with beacon.set_aside():
        Path("data/own.csv").read_text()
    Path("data/x.csv").read_text()
    beacon.end(0)
    assert names(catch_of(net).opened) == ["data/x.csv"]


def test_what_is_looked_at_to_tell_whether_it_changed_is_not_the_cells(
    net: Net, beacon: Beacon, fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(asking, "summon", lambda _: None)  # here is who looks
    paths = [str(Path(name).absolute()) for name in ("data/x.csv", "data")]
    for path in paths:
        os.utime(path, (1.0, 1.0))
    found: dict[str, str] = {}
    doubts = Doubts(
        fresh_workspace,
        net,
        DigestCache(lambda *_: None, lambda path, _, digest: found.update({path: digest})),
        lambda path, _, digest: found.update({path: digest}),
        later=lambda job: job(),
    )
    beacon.begin(0)
    raise_doubts(fresh_workspace, paths)
    wait_until(lambda: not doubts.look())
    beacon.end(0)
    assert names(catch_of(net).opened) == []
    assert [found[path].partition(":")[0] for path in paths] == ["file1", "folder1"]


def test_what_the_courier_of_another_job_opens_is_not_the_cells(
    net: Net, beacon: Beacon, fresh_workspace: Workspace
):
    Path("data/theirs.csv").write_text("2\n")
    theirs = Beacon(f"courier-{fresh_workspace.key}-1")
    theirs.make()
    try:
        wait_until(lambda: theirs.session in net._beacons.values())
        beacon.begin(0)
        Path("data/x.csv").read_text()
        theirs.begin(7)
        Path("data/theirs.csv").read_text()
        theirs.end(7)
        beacon.end(0)
        catch = catch_of(net)
        assert names(catch.opened) == ["data/x.csv"]
        assert names(catch.unclear) == ["data/theirs.csv"]
        assert not catch.is_whole
    finally:
        theirs.remove()


def test_what_is_opened_while_two_sessions_cells_run_is_credited_to_neither(
    net: Net, beacon: Beacon, fresh_workspace: Workspace
):
    (fresh_workspace.sessions / "other").mkdir()
    other = Beacon("other")
    other.make()
    beacon.begin(0)
    wait_until(lambda: "other" in net._beacons.values())
    other.begin(4)
    Path("data/x.csv").read_text()
    other.end(4)
    beacon.end(0)
    catch = catch_of(net)
    assert (names(catch.opened), catch.is_whole) == ([], False)


@pytest.mark.parametrize("is_over", [True, False])
def test_so_it_is_when_the_other_session_began_a_moment_ago(
    net: Net, beacon: Beacon, fresh_workspace: Workspace, is_over: bool
):
    (fresh_workspace.sessions / "other").mkdir()
    other = Beacon("other")
    beacon.begin(0)
    other.make()
    other.begin(0)
    Path("data/x.csv").read_text()
    if is_over:
        other.end(0)
    beacon.end(0)
    catch = catch_of(net)
    assert (names(catch.opened), catch.is_whole) == ([], False)


# ---- what is told of a catch ------------------------------------------------------------------------


def sifted(workspace: Workspace, catch: Catch, *more, **cell) -> tuple[Told, facts.Netted]:
    told = Told(cwd=str(workspace.root), workspace=str(workspace.root))
    told.clock = 4_000_000_000.0  # the files are older
    told.cell("run()", *more, **cell)
    draft = told.replay().cells["s.0"]
    found = sift(draft, catch, workspace, lambda _path: True)
    told.findings.append(found)
    return told, found


def uri_of(workspace: Workspace, name: str) -> str:
    return (workspace.root / name).as_uri()


def test_only_what_nobody_reported_is_told(fresh_workspace: Workspace, beacon: Beacon):
    root = fresh_workspace.root
    for name in ("known.csv", "out.csv", "temporary"):
        Path(name).write_text("1\n")
    Path("temporary").unlink()
    opened = {str(root / name): None for name in ("known.csv", "data/x.csv", "temporary")}
    catch = Catch(0, opened=opened, written={str(root / "out.csv"): None})
    known = seen("known.csv", uri=uri_of(fresh_workspace, "known.csv"))
    told, found = sifted(fresh_workspace, catch, reads=[known])
    assert [(one.name, one.seen_by) for one in found.reads] == [("data/x.csv", "net")]
    assert [(one.name, one.seen_by) for one in found.writes] == [("out.csv", "net")]
    assert told.replay().session().coverage == {"audit": 1, "net": 1, "waiting": 1}


def test_a_path_that_holds_a_secret_is_hidden_and_known_by_what_is_shown_of_it(
    fresh_workspace: Workspace, beacon: Beacon
):
    secrets = [f"sk-plAnted{word}0123456789abcdef.csv" for word in ("Told", "Caught")]
    for name in secrets:
        Path(name).write_text("1\n")
    told, caught = (str(fresh_workspace.root / name) for name in secrets)
    known = seen(redact_path(told), uri=Path(redact_path(told)).as_uri())
    _, found = sifted(fresh_workspace, Catch(0, opened={told: None, caught: None}), reads=[known])
    (read,) = found.reads
    assert (read.name, read.missing) == (redact_path(secrets[1]), PATH_HIDDEN)
    assert "plAnted" not in f"{read}"


def test_a_file_that_was_named_and_not_opened_was_not_read(
    fresh_workspace: Workspace, beacon: Beacon
):
    root = fresh_workspace.root
    Path("listed.csv").write_text("1\n")
    named = [
        seen(name, uri=uri_of(fresh_workspace, name), seen_by="name", stat=stat_file(name))
        for name in ("listed.csv", "data/x.csv")
    ]
    command = facts.ProcessStarted(cell_run="s.0", command="run listed.csv data/x.csv")
    catch = Catch(0, opened={str(root / "data/x.csv"): None})
    told, _ = sifted(fresh_workspace, catch, command, reads=named)
    (cell,) = told.replay().document().cell_runs
    assert [(one.name, one.seen_by) for one in cell.reads] == [("data/x.csv", "net")]
    assert ([one.seen_by for one in cell.processes], cell.warnings) == (["net"], ())


def test_a_named_file_that_nbops_opened_meanwhile_stays_an_input_by_name(
    fresh_workspace: Workspace, beacon: Beacon
):
    path = str(fresh_workspace.root / "data/x.csv")
    named = seen("data/x.csv", uri=uri_of(fresh_workspace, "data/x.csv"), seen_by="name")
    _, found = sifted(fresh_workspace, Catch(0, unclear={path: None}), reads=[named])
    assert (found.reads, found.unopened) == ([], [])


def test_a_file_that_changed_while_the_cell_ran_has_no_digest_of_what_was_read(
    fresh_workspace: Workspace, beacon: Beacon
):
    told = Told(cwd=str(fresh_workspace.root))
    told.cell("run()")
    catch = Catch(0, opened={str(fresh_workspace.root / "data/x.csv"): None})
    found = sift(told.replay().cells["s.0"], catch, fresh_workspace, lambda _path: True)
    assert [one.missing for one in found.reads] == ["it changed while the cell ran"]
