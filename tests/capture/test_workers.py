"""Worker processes that start anew tell what they open, too."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import joblib
import pytest
from watching import seen

from nbops.capture.audit import watch_with
from nbops.capture.beacon import Beacon
from nbops.capture.data import DataWatch
from nbops.capture.readers import release_readers, watch_readers
from nbops.capture.spawned import Invitation
from nbops.capture.workers import Spools
from nbops.digests import digest_bytes
from nbops.workspace import Workspace


@pytest.fixture
def watch(fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataWatch]:
    fresh_workspace.prepare()
    monkeypatch.chdir(fresh_workspace.root)
    Path("x.csv").write_text("1\n")
    folder = fresh_workspace.sessions / "s"
    folder.mkdir()
    beacon = Beacon("s")
    beacon.make()
    watch = DataWatch(fresh_workspace, folder, beacon)
    watch_with(watch)
    watch_readers()
    beacon.begin(0)
    watch.begin_cell()
    yield watch
    watch_with(None)
    release_readers()


def copy(number: int) -> str:
    Path(f"out{number}.csv").write_text(Path("x.csv").read_text())
    return Path("x.csv").read_text()


def by_pool(context: str) -> list[str]:
    with multiprocessing.get_context(context).Pool(1) as pool:
        return pool.map(copy, [0])


WAYS = {
    "spawn": lambda: by_pool("spawn"),
    "forkserver": lambda: by_pool("forkserver"),
    "loky": lambda: joblib.Parallel(n_jobs=2)(joblib.delayed(copy)(0) for _ in range(1)),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_workers_that_start_anew_tell_what_they_read_and_wrote(watch: DataWatch, way):
    assert way() == ["1\n"]
    assert len(list(watch._spools.folder.iterdir())) == 1  # it was another process indeed
    found = seen(watch)
    assert [(one.name, one.digest) for one in found.reads] == [("x.csv", digest_bytes(b"1\n"))]
    assert [one.name for one in found.writes] == ["out0.csv"]
    assert found.modules == []


def test_what_a_worker_read_in_one_cell_it_tells_again_in_the_next(watch: DataWatch):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(copy, 0).result()
        assert [one.name for one in seen(watch).reads] == ["x.csv"]
        watch._beacon.begin(1)
        pool.submit(copy, 0).result()
    assert [one.name for one in seen(watch).reads] == ["x.csv"]


def test_a_worker_without_nbops_starts_as_before():
    code = Invitation("r", "s", "f", "s").__reduce__()[1][0]
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys\n{code}\nprint('nbops' in sys.modules)",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_file_that_a_worker_opens_within_an_open_folder_has_no_digest(watch: DataWatch):
    pid = os.fork()
    if pid == 0:
        os.open("x.csv", os.O_RDONLY, dir_fd=os.open(".", os.O_RDONLY))
        os._exit(0)
    os.waitpid(pid, 0)
    (read,) = seen(watch).reads
    assert (read.name, read.digest) == ("x.csv", None)
    assert read.missing == "it was opened relative to a folder that is not known"


def test_spools_that_come_and_grow_are_read_on(tmp_path: Path):
    one_tick = time.time_ns() + 3_600_000_000_000  # and one that has not passed
    spools = Spools(tmp_path)
    assert list(spools.read()) == []
    for number in range(2):
        spool = tmp_path / f"spool-{number}.jsonl"
        spool.write_text(f'["wrote","{number}"]\n["wro')
        os.utime(tmp_path, ns=(one_tick, one_tick))
        assert list(spools.read()) == [("wrote", str(number))]
        with spool.open("a") as file:
            file.write('te","more"]\n')
        assert list(spools.read()) == [("wrote", "more")]
    shutil.rmtree(tmp_path)
    assert list(spools.read()) == []


def test_a_beacon_says_another_number_after_each_cell(watch: DataWatch):
    beacon = watch._beacon
    numbers = [beacon.changed_at()]
    for change in (beacon.end, beacon.begin, beacon.end):
        change(1)
        numbers.append(beacon.changed_at())
    assert len(set(numbers)) == 4
