"""Which files a cell reads and writes, seen through the interpreter's audit events."""

import gzip
import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
from watching import seen

from nbops.capture.data import ledger
from nbops.capture.data.watch import DataWatch
from nbops.digests import digest_bytes
from nbops.journal.facts import DataSeen, Digested, Overwritten, decode, encode


@pytest.fixture
def watch(audit_watch: DataWatch) -> DataWatch:
    """Without the readers of libraries."""
    return audit_watch


def names(found: list) -> list[str]:
    return [one.name for one in found]


def test_a_read_is_seen_with_its_digest_and_size(watch: DataWatch):
    Path("a.csv").write_bytes(b"x,y\n1,2\n")
    watch.take("s.0", at_end=True)
    Path("a.csv").read_text()
    (read,) = seen(watch).reads
    assert (read.name, read.digest, read.size_bytes) == ("a.csv", digest_bytes(b"x,y\n1,2\n"), 8)
    assert read.uri == Path("a.csv").absolute().as_uri()
    assert read.seen_by == "audit"


def read_with_open(path: str | bytes) -> None:
    with open(path, "rb") as file:
        file.read(1)


READERS = {
    "open": read_with_open,
    "pathlib": lambda path: Path(path).read_bytes(),
    "os.open": lambda path: os.close(os.open(path, os.O_RDONLY)),
    "gzip": lambda path: gzip.GzipFile(path).close(),
    "numpy": lambda path: np.fromfile(path, dtype="u1"),
    "memmap": lambda path: np.memmap(path, mode="r", dtype="u1").sum(),
    "bytes path": lambda path: read_with_open(os.fsencode(path)),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_whoever_reads_through_the_interpreter_is_seen(watch: DataWatch, reader):
    Path("f").write_bytes(b"12345678")
    watch.take("s.0", at_end=True)
    reader("f")
    assert names(seen(watch).reads) == ["f"]


def test_a_write_is_seen_as_it_is_when_the_cell_ends(watch: DataWatch):
    with open("out.pkl", "wb") as file:
        pickle.dump([1, 2], file)
    found = seen(watch)
    (write,) = found.writes
    content = Path("out.pkl").read_bytes()
    assert (write.name, write.size_bytes) == ("out.pkl", len(content))
    assert write.digest == digest_bytes(content)
    assert found.reads == []


def test_reading_back_what_the_cell_itself_wrote_is_no_input(watch: DataWatch):
    Path("tmp.txt").write_text("x")
    Path("tmp.txt").read_text()
    found = seen(watch)
    assert (names(found.reads), names(found.writes)) == ([], ["tmp.txt"])


def test_a_temporary_file_that_is_gone_is_no_output(watch: DataWatch):
    Path("tmp.txt").write_text("x")
    Path("tmp.txt").unlink()
    assert seen(watch).writes == []


def test_a_file_opened_for_both_is_both(watch: DataWatch):
    Path("log").write_text("a")
    watch.take("s.0", at_end=True)
    with open("log", "r+") as file:
        file.read()
        file.write("b")
    found = seen(watch)
    assert found.reads[0].digest == digest_bytes(b"a")
    assert names(found.writes) == ["log"]


@pytest.mark.parametrize(
    "path", ["/proc/self/stat", "/etc/hostname", np.__file__.replace(".py", ".pyi"), "/dev/null"]
)
def test_what_is_no_data_is_not_seen(watch: DataWatch, path: str):
    read_with_open(path)
    assert seen(watch).reads == []


def test_nbops_own_files_and_caches_are_not_data(watch: DataWatch, private_homes: Path):
    for place in (
        Path(".nbops"),
        Path(".git"),
        private_homes / "cache",
        Path(".ipynb_checkpoints"),
    ):
        place.mkdir(exist_ok=True)
        (place / "f").write_text("x")
    assert seen(watch).writes == []


def test_nothing_is_seen_between_cells(watch: DataWatch):
    Path("a").write_text("x")
    watch.take("s.0", at_end=True)
    watch.end_cell()
    Path("a").read_text()
    watch.begin_cell()
    assert seen(watch).reads == []


def test_reads_of_other_threads_are_seen(watch: DataWatch):
    Path("a").write_text("x")
    watch.take("s.0", at_end=True)
    thread = threading.Thread(target=Path("a").read_text)
    thread.start()
    thread.join()
    assert names(seen(watch).reads) == ["a"]


def test_a_source_file_of_the_workspace_is_a_module_not_data(watch: DataWatch):
    Path("helpers.py").write_text("A = 1\n")
    watch.take("s.0", at_end=True)
    import importlib.util

    spec = importlib.util.spec_from_file_location("helpers_of_test", "helpers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = seen(watch)
    assert [(m.path, m.digest) for m in found.modules] == [("helpers.py", digest_bytes(b"A = 1\n"))]
    assert found.reads == []


def test_a_module_loaded_from_its_bytecode_is_seen_by_its_source(watch: DataWatch, monkeypatch):
    import subprocess
    import sys

    Path("helpers2.py").write_text("A = 1\n")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "helpers2.py"], check=True)
    watch.take("s.0", at_end=True)
    monkeypatch.syspath_prepend(".")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    import helpers2  # noqa: F401

    assert [m.path for m in seen(watch).modules] == ["helpers2.py"]


