"""The commands as people call them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kernels import Kernel
from processes import PATIENCE_S, wait_until

from nbops.index.database import IndexWriter
from nbops.index.entries import FoundRun
from nbops.index.queries import Index
from nbops.records import Run, instant
from nbops.workspace import Workspace, find_workspace

NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]


def nbops(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NBOPS, *words],
        cwd=workspace.root,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.fixture
def two_runs(kernel: Kernel, index: Index) -> None:
    for depth in (2, 4):
        kernel.run(f"%%track forest depth={depth}\nauc = depth / 8\nauc", "fit")
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.unshipped() == 0)


def test_help_leads_with_the_five_words_people_need(workspace: Workspace):
    done = nbops(workspace, "--help")
    lines = [line.split() for line in done.stdout.splitlines()]
    first = lines.index(["Commands:"])
    assert [line[0] for line in lines[first + 1 : first + 6]] == ["ls", "show", "why", "run", "ui"]
    for command in (
        "ls",
        "show",
        "why",
        "run",
        "ui",
        "sync",
        "status",
        "doctor",
        "enable",
        "disable",
    ):
        assert "Usage: " in nbops(workspace, command, "--help").stdout


def test_ls_lists_filters_and_sorts(two_runs: None, workspace: Workspace):
    done = nbops(workspace, "ls", "--sort", "metrics.auc")
    header, first, second = done.stdout.splitlines()
    assert header.split()[:4] == ["run", "id", "auc", "depth"]
    assert (first.split()[2:4], second.split()[2:4]) == (["0.5", "4"], ["0.25", "2"])
    some = nbops(workspace, "ls", "--where", "metrics.auc < 0.3 and params.depth = 2", "--json")
    (run,) = json.loads(some.stdout)
    assert run["params"] == {"depth": 2}
    assert nbops(workspace, "ls", "--limit", "1", "--json").stdout.count('"session_id"') == 1
    assert nbops(workspace, "ls", "--experiment", "none").stdout == "No runs.\n"


def test_ls_where_nothing_is_says_how_to_begin(fresh_workspace: Workspace):
    assert "%load_ext nbops, then %track start" in nbops(fresh_workspace, "ls").stdout


def test_ls_all_lists_runs_that_others_made_too(fresh_workspace: Workspace):
    run = Run(
        id="b" * 32, session_id="", name="by hand", status="finished", origin="mlflow",
        started_at=instant(900.0), metrics={"auc": [(0, 0.5, instant(901.0))]},
    )  # fmt: skip
    writer = IndexWriter(fresh_workspace)
    writer.put_found(fresh_workspace.embedded_uri, [FoundRun(run, "churn", "eve")])
    writer.close()
    assert "by hand" not in nbops(fresh_workspace, "ls").stdout
    assert "by hand" in nbops(fresh_workspace, "ls", "--all").stdout


def test_show_prints_the_contract(two_runs: None, workspace: Workspace):
    document = json.loads(nbops(workspace, "show", "last", "--json").stdout)
    assert document["format"] == 1
    parts = {"format", "session", "environments", "runs", "cell_runs", "shown", "imported"}
    assert set(document) == parts
    golden = json.loads((Path(__file__).parent.parent / "wire" / "document.json").read_text())
    for part in ("session",):
        assert set(golden[part]) <= set(document[part])
    for part in ("runs", "cell_runs"):
        assert set(golden[part][0]) <= set(document[part][0])
    (environment,) = document["environments"].values()
    assert environment["packages"]["mlflow"]
    whole = json.loads(nbops(workspace, "show", document["session"]["id"], "--json").stdout)
    assert len(whole["runs"]) == 2
    assert len(whole["cell_runs"]) == 3
    text = nbops(workspace, "show", "last~1").stdout
    assert "params" in text
    assert "depth 2" in text


def test_why_compares(two_runs: None, workspace: Workspace):
    done = nbops(workspace, "why")
    assert "auc 0.25 → 0.5 (+0.25). One recorded thing changed." in done.stdout
    assert "depth: 2 → 4" in done.stdout
    assert json.loads(nbops(workspace, "why", "last~1", "last", "--json").stdout)["format"] == 1
    first = nbops(workspace, "why", "last~1")
    assert first.returncode == 2
    assert first.stderr.startswith("nbops: forest is the first run here.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shw"], "There is no command 'shw'. Did you mean `nbops show`?"),
        (["xyzzy"], "`nbops --help` lists them"),
        (["show", "nothing"], "There is no run 'nothing'. `nbops ls` lists them."),
        (["ls", "--where", "auc > 1"], "Runs have no 'auc'"),
        (["ls", "--sort", "auc"], "Runs have no 'auc'"),
        (["ls", "--limit", "x"], "'x' is not a valid integer"),
        (["why", "a", "b", "c"], "Got unexpected extra argument"),
        (
            ["run", "--timeout", "0", "n.ipynb"],
            "0.0 is not in the range x>0. See nbops run --help.",
        ),
        (["sweep"], "Missing argument 'NOTEBOOK'. See nbops sweep --help."),
    ],
)
def test_wrong_use_is_exit_code_2_and_one_line(workspace: Workspace, words, told: str):
    done = nbops(workspace, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_debug_shows_where_an_error_came_from(workspace: Workspace):
    assert "Traceback" in nbops(workspace, "--debug", "show", "nothing").stderr


def test_a_reader_that_leaves_is_no_error(two_runs: None, workspace: Workspace):
    command = f"{sys.executable} -c 'from nbops.cli import main; main()' show last --json | head -1"
    done = subprocess.run(command, shell=True, cwd=workspace.root, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_status_tells_what_is_where(two_runs: None, kernel: Kernel, workspace: Workspace):
    said = nbops(workspace, "status").stdout
    assert "tracking    1" in said
    assert "in MLflow   all runs" in said
    assert "background  running" in said
    kernel.shutdown()
    wait_until(lambda: "tracking    nothing" in nbops(workspace, "status").stdout)


def test_status_in_an_empty_folder(fresh_workspace: Workspace):
    done = nbops(fresh_workspace, "status")
    assert done.returncode == 0
    assert "tracking    nothing" in done.stdout
    assert not fresh_workspace.state.exists()


def test_doctor_finds_the_panel_the_kernel_and_the_store(workspace: Workspace):
    done = nbops(workspace, "doctor", "--records")
    assert "ok  kernel" in done.stdout
    assert f"ok  store       {workspace.embedded_uri}" in done.stdout
    assert "0 sessions looked at" in done.stdout


def test_doctor_says_what_a_kernel_lacks(workspace: Workspace, tmp_path: Path):
    spec = Path(os.environ["JUPYTER_DATA_DIR"]) / "kernels" / "bare"
    spec.mkdir(parents=True)
    python = "/usr/bin/python3-without-nbops"
    spec.joinpath("kernel.json").write_text(
        json.dumps({"argv": [python, "-m", "x"], "display_name": "bare", "language": "python"})
    )
    done = nbops(workspace, "doctor")
    assert done.returncode == 1
    assert f"bare ({python}) has no nbops" in done.stdout
    assert f"{python} -m pip install nbops" in done.stdout


def test_doctor_names_the_first_broken_line(two_runs: None, workspace: Workspace):
    (journal,) = workspace.sessions.glob("*/journal.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0], *lines[2:]]))
    done = nbops(workspace, "doctor", "--records")
    assert done.returncode == 1
    assert "line 2 does not fit the one before it" in done.stdout


def test_doctor_says_that_a_store_is_away(workspace: Workspace):
    (workspace.root / "pyproject.toml").write_text(
        '[tool.nbops]\ntracking_uri = "http://127.0.0.1:9"\nautostrt = true\n'
    )
    done = nbops(workspace, "doctor")
    assert "http://127.0.0.1:9 ([tool.nbops]):" in done.stdout
    assert "nbops knows no setting 'autostrt'" in done.stdout


def test_enable_makes_kernels_of_the_workspace_track_and_disable_undoes_it(
    workspace: Workspace, start_kernel, index: Index
):
    pyproject = workspace.root / "pyproject.toml"
    pyproject.write_text('[project]\nname = "p"  # mine\n\n[tool.other]\nx = 1\n')
    assert nbops(workspace, "enable").returncode == 0
    assert find_workspace(workspace.root).settings.autostart is True
    assert '[project]\nname = "p"  # mine\n' in pyproject.read_text()
    kernel = start_kernel()
    kernel.run("x = 1", "a")
    answer = kernel.run(
        "%load_ext nbops\n%track start\nprint(sorted(n for n in dir() if 'nbops' in n))"
    )
    assert answer.text.startswith("Tracking already:")
    assert "[]" in answer.text or "['_nbops']" not in answer.text
    assert index.wait(PATIENCE_S)
    document = index.document(index.resolve(index.sessions()[0].id))
    assert next(cell.source for cell in document.cell_runs) == "x = 1"
    assert nbops(workspace, "disable").returncode == 0
    quiet = start_kernel()
    assert quiet.run("%load_ext nbops\n%track status").result.startswith("Nothing is tracked")


def test_enable_for_the_user_holds_everywhere(workspace: Workspace, tmp_path: Path, start_kernel):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    nbops(workspace, "enable", "--user")
    kernel = start_kernel(elsewhere)
    assert kernel.run("%load_ext nbops\n%track start").text.startswith("Tracking already:")
    kernel.run("%track stop")
    nbops(workspace, "disable", "--user")
    assert not list(Path(os.environ["IPYTHONDIR"]).rglob("50-nbops.py"))
    quiet = start_kernel(elsewhere)
    assert quiet.run("%load_ext nbops\n%track status").result.startswith("Nothing is tracked")


def test_a_settings_file_that_is_broken_is_left_alone(workspace: Workspace):
    pyproject = workspace.root / "pyproject.toml"
    pyproject.write_text("[project\n")
    done = nbops(workspace, "enable")
    assert done.returncode == 2
    assert "cannot be changed" in done.stderr
    assert pyproject.read_text() == "[project\n"


def test_the_ui_serves_this_workspaces_runs(two_runs: None, workspace: Workspace):
    import re
    import urllib.request

    process = subprocess.Popen(
        [*NBOPS, "ui", "--port", "5123"],
        cwd=workspace.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        url = re.search(r"http://\S+", process.stdout.readline())[0]

        def experiments() -> bytes:
            request = urllib.request.Request(
                f"{url}/api/2.0/mlflow/experiments/search",
                data=b'{"max_results": 10}',
                headers={"Content-Type": "application/json"},
            )
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    return answer.read()
            except OSError:
                return b""

        wait_until(lambda: b'"notebook"' in experiments())
    finally:
        os.killpg(process.pid, 9)
        process.wait()
        process.stdout.close()


def test_the_ui_of_an_empty_workspace_says_so(fresh_workspace: Workspace):
    done = nbops(fresh_workspace, "ui")
    assert done.returncode == 2
    assert "Nothing was recorded in" in done.stderr


def test_a_folder_in_a_files_place_is_told_in_a_line(tmp_path: Path):
    (tmp_path / "pyproject.toml").mkdir()
    done = nbops(find_workspace(tmp_path), "enable")
    assert done.returncode == 1
    path = tmp_path / "pyproject.toml"
    assert done.stderr == f"nbops: {path}: Is a directory. nbops --debug shows where.\n"
