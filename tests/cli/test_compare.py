"""`nbops compare`, in a terminal."""

import json
import subprocess
import sys

import pytest
from told import Told, metric

from nbops.index.database import IndexWriter, file_sizes
from nbops.journal import facts
from nbops.records import Environment
from nbops.workspace import Workspace


@pytest.fixture
def recorded(workspace: Workspace) -> Workspace:
    told = Told("5e5510000001")
    for depth, auc in ((1, 0.5), (2, 0.7), (3, 0.6)):
        told.cell(f"%%track forest depth={depth}", metric("auc", auc), cell_id="fit")
    told.end()
    environment = Environment(
        python="3.11.7", implementation="CPython", platform="Linux", packages={"numpy": "2.0"}
    )
    told.findings.append(
        facts.EnvironmentFound(stamp="e0", digest="env1:a", environment=environment)
    )
    folder = workspace.sessions / told.session
    folder.mkdir(parents=True)
    told.write(folder)
    writer = IndexWriter(workspace)
    journal, findings = file_sizes(folder)
    writer.ingest(told.replay(), journal_bytes=journal, findings_bytes=findings, unshipped=0)
    writer.close()
    return workspace


def nbops(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from nbops.cli import main; main()", *words]
    return subprocess.run(command, cwd=workspace.root, capture_output=True, text=True)


def test_runs_are_compared_on_the_screen_as_json_and_as_a_page(recorded: Workspace):
    shown = nbops(recorded, "compare")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "depth: 2 → 3" in shown.stdout
    assert "because of depth 2 → 3" in shown.stdout
    table = json.loads(nbops(recorded, "compare", "last~2", "last~1", "last", "--json").stdout)
    assert [row["values"] for row in table["differences"]] == [[1, 2, 3]]
    assert table["metrics"][0]["best"] == 1
    done = nbops(recorded, "compare", "last~2", "last", "--html", "out.html")
    assert done.returncode == 0
    assert "out.html" in done.stdout
    assert "depth" in (recorded.root / "out.html").read_text()


def test_what_cannot_be_compared_is_said_in_a_line(recorded: Workspace):
    for words, told in (
        (("nothing", "last"), "no run 'nothing'"),
        (("last", "last~1", "--html", "no/such/folder.html"), "cannot be written"),
        (("last",) * 51, "Give 2 to 50"),
    ):
        done = nbops(recorded, "compare", *words)
        assert done.returncode == 2
        assert told in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
