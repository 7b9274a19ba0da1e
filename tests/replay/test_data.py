"""What a record says of data: never a digest of something else."""

from told import Told, seen

from nbops.journal import facts
from nbops.records import count_reads

STAT = (1, 10, 5)


def refs(told: Told):
    return told.replay().document().cell_runs[0].reads


def test_a_digest_found_later_completes_the_reference():
    told = Told()
    told.cell("read()", reads=[seen("big.csv", digest=None, stat=STAT)])
    assert refs(told)[0].digest is None
    told.findings.append(facts.Digested(uri="file:///w/big.csv", stat=STAT, digest="file1:bb"))
    assert refs(told)[0].digest == "file1:bb"


def test_a_digest_of_another_content_is_not_taken():
    told = Told()
    told.cell("read()", reads=[seen("big.csv", digest=None, stat=STAT)])
    told.findings.append(
        facts.Digested(uri="file:///w/big.csv", stat=(1, 10, 6), digest="file1:bb")
    )
    assert refs(told)[0].digest is None


def test_content_that_was_overwritten_first_says_so():
    told = Told()
    told.cell("read()", reads=[seen("big.csv", digest=None, stat=STAT)])
    told.facts.append(facts.Overwritten(uri="file:///w/big.csv", stat=STAT, at=1.0))
    told.findings.append(
        facts.Digested(
            uri="file:///w/big.csv", stat=STAT, missing="changed before it could be hashed"
        )
    )
    assert refs(told)[0].missing == "overwritten before it was hashed"


def test_a_file_seen_twice_is_one_reference_with_all_that_is_known():
    told = Told()
    told.cell(
        "read()",
        reads=[
            seen("a.csv", stat=STAT),
            seen(
                "a.csv", digest=None, stat=STAT, shape=(3, 2), columns=("x", "y"), seen_by="wrapper"
            ),
        ],
    )
    (ref,) = refs(told)
    assert (ref.digest, ref.shape, ref.columns) == ("file1:" + "a" * 64, (3, 2), ("x", "y"))


def test_a_folder_that_was_looked_at_twice_is_one_reference_when_it_is_the_same():
    told = Told()
    looks = [
        seen("images", digest=None, kind="folder", size_bytes=None, stat=(0, 0, at))
        for at in (1, 2, 3)
    ]
    told.cell("load()", reads=looks)
    told.findings += [
        facts.Digested(uri="file:///w/images", stat=look.stat, digest=digest, file_count=2)
        for look, digest in zip(looks, ("folder1:a", "folder1:a", "folder1:b"), strict=True)
    ]
    assert [ref.digest for ref in refs(told)] == ["folder1:a", "folder1:b"]


def test_two_contents_of_one_file_are_two_references():
    told = Told()
    told.cell("read()", reads=[seen("a.csv", "file1:aa"), seen("a.csv", "file1:bb")])
    assert [ref.digest for ref in refs(told)] == ["file1:aa", "file1:bb"]


def test_coverage_counts_reads_by_how_they_were_seen_and_what_is_missing():
    told = Told()
    lost = seen("c", digest=None, missing="overwritten before it was hashed")
    told.cell(
        "read()",
        reads=[seen("a.csv"), seen("b.parquet", seen_by="wrapper"), lost],
        writes=[seen("d")],
    )
    assert told.replay().session().coverage == {"audit": 2, "wrapper": 1, "missing": 1}
    cells = told.replay().document().cell_runs
    counted = count_reads((cell.reads, cell.unexplained_bytes) for cell in cells)
    assert counted == told.replay().session().coverage


def test_programs_that_the_cells_text_starts_are_warned_of_others_only_told():
    told = Told()
    told.cell(
        "subprocess.run(['cat', 'x.csv'])",
        facts.ProcessStarted(cell_run="s.0", command="cat x.csv"),
        facts.ProcessStarted(cell_run="s.0", command="/usr/bin/lscpu --json"),
    )
    (cell,) = told.replay().document().cell_runs
    assert [one.command for one in cell.processes] == ["cat x.csv", "/usr/bin/lscpu --json"]
    assert cell.warnings == ("what cat opened is known by the names on the command line only",)
    command = facts.ProcessStarted(cell_run="s.1", command="/venv/bin/python train.py")
    told.cell("subprocess.run([sys.executable, 'train.py'])", command)
    warnings = told.replay().document().cell_runs[1].warnings
    assert warnings == ("what python opened is known by the names on the command line only",)


def test_models_carry_the_digests_of_the_data_behind_them():
    from told import model

    told = Told()
    told.cell("df = read()", reads=[seen("a.csv", "file1:aa")])
    told.cell("%%track forest\nm = fit(df)", model())
    assert told.runs()[0].models[0].data_digests == ("file1:aa",)


def test_what_no_layer_can_name_is_unexplained():
    told = Told()
    told.cell("load()", reads=[seen("a.csv", size_bytes=1_000_000)], read_bytes=500_000_000)
    told.cell("again()", reads=[seen("a.csv", size_bytes=200_000_000)], read_bytes=500_000_000)
    told.cell("quick()", read_bytes=40_000_000)
    told.cell("import torch", read_bytes=500_000_000, imported=["torch"])
    told.cell("!cat big", facts.ProcessStarted(cell_run="", command="cat big"), read_bytes=10**9)
    told.cell("unmeasured()")
    cells = told.replay().document().cell_runs
    expected = [500_000_000, 0, 0, None, None, None]
    assert [cell.unexplained_bytes for cell in cells] == expected
    assert cells[0].warnings == ("it read 500 MB that nobody saw it open",)
    assert told.replay().session().coverage == {"audit": 2, "unexplained": 1}
