"""A store that a team shares: what one home keeps, another gets, and nobody waits for it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from kernels import Kernel
from places import object_store
from processes import PATIENCE_S, stop_background, wait_until
from told import Told

from nbops.capture.environment.machine import this_process
from nbops.digests import digest_bytes
from nbops.errors import StoreUnreachable
from nbops.index.queries import Index
from nbops.journal import facts
from nbops.journal.reader import JOURNAL
from nbops.store import Store
from nbops.store.shared import SharedStore
from nbops.tracking.forgetting import forget
from nbops.tracking.sharing import Sharing
from nbops.workspace import Workspace, find_workspace

NBOPS = (sys.executable, "-c", "from nbops.cli import main; main()")


def test_a_folder_gives_back_what_was_put_and_nothing_half(tmp_path: Path):
    (tmp_path / "team").mkdir()
    check_store(SharedStore(f"file://{tmp_path}/team"), tmp_path)
    names = [path.name for path in (tmp_path / "team").rglob("*") if path.is_file()]
    assert names == [digest_bytes(b"one").partition(":")[2][2:]]


def test_a_bucket_gives_back_what_was_put(tmp_path: Path):
    with object_store():
        fsspec.filesystem("s3", skip_instance_cache=True).mkdir("bucket")
        check_store(SharedStore("s3://bucket/nbops"), tmp_path)


def check_store(store: SharedStore, folder: Path) -> None:
    (folder / "f").write_bytes(b"one")
    digest = digest_bytes(b"one")
    assert not store.fetch(digest, folder / "got" / "f")
    store.put(folder / "f", digest)
    store.put(folder / "f", digest)
    assert store.has(digest)
    assert store.fetch(digest, folder / "got" / "f")
    assert (folder / "got" / "f").read_bytes() == b"one"


def test_content_that_is_not_what_its_name_says_is_not_taken(tmp_path: Path):
    (tmp_path / "team").mkdir()
    (tmp_path / "f").write_bytes(b"another")
    store = SharedStore(str(tmp_path / "team"))
    store.put(tmp_path / "f", digest_bytes(b"one"))
    assert not store.fetch(digest_bytes(b"one"), tmp_path / "got")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f", "team"]


def test_a_place_that_is_away_is_said_to_be(tmp_path: Path):
    with pytest.raises(StoreUnreachable, match="is away"):
        SharedStore(f"{tmp_path}/not-mounted").has(digest_bytes(b"one"))
    with pytest.raises(StoreUnreachable, match="needs a library"):
        SharedStore("gs://bucket/nbops").has(digest_bytes(b"one"))


@pytest.fixture
def sharing(fresh_workspace: Workspace, tmp_path: Path) -> Iterator[Callable[[], Sharing]]:
    fresh_workspace.prepare()
    started = []

    def start() -> Sharing:
        started.append(Sharing(fresh_workspace, str(tmp_path / "team")))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def test_what_waits_while_the_store_is_away_comes_when_it_is_back(
    fresh_workspace: Workspace, tmp_path: Path, sharing: Callable[[], Sharing]
):
    digest = Store(fresh_workspace.store).put_bytes(b"one")
    one = sharing()
    wait_until(lambda: one.error)
    (tmp_path / "team").mkdir()
    wait_until(lambda: one.error is None)
    assert SharedStore(str(tmp_path / "team")).has(digest)


def test_what_was_shared_is_not_brought_again(
    fresh_workspace: Workspace, tmp_path: Path, sharing: Callable[[], Sharing]
):
    (tmp_path / "team").mkdir()
    store = Store(fresh_workspace.store)
    digest = store.put_bytes(b"one")
    first = sharing()
    wait_until(lambda: SharedStore(str(tmp_path / "team")).has(digest))
    wait_until(lambda: first.is_done_since(0.0))
    first.stop()
    shutil.rmtree(tmp_path / "team")
    (tmp_path / "team").mkdir()
    later = store.put_bytes(b"two")
    sharing()
    wait_until(lambda: SharedStore(str(tmp_path / "team")).has(later))
    assert not SharedStore(str(tmp_path / "team")).has(digest)


def test_what_is_forgotten_is_taken_back_from_the_team_as_far_as_it_is_ours(
    fresh_workspace: Workspace, tmp_path: Path, sharing: Callable[[], Sharing]
):
    team = SharedStore(str(tmp_path / "team"))
    (fresh_workspace.root / "pyproject.toml").write_text(f'[tool.nbops]\nstore = "{team.url}"\n')
    (tmp_path / "team").mkdir()
    store = Store(fresh_workspace.store)
    only, both, theirs = (store.put_bytes(text) for text in (b"only", b"both", b"theirs"))
    team.put(store.path_of(theirs), theirs)
    journal = record(fresh_workspace, "planted", [only, both, theirs])
    record(fresh_workspace, "other", [both])
    result = fresh_workspace.state / "steps" / "0a" / "planted.json"
    result.parent.mkdir(parents=True)
    result.write_text("{}")
    team.put_at(result, "steps/0a/planted.json")
    bringing = sharing()
    wait_until(lambda: team.has(only) and team.has(both))
    wait_until(lambda: bringing.is_done_since(0.0))

    assert bringing.rest(is_asked=True)
    (tmp_path / "team").rename(tmp_path / "away")
    with pytest.raises(StoreUnreachable, match="is away"):
        forget(find_workspace(fresh_workspace.root), "planted", "planted")
    assert journal.exists(), "nothing is erased before all of it can be"
    (tmp_path / "away").rename(tmp_path / "team")

    done = forget(find_workspace(fresh_workspace.root), "planted", "planted")
    assert not journal.exists()
    assert [team.has(digest) for digest in (only, both, theirs)] == [False, True, True]
    (left,) = done.left
    assert "The shared store has 1 of its files from others" in left
    assert team.place_of(theirs) in left
    assert team.names_in("steps/0a", ".json") == []
    assert not result.exists()

    assert store.put_bytes(b"only") == only, "recorded anew"
    assert bringing.rest(is_asked=False)
    wait_until(lambda: team.has(only))


def record(workspace: Workspace, name: str, digests: list[str]) -> Path:
    """A closed session of this machine with one cell that kept files."""
    here = this_process()
    process = {key: getattr(here, key) for key in ("host", "boot_id", "pid_namespace")}
    told = Told(name, pid=2**30, tracking_uri=workspace.embedded_uri, **process)
    kept = [
        facts.FileKept(cell_run="", name=digest, digest=digest, size_bytes=4, mime="text/plain")
        for digest in digests
    ]
    told.cell("keep()", *kept)
    told.end()
    folder = workspace.sessions / name
    folder.mkdir(parents=True)
    told.write(folder)
    return folder / JOURNAL


def test_another_home_gets_outputs_and_data_from_the_team(
    start_kernel: Callable[..., Kernel], workspace: Workspace, index: Index, tmp_path: Path
):
    team = tmp_path / "team"
    team.mkdir()
    setting = f'[tool.nbops]\nstore = "file://{team}"\n'
    (workspace.root / "pyproject.toml").write_text(setting)
    (workspace.root / "a.csv").write_text("x\n1\n")
    kernel = start_kernel()
    kernel.run("%load_ext nbops\n%track start")
    kernel.run("%%track first\nprint('seen by all')\ntext = open('a.csv').read()\nlen(text)")
    shared = SharedStore(str(team))

    def is_shared() -> bool:
        assert index.wait(PATIENCE_S)
        cell = index.document(index.resolve("first")).cell_runs[-1]
        digests = [one.digest for one in (*(cell.outputs or ()), *cell.reads)]
        return len(digests) > 1 and all(one and shared.has(one) for one in digests)

    wait_until(is_shared)
    kernel.run("%track stop")
    stop_background(workspace)
    other = tmp_path / "other"
    shutil.copytree(workspace.sessions, other / ".nbops" / "sessions")
    (other / "pyproject.toml").write_text(setting)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [*NBOPS, *words]
        return subprocess.run(command, cwd=other, capture_output=True, text=True)

    try:
        done = run("sync")
        shown = run("show", "first", "--outputs", "all")
        assert "seen by all" in shown.stdout, (done, shown)
        restored = run("restore-file", "first", "a.csv", "-o", "old.csv")
        assert (restored.returncode, restored.stderr) == (0, "")
        assert (other / "old.csv").read_text() == "x\n1\n"
    finally:
        stop_background(find_workspace(other))