def test_bytecode_that_an_import_leaves_is_not_written_data(watch: DataWatch, monkeypatch):
    import sys

    Path("helpers3.py").write_text("A = 1\n")
    watch.take("s.0", at_end=True)
    monkeypatch.syspath_prepend(".")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    import helpers3  # noqa: F401

    assert list(Path("__pycache__").iterdir())
    assert seen(watch).writes == []


def test_a_large_file_is_left_to_the_background_with_its_stat(watch: DataWatch):
    Path("big").write_bytes(b"x" * 1_000_001)
    watch.take("s.0", at_end=True)
    read_with_open("big")
    (read,) = seen(watch).reads
    about = Path("big").stat()
    assert read.digest is None
    assert read.stat == (about.st_ino, about.st_size, about.st_mtime_ns)


def test_hashing_at_once_has_a_budget(watch: DataWatch, monkeypatch):
    for number in range(20):
        Path(f"f{number}").write_text(str(number))
    watch.take("s.0", at_end=True)
    monkeypatch.setattr(watch._ledger._hasher, "_budget_s", 0.0)
    for number in range(20):
        Path(f"f{number}").read_text()
    reads = seen(watch).reads
    assert len(reads) == 20
    assert all(read.digest is None and read.stat for read in reads)


def test_a_file_about_to_be_overwritten_is_hashed_first(watch: DataWatch):
    content = b"x" * 2_000_000
    Path("big").write_bytes(content)
    watch.take("s.0", at_end=True)
    read_with_open("big")
    open("big", "wb").close()
    facts = watch.take("s.0", at_end=True)
    (rescued,) = [fact for fact in facts if isinstance(fact, Digested)]
    (read,) = next(fact for fact in facts if isinstance(fact, DataSeen)).reads
    assert (rescued.stat, rescued.digest) == (read.stat, digest_bytes(content))


def test_a_file_too_large_for_that_is_said_to_be_overwritten(watch: DataWatch, monkeypatch):
    monkeypatch.setattr(ledger, "_RESCUE_BYTES", 1_500_000)
    Path("big").write_bytes(b"x" * 2_000_000)
    watch.take("s.0", at_end=True)
    read_with_open("big")
    open("big", "wb").close()
    facts = watch.take("s.0", at_end=True)
    assert [fact.uri for fact in facts if isinstance(fact, Overwritten)] == [
        Path("big").absolute().as_uri()
    ]
    assert not [fact for fact in facts if isinstance(fact, Digested)]


def test_a_fifo_blocks_nobody(watch: DataWatch):
    os.mkfifo("pipe")
    reader = threading.Thread(target=Path("pipe").read_text)
    reader.start()
    with open("pipe", "w") as file:
        file.write("x")
    reader.join(5)
    assert not reader.is_alive()
    assert seen(watch).reads == []


