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

from nbops.digests import digest_bytes
from nbops.errors import StoreUnreachable
from nbops.index.queries import Index
from nbops.store import Store
from nbops.store.shared import SharedStore
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
