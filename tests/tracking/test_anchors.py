"""A record that was changed together with its chain is told by what MLflow holds."""

from pathlib import Path

from processes import wait_until
from told import Told, metric

from nbops.cli.doctor import Finding, _look_at_records
from nbops.journal.reader import JOURNAL, verify_chain
from nbops.journal.writer import SEED, link_of
from nbops.tracking.courier import Courier
from nbops.workspace import Workspace


def record(workspace: Workspace) -> Path:
    """A session of two runs, all of it in MLflow."""
    told = Told("told", tracking_uri=workspace.embedded_uri, workspace=str(workspace.root))
    for depth in (2, 4):
        told.cell(f"%%track forest depth={depth}", metric("auc", depth / 8))
    told.end()
    folder = workspace.sessions / "told"
    folder.mkdir(parents=True)
    told.write(folder)
    courier = Courier(workspace, only="told")

    def is_shipped() -> bool:
        courier.tick()
        return courier.has_finished("told")

    try:
        wait_until(is_shipped)
    finally:
        courier.close()
    return folder / JOURNAL


def forge(journal: Path, old: bytes, new: bytes) -> None:
    """Change what a record says, and compute its chain anew."""
    head, lines = SEED, []
    for line in journal.read_bytes().splitlines():
        said = line.partition(b" ")[2].replace(old, new)
        head = link_of(head, said)
        lines.append(head.encode() + b" " + said + b"\n")
    journal.write_bytes(b"".join(lines))


def of_anchors(workspace: Workspace) -> list[Finding]:
    return [found for found in _look_at_records(workspace) if found.what == "anchors"]


def test_the_first_run_that_a_forged_record_does_not_fit_is_named(workspace: Workspace):
    journal = record(workspace)
    (compared,) = of_anchors(workspace)
    assert (compared.said, compared.way_out) == (
        "3 runs in MLflow were held against their record",
        "",
    )

    forge(journal, b"churn.ipynb", b"other.ipynb")
    assert verify_chain(journal), "the chain alone does not tell"
    unfit, _ = of_anchors(workspace)
    assert f"{journal} is not what MLflow was told with run forest (" in unfit.said
    assert unfit.way_out == "It was changed since."

    workspace.embedded_database.unlink()
    (silent,) = of_anchors(workspace)
    assert "could not be asked" in silent.said
    assert silent.way_out
