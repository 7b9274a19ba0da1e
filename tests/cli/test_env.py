import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kernels import Kernel
from processes import PATIENCE_S, free_port, wait_until
from told import Told, metric
from wheels import PackageIndex, Venv, make_wheel

from nbops.capture.environment.machine import this_process
from nbops.capture.environment.packages import list_packages, package_folders, stamp_environment
from nbops.index.queries import Index
from nbops.journal.reader import JOURNAL
from nbops.journal.writer import Journal
from nbops.workspace import Workspace

NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]


@pytest.fixture
def nbops(workspace: Workspace) -> Callable[..., Any]:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*NBOPS, *words], cwd=workspace.root, capture_output=True, text=True)

    return run


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    make_wheel(folder, "alpha", "1.0", needs=("beta_tool",))
    make_wheel(folder, "alpha", "2.0", needs=("beta_tool",))
    make_wheel(folder, "beta_tool", "0.3")
    return folder


@pytest.fixture
def index(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    index = PackageIndex(wheels)
    for name in list(os.environ):
        if name.startswith(("UV_", "PIP_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_CACHE_DIR", str(wheels.parent / "uv-cache"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    yield index
    index.stop()


@pytest.fixture
def venv(index: PackageIndex, tmp_path: Path) -> Venv:
    venv = Venv(tmp_path / "first")
    venv.uv("install", "alpha==1.0")
    return venv


@pytest.fixture
def record(workspace: Workspace) -> Callable[..., None]:
    """Have a session recorded whose packages are those of an environment."""

    def record(venv: Venv, session: str = "s1", imported: tuple[str, ...] = ()) -> None:
        sys_path = [str(venv.packages)]
        stamp = stamp_environment(package_folders(sys_path))
        here = this_process()
        told = Told(
            session,
            sys_path=sys_path,
            executable=venv.python,
            environment_stamp=stamp,
            cwd=str(workspace.root),
            workspace=str(workspace.root),
            tracking_uri=workspace.embedded_uri,
            **{
                name: getattr(here, name)
                for name in ("host", "boot_id", "pid_namespace", "pid", "pid_started")
            },
        )
        told.cell(f"%%track {session}\nauc", metric("auc"), stamp=stamp, imported=list(imported))
        told.end()
        folder = workspace.sessions / session
        folder.mkdir()
        journal = Journal(folder / JOURNAL)
        for fact in told.facts:
            journal.append(fact)
        records = Index(workspace)
        assert records.wait(PATIENCE_S)
        wait_until(lambda: records.document(records.resolve(session)).environments)

    return record


def test_a_lock_builds_the_same_environment_again(
    nbops, record, venv: Venv, index: PackageIndex, tmp_path: Path
):
    record(venv)
    lock = tmp_path / "lock.txt"
    done = nbops("env", "s1", "--lock")
    assert (done.returncode, done.stderr) == (0, "")
    lock.write_text(done.stdout)
    again = Venv(tmp_path / "again")
    again.uv("sync", "--require-hashes", str(lock))
    assert again.freeze() == venv.freeze() == ["alpha==1.0", "beta-tool==0.3"]
    by_pip = Venv(tmp_path / "by_pip")
    pip = [sys.executable, "-m", "pip", "--python", by_pip.python, "install", "-q"]
    answer = subprocess.run(
        [*pip, "--index-url", index.url, "--require-hashes", "-r", str(lock)],
        capture_output=True,
        text=True,
    )
    assert by_pip.freeze() == venv.freeze(), answer.stderr


def test_a_lock_refuses_a_release_that_was_replaced(
    nbops, record, venv: Venv, index: PackageIndex, tmp_path: Path
):
    record(venv)
    lock = tmp_path / "lock.txt"
    lock.write_text(nbops("env", "s1", "--lock").stdout)
    make_wheel(index.folder, "alpha", "1.0", code="import os; os.system('evil')")
    again = Venv(tmp_path / "again")
    refused = again.uv("sync", "--no-cache", str(lock), check=False)
    assert refused.returncode != 0
    assert "Hash mismatch" in refused.stderr


def test_hashes_are_asked_once(nbops, record, venv: Venv, index: PackageIndex):
    record(venv)
    index.asked.clear()
    first = nbops("env", "s1", "--lock")
    assert sorted(index.asked) == ["/simple/alpha/", "/simple/beta-tool/"]
    index.stop()
    assert nbops("env", "s1", "--lock").stdout == first.stdout


def test_offline_a_lock_says_that_it_has_no_hashes(nbops, record, venv: Venv, monkeypatch):
    record(venv)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://me:s3cret99@127.0.0.1:{free_port()}/simple")
    done = nbops("env", "s1", "--lock")
    assert done.returncode == 0
    assert re.search(r"# No hashes: http://me:\[redacted:\w{6}\]@127\.0\.0\.1", done.stdout)
    assert "\nalpha==1.0\nbeta-tool==0.3\n" in done.stdout
    assert "without all hashes" in done.stderr
    assert "s3cret99" not in done.stdout + done.stderr


def test_what_only_this_machine_has_is_named(nbops, record, venv: Venv, tmp_path: Path, index):
    own = tmp_path / "own"
    own.mkdir()
    (own / "own.py").write_text("A = 1\n")
    (own / "setup.py").write_text("")
    info = venv.packages / "own-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 0.1\n")
    note = {"url": own.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(note))
    record(venv)
    done = nbops("env", "s1", "--lock")
    assert f"nbops: not in the lock, since only that machine had it: own 0.1: editable, {own}" in (
        done.stderr
    )
    assert f"#   own 0.1: editable, {own}" in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.startswith("own")]


def test_a_wheel_from_the_network_keeps_its_address_and_hash(
    nbops, record, venv: Venv, index: PackageIndex, tmp_path: Path
):
    wheel = make_wheel(index.folder, "gamma", "5.0")
    url = f"{index.url.removesuffix('/simple')}/files/{wheel.name}"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    pip = [sys.executable, "-m", "pip", "--python", venv.python, "install", "-q", "--no-deps"]
    hashed = f"{url}#sha256={digest}"  # pip notes it by itself from 23.1 on
    subprocess.run([*pip, hashed], check=True)
    record(venv)
    lock = nbops("env", "s1", "--lock").stdout
    assert f"gamma @ {url} \\\n    --hash=sha256:{digest}" in lock
    (tmp_path / "lock.txt").write_text(lock)
    again = Venv(tmp_path / "again")
    again.uv("sync", "--require-hashes", str(tmp_path / "lock.txt"))
    assert list_packages([str(again.packages)]) == list_packages([str(venv.packages)])


def test_env_shows_what_was_imported_and_what_was_altered(nbops, record, venv: Venv, workspace):
    (venv.packages / "beta_tool.py").write_text("VERSION = 'mine'\n")
    record(venv, imported=("alpha", "no_package"))
    records = Index(workspace)

    def shown() -> str:
        return nbops("env", "s1").stdout

    wait_until(lambda: "not as installed" in shown())
    rows = [line.split() for line in shown().splitlines()]
    assert ["alpha", "1.0", "imported"] in rows
    assert ["beta-tool", "0.3", "not", "as", "installed:", "beta_tool.py"] in rows
    document = records.document(records.resolve("s1"))
    assert document.imported == ("alpha",)
    answer = json.loads(nbops("env", "s1", "--json").stdout)
    assert answer["environment"]["altered"] == {"beta-tool": ["beta_tool.py"]}
    assert answer["digest"].startswith("env2:")


def test_two_environments_are_told_apart(nbops, record, venv: Venv):
    record(venv, "s1")
    venv.uv("install", "alpha==2.0")
    record(venv, "s2")
    done = nbops("env", "s1", "--diff", "s2")
    assert "alpha     1.0  2.0" in done.stdout
    assert "The same: 1 packages." in done.stdout
    answer = json.loads(nbops("env", "s1", "--diff", "s2", "--json").stdout)
    assert [(c["name"], c["a"], c["b"]) for c in answer["changes"]] == [("alpha", "1.0", "2.0")]
    assert "Nothing that was recorded differs." in nbops("env", "s1", "--diff", "s1").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing"], "There is no run 'nothing'."),
        (["--lock", "--json"], "--lock goes with neither"),
        (["--no-hashes"], "--no-hashes says how to --lock."),
    ],
)
def test_wrong_use_is_exit_code_2(nbops, words: list[str], told: str):
    done = nbops("env", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_flags_of_a_kernel_are_as_it_was_started(nbops, start_kernel, workspace: Workspace):
    kernel: Kernel = start_kernel(PYTHONHASHSEED="7", OMP_NUM_THREADS="1", MY_PASSWORD="hunter2")
    kernel.run("%load_ext nbops\n%track start", "start")
    kernel.run("import tqdm", "import")
    kernel.run("%%track forest\nauc = 0.5\nauc", "fit")
    records = Index(workspace)
    assert records.wait(PATIENCE_S)
    wait_until(lambda: "tqdm" in records.document(records.resolve("last")).imported)
    answer = json.loads(nbops("env", "--json").stdout)
    variables = answer["environment"]["variables"]
    assert (variables["PYTHONHASHSEED"], variables["OMP_NUM_THREADS"]) == ("7", "1")
    assert "hunter2" not in json.dumps(answer)
    assert {"ipykernel", "tqdm"} <= set(answer["imported"])
    assert "papermill" not in answer["imported"]