def test_a_missing_file_is_the_users_error_and_ours_is_silent(watch: DataWatch):
    with pytest.raises(FileNotFoundError):
        open("nowhere")
    assert seen(watch).reads == []


def test_what_goes_wrong_inside_never_reaches_the_user(watch: DataWatch, monkeypatch):
    Path("a").write_text("x")
    monkeypatch.setattr(watch, "_note_open", lambda *_: 1 / 0)
    assert Path("a").read_text() == "x"
    assert watch.failures == 1
    watch.failures = 0


def test_ctrl_c_passes_through_the_hook(watch: DataWatch, monkeypatch):
    Path("a").write_text("x")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watch, "_note_open", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Path("a").read_text()
    monkeypatch.undo()


def test_reads_so_far_are_known_before_the_cell_ends(watch: DataWatch):
    Path("in").write_text("x")
    watch.take("s.0", at_end=True)
    Path("in").read_text()
    Path("out").write_text("y")
    (early,) = watch.take("s.0", at_end=False)
    assert (names(early.reads), early.writes) == (["in"], [])
    assert names(seen(watch).writes) == ["out"]


def test_a_file_that_is_written_under_another_name_goes_by_its_own(watch: DataWatch):
    Path("report.csv").write_text("old")
    watch.take("s.0", at_end=True)
    Path("report.tmp").write_text("new")
    os.replace("report.tmp", "report.csv")
    (write,) = seen(watch).writes
    assert (write.name, write.digest) == ("report.csv", digest_bytes(b"new"))


def test_a_file_opened_within_an_open_folder_is_not_taken_for_another(watch: DataWatch):
    Path("d.csv").write_text("here")
    Path("sub").mkdir()
    Path("sub/d.csv").write_text("there")
    watch.take("s.0", at_end=True)
    folder = os.open("sub", os.O_RDONLY)
    os.close(os.open("d.csv", os.O_RDONLY, dir_fd=folder))
    os.close(folder)
    assert all(read.digest is None and read.missing for read in seen(watch).reads)


def test_a_name_that_is_no_unicode_is_recorded(watch: DataWatch):
    Path(os.fsdecode(b"caf\xe9.csv")).write_text("x")
    (write,) = decode(encode(seen(watch))).writes
    assert (write.name, write.uri[-10:]) == ("caf\\udce9.csv", "caf%E9.csv")


def fill(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number}.txt").touch()
    return folder


def read_all(folder: Path) -> None:
    for path in folder.rglob("*.txt"):
        path.read_text()


def test_a_folder_that_much_is_read_of_is_told_at_once_and_once_a_cell(watch: DataWatch):
    few, many = fill(Path("few"), 2), fill(Path("many"), 150)
    seen(watch)
    watch.begin_cell()
    read_all(few)
    read_all(many)
    kinds = {one.name: one.kind for one in seen(watch).reads}
    assert kinds == {"few/0.txt": "file", "few/1.txt": "file", "many": "folder"}
    read_all(many)
    assert seen(watch).reads == []  # a part of what the same cell has told
    watch.begin_cell()
    read_all(many)
    assert names(seen(watch).reads) == ["many"]


def test_of_many_such_folders_the_one_around_them_is_told(watch: DataWatch):
    for number in range(130):
        fill(Path(f"classes/{number}"), 10)
    seen(watch)
    watch.begin_cell()
    read_all(Path("classes"))
    assert names(seen(watch).reads) == ["classes"]
    assert watch._account.knows(str(Path("classes/5/new.txt").absolute()))  # not even looked at


def test_a_folder_of_the_same_name_elsewhere_is_another_one(watch: DataWatch, monkeypatch):
    fill(Path("here/many"), 150)
    fill(Path("there/many"), 1)
    seen(watch)
    watch.begin_cell()
    monkeypatch.chdir("here")
    read_all(Path("many"))
    read_all(Path("many"))
    monkeypatch.chdir("../there")
    read_all(Path("many"))
    assert sorted(names(seen(watch).reads)) == ["here/many", "there/many/0.txt"]
