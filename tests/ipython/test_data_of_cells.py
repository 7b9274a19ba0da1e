"""What cells of a real kernel read: by workers, by many files, by libraries of other languages."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
from kernels import Kernel
from processes import wait_until
from watching import last_cell

from nbops.digests import digest_file, digest_folder
from nbops.index.queries import Index
from nbops.records import NAMED_IN_CODE
from nbops.workspace import Workspace

LOADER = """
import multiprocessing
def load(path):
    with open(path, "rb") as file:
        return len(file.read())
paths = [f"images/{number}.bin" for number in range(3000)]
with multiprocessing.get_context("fork").Pool(4) as pool:
    total = sum(pool.imap(load, paths, chunksize=10))
"""


def test_a_loader_with_four_workers_reads_one_folder(
    kernel: Kernel, workspace: Workspace, index: Index
):
    images = workspace.root / "images"
    images.mkdir()
    for number in range(3000):
        (images / f"{number}.bin").write_bytes(number.to_bytes(4))
    assert kernel.run(LOADER).error == ""
    (read,) = last_cell(index).reads
    expected = digest_folder((path.name, str(path)) for path in images.iterdir())
    assert (read.name, read.kind, read.missing) == ("images", "folder", None)
    assert (read.digest, read.file_count, read.size_bytes) == expected


def test_files_that_workers_read_and_write_are_the_cells(
    kernel: Kernel, workspace: Workspace, index: Index
):
    (workspace.root / "in.txt").write_text("4")
    kernel.run(
        "import os\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    open('out.txt', 'w').write(open('in.txt').read() * 2)\n"
        "    import nbops\n"
        "    nbops.log_metric('files', 1)\n"
        "    os._exit(0)\n"
        "os.waitpid(pid, 0)"
    )
    cell = last_cell(index)
    assert [value for _, value, _ in cell.metrics["files"]] == [1]
    assert [(one.name, one.digest) for one in cell.reads] == [
        ("in.txt", digest_file(workspace.root / "in.txt"))
    ]
    assert [(one.name, one.digest) for one in cell.writes] == [
        ("out.txt", digest_file(workspace.root / "out.txt"))
    ]


def test_what_arrow_reads_is_seen_with_its_shape(
    kernel: Kernel, workspace: Workspace, index: Index
):
    path = Path(workspace.root / "t.parquet")
    pa.parquet.write_table(pa.table({"a": [1]}), path)
    kernel.run("import pyarrow.parquet as pq\ntable = pq.read_table('t.parquet')")
    (read,) = last_cell(index).reads
    assert (read.name, read.digest, read.shape) == ("t.parquet", digest_file(path), (1, 1))
    far = workspace.root.parent / "far.bin"  # where no net is out
    far.write_bytes(b"1")
    kernel.run(f"pq.core.lib.OSFile('{far}').read()")
    wait_until(lambda: last_cell(index).reads)
    (named,) = last_cell(index).reads
    assert (named.name, named.seen_by, named.missing) == (str(far), "name", NAMED_IN_CODE)


def test_programs_of_a_cell_are_told_with_the_files_they_name(
    kernel: Kernel, workspace: Workspace, index: Index
):
    (workspace.root / "x.csv").write_text("1\n")
    (workspace.root / "train.py").write_text("print(open('x.csv').read())\n")
    digest = digest_file(workspace.root / "x.csv")
    assert kernel.run("!cat x.csv | tee out.csv").text.strip() == "1"
    piped = last_cell(index)
    assert [(one.name, one.digest) for one in piped.reads] == [("x.csv", digest)]
    assert piped.reads[0].seen_by in ("name", "net")
    assert [(one.name, one.digest) for one in piped.writes] == [("out.csv", digest)]
    assert [one.command for one in piped.processes] == ["cat x.csv | tee out.csv"]
    kernel.run("%%bash\ncat x.csv")
    assert [one.name for one in last_cell(index).reads] == ["x.csv"]

    def runs_under_the_net() -> bool:
        kernel.run("import sys\n!{sys.executable} train.py; ls train.py x.csv")
        cell = last_cell(index)
        if not any(one.seen_by == "net" for one in cell.reads):  # it was not out yet
            assert cell.warnings == (
                "what python opened is known by the names on the command line only",
            )
            return False
        assert [(one.name, one.digest) for one in cell.reads] == [("x.csv", digest)]
        return [one.path for one in cell.modules] == ["train.py"]

    wait_until(runs_under_the_net)
