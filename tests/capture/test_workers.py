"""Worker processes that start anew tell what they open, too."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import joblib
import pandas as pd
import pytest
import sqlalchemy as sa
from places import web_server
from watching import seen

from nbops.capture.data import ledger
from nbops.capture.data.watch import DataWatch
from nbops.capture.libraries import cursors
from nbops.capture.processes.spawned import Invitation
from nbops.capture.processes.workers import Spools
from nbops.capture.secrets.privacy import set_private
from nbops.capture.secrets.redaction import redact_name
from nbops.digests import RowsDigest, digest_bytes, digest_pieces, digest_version
from nbops.workspace import Workspace, read_settings


@pytest.fixture
def table(fresh_workspace: Workspace) -> Path:
    path = fresh_workspace.root / "x.csv"
    path.write_text("1\n")
    return path


@pytest.fixture
def watch(table: Path, worker_watch: DataWatch) -> DataWatch:  # in this order: no cell wrote it
    assert table.exists()
    return worker_watch


def copy(number: int) -> str:
    Path(f"out{number}.csv").write_text(Path("x.csv").read_text())
    return Path("x.csv").read_text()


def read(path: str) -> str:
    return Path(path).read_text()


def write(path: str) -> None:
    Path(path).write_text("x")


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


def in_child(work: Callable[[], object]) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # it forks beside threads
def test_what_workers_read_of_urls_and_queries_is_told_in_whatever_order_it_came(
    watch: DataWatch, monkeypatch
):
    engine = sa.create_engine("sqlite:///t.db", poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("create table t (a int)"))
        connection.execute(sa.text("insert into t values (1), (2), (3)"))
    taken = seen(watch)
    part = sa.text("select a from t where a < :most")

    def fetch(most: int) -> None:
        with engine.connect() as connection:
            connection.execute(part, {"most": most}).all()

    def fetch_rows() -> None:
        with engine.connect() as connection:
            result = connection.execute(sa.text("select a from t"))
            while result.fetchone():
                pass

    def read_url() -> None:
        pd.read_csv(f"{web.url}/a.csv")

    digests = []
    with web_server() as web:
        for order in ((3, 2, 2), (2, 3)):
            watch.begin_cell()
            for most in order:
                in_child(lambda most=most: fetch(most))
            found = [one for one in seen(watch).reads if one.kind == "query"]
            digests += [(one.name, one.shape, one.digest) for one in found]
        assert digests[0] == digests[1]
        name, shape, digest = digests[0]
        assert (name, shape) == ("select a from t where a < ?", (3, 1))
        one, other = RowsDigest(("a",)), RowsDigest(("a",))
        one.add([(1,)])
        other.add([(1,), (2,)])
        assert digest == digest_pieces([one.digest(), other.digest()])

        watch.begin_cell()
        in_child(lambda: fetch(3))
        in_child(read_url)
        in_child(fetch_rows)
        url, *queries = sorted(
            (one for one in seen(watch).reads if one.kind != "file"), key=lambda one: one.uri
        )
        assert (url.uri, url.shape) == (f"{web.url}/a.csv", (2, 2))
        assert url.digest == digest_version(url.uri, "etag", "v1")
        rows = {query.name: (query.shape, query.digest) for query in queries}
        assert rows["select a from t where a < ?"] == ((2, 1), other.digest())
        assert rows["select a from t"][0] == (3, 1)
        monkeypatch.setattr(cursors, "_MOST_ALONE", 1)
        watch.begin_cell()
        in_child(fetch_rows)
        (query,) = (one for one in seen(watch).reads if one.kind == "query")
        assert (query.digest, query.missing) == (None, "it was fetched piece by piece")
    assert taken is not None


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # it forks beside threads
def test_what_workers_may_not_name_stands_in_no_spool(watch: DataWatch):
    pyproject = Path("pyproject.toml")
    pyproject.write_text("[tool.nbops]\nprivate_paths = ['vault/**', 'http://h/in/**']\n")
    settings = read_settings(Path.cwd())
    set_private((), settings.private_paths, Path.cwd())
    secret = "sk-plAntedKey0123456789abcdef.csv"
    Path("vault").mkdir()
    Path("vault/plAnted.csv").write_text("1")
    Path(secret).write_text("1")
    watch.take("s.0", at_end=True)
    watch.begin_cell()
    try:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            pool.map(read, ["vault/plAnted.csv", secret])
        in_child(lambda: (read("vault/plAnted.csv"), write(f"out-{secret}")))
        in_child(lambda: watch.read_remote("http://me:pw@h/in/plAnted.csv", None, "audit"))
    finally:
        set_private((), (), Path.cwd())
    spools = [path.read_text() for path in watch._spools.folder.iterdir()]
    assert len(spools) == 3
    assert "plAnted" not in "".join(spools)
    found = seen(watch)
    assert {(one.name, one.missing) for one in found.reads} == {
        ("private", "private"),
        (redact_name(secret), ledger._UNSHOWN_BY_WORKER),
    }
    assert [(one.name, one.digest) for one in found.writes] == [
        (redact_name(f"out-{secret}"), None)
    ]


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
