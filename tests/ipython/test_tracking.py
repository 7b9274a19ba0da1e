"""What tracking does in a real kernel, and that it does nothing else."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Kernel
from processes import PATIENCE_S, wait_until

from nbops.index.queries import Index
from nbops.records import Document
from nbops.workspace import Workspace


def recorded(index: Index, which: str = "last") -> Document:
    """Document of the newest session."""
    assert index.wait(PATIENCE_S)
    return index.document(index.resolve(index.sessions()[0].id))


def plain(text: str | list[str]) -> str:
    joined = text if isinstance(text, str) else "\n".join(text)
    return re.sub(r"\x1b\[[0-9;]*m", "", joined)


def test_every_cell_run_is_recorded(kernel: Kernel, index: Index):
    kernel.run("x = 1", "a")
    kernel.run("1/0", "b")
    kernel.run("y = (", "c")
    kernel.run("x = 2", "a")
    cells = recorded(index).cell_runs
    assert [(c.cell_id, c.source, c.status) for c in cells] == [
        ("start", "%load_ext nbops\n%track start", "ok"),
        ("a", "x = 1", "ok"),
        ("b", "1/0", "error"),
        ("c", "y = (", "error"),
        ("a", "x = 2", "ok"),
    ]
    assert [c.execution_count for c in cells] == [1, 2, 3, 4, 5]
    assert cells[2].error.name == "ZeroDivisionError"
    assert all(c.duration_s is not None and c.started_at for c in cells)
    assert cells[1].peak_memory_bytes > 10_000_000


def test_what_was_run_before_is_noted(start_kernel: Callable[..., Kernel], index: Index):
    kernel = start_kernel()
    kernel.run("a = 1")
    kernel.run("b = 2")
    answer = kernel.run("%load_ext nbops\n%track start")
    assert "2 earlier cells are noted as run before tracking" in answer.text
    cells = recorded(index).cell_runs
    assert [(c.source, c.status, c.execution_count) for c in cells[:2]] == [
        ("a = 1", "before_tracking", 1),
        ("b = 2", "before_tracking", 2),
    ]
    assert cells[2].execution_count == 3


def test_a_second_start_adopts(kernel: Kernel, index: Index):
    answer = kernel.run("%track start --name better --tag stage=dev")
    assert answer.text.startswith("Tracking already:")
    sessions = recorded(index)
    assert len(index.sessions()) == 1
    assert (sessions.session.name, sessions.session.tags) == ("better", {"stage": "dev"})
    assert not sessions.cell_runs[-1].reads, "reading our settings is none of the cell's data"


def test_another_experiment_is_another_session(kernel: Kernel, index: Index):
    kernel.run("x = 1")
    kernel.run("%track start other\ny = 2")
    kernel.run("z = 3")
    assert index.wait(PATIENCE_S)
    newer, older = index.sessions()
    assert (newer.experiment, older.experiment) == ("other", "notebook")
    assert older.status == "finished"
    sources = [c.source for c in index.document(index.resolve(newer.id)).cell_runs]
    assert sources[-2:] == ["%track start other\ny = 2", "z = 3"]
    statuses = {c.status for c in index.document(index.resolve(older.id)).cell_runs}
    assert statuses == {"ok"}


def test_pause_and_resume(kernel: Kernel, index: Index):
    kernel.run("%track pause")
    kernel.run("hidden = 1")
    kernel.run("%track resume")
    kernel.run("seen = 1")
    sources = [c.source for c in recorded(index).cell_runs]
    assert "hidden = 1" not in sources
    assert sources[-1] == "seen = 1"


def test_stop_ends_the_session_and_undoes_what_start_set(kernel: Kernel, index: Index):
    before = kernel.run("import os; os.environ.get('MLFLOW_TRACKING_URI')").result
    assert "sqlite:////" in before
    assert "Stopped. Session" in kernel.run("%track stop").text
    assert kernel.run("os.environ.get('MLFLOW_TRACKING_URI')").result == ""
    kernel.run("after = 1")
    document = recorded(index)
    assert document.session.status == "finished"
    assert "after = 1" not in [c.source for c in document.cell_runs]


def test_the_extension_can_be_unloaded_and_loaded_again(kernel: Kernel, index: Index):
    kernel.run("%unload_ext nbops")
    assert "not found" in kernel.run("%track status").text
    answer = kernel.run("%%track a\n1")
    assert "%%track` not found" in answer.text
    kernel.run("%load_ext nbops\n%track start")
    kernel.run("%reload_ext nbops\n%track start")
    kernel.run("x = 1")
    assert [c.source for c in recorded(index).cell_runs][-1] == "x = 1"


def test_a_marked_cell_binds_records_and_keeps_line_numbers(kernel: Kernel, index: Index):
    answer = kernel.run(
        "%%track forest depth=4 * 2 name='a b'\n\nassert (depth, name) == (8, 'a b')\n1/0"
    )
    assert answer.error == "ZeroDivisionError: division by zero"
    assert "line 4" in plain(answer.traceback)
    document = recorded(index)
    assert document.runs[0].params == {"depth": 8, "name": "a b"}
    assert document.runs[0].status == "failed"


def test_a_marked_cell_runs_as_any_other(kernel: Kernel):
    assert kernel.run("%%track a\n6 * 7").result == "42"
    assert kernel.run("Out[2], _").result == "(42, 42)"
    assert (
        kernel.run("%%track b\nimport asyncio\nawait asyncio.sleep(0)\n'done'").result == "'done'"
    )
    assert "Wall time" in kernel.run("%%track c\n%%time\nx = 1").text
    assert "Wall time" in kernel.run("%%time\n%%track d\nx = 2").text
    assert kernel.run("x").result == "2"


def test_ctrl_c_in_a_mark_stops_the_cell(kernel: Kernel, workspace: Workspace, index: Index):
    kernel.run(
        "import time\ndef slow():\n    open('began', 'w').close()\n    time.sleep(600)\ndepth = 1"
    )
    (workspace.root / "began").unlink(missing_ok=True)
    kernel.send("%%track forest depth=slow()\nopen('ran', 'w').write(str(depth))")
    wait_until((workspace.root / "began").exists)
    kernel.manager.interrupt_kernel()
    answer = kernel.run("depth")
    assert (answer.result, (workspace.root / "ran").exists()) == ("1", False)
    assert [cell.status for cell in recorded(index, "session").cell_runs][-2:] == [
        "interrupted",
        "ok",
    ]


def test_tracebacks_outputs_and_warnings_are_those_of_a_bare_kernel(
    start_kernel: Callable[..., Kernel], kernel: Kernel
):
    bare = start_kernel()
    bare.run("pass")
    cells = [
        "import warnings\ndef f():\n    return 1/0\nf()",
        "import warnings\nwarnings.warn('mind', DeprecationWarning)",
        "x = (\n",
        "print('a'); 'b'",
        "%run nowhere.py",
        "import pandas as pd\npd.read_csv('nowhere.csv')",
        "open('nowhere')",
        "raise SystemExit",
        "import asyncio\nawait asyncio.sleep(0)\nraise KeyError('k')",
    ]
    for source in cells:
        one, other = kernel.run(source), bare.run(source)
        hidden = "[... skipping hidden 1 frame]"
        traceback = [line for line in one.traceback if hidden not in plain(line)]
        normal = [re.sub(r"ipykernel_\d+", "", text) for text in (one.text, other.text)]
        assert (one.error, normal[0]) == (other.error, normal[1])
        assert plain(traceback) == plain(other.traceback)
        assert [r["text/plain"] for r in one.results] == [r["text/plain"] for r in other.results]


def test_no_names_are_added_and_no_objects_are_kept(start_kernel: Callable[..., Kernel]):
    kernel = start_kernel()
    listing = "sorted(n for n in globals() if not n.startswith('_'))"
    before = kernel.run(listing).result
    kernel.run("%load_ext nbops\n%track start")
    assert kernel.run(listing).result == before
    kernel.run("class Big: pass\nimport weakref\nbig = Big()\nref = weakref.ref(big)")
    kernel.run("%track param size=3")
    kernel.run("del big")
    assert kernel.run("ref() is None").result == "True"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("%track forest depth=8", "write %%track forest depth=8 on its first line"),
        ("%track params", "Did you mean %track param?"),
        ("%track metric auc='high'", "The metric 'auc' is a str, not a number"),
        ("%track metric nothing", "There is no variable 'nothing'"),
        ("%track metric auc=1/0", "auc=1/0: ZeroDivisionError"),
        ("%track param split=half", "Write split='half' if you mean the text"),
        ("%track metric", "%track metric needs a name"),
        ("%track data nowhere.csv", "There is no file"),
        ("%track file nowhere.csv", "There is no file 'nowhere.csv'"),
        ("%track model nothing", "There is no variable 'nothing'"),
        ("%track model os", "MLflow has no flavour for a module"),
        ("%track show nothing", "There is no run 'nothing'"),
        ("%track ls --where 'auc > 1'", "Runs have no 'auc'"),
        ("%track start --uri ftp://x", "is no tracking URI"),
        ("%track note", "needs a text"),
        ("%%track start\n1", "the command is %track start"),
        ("%%track f depth=unknown\n1", "Write depth='unknown' if you mean the text"),
        ("%%track f max-depth=3\n1", "'max-depth' is no name of a variable"),
        ("# track: f nothing\n1", "there is no variable 'nothing'"),
    ],
)
def test_wrong_use_is_one_line_and_the_cell_goes_on(kernel: Kernel, source: str, told: str):
    kernel.run("import os")
    answer = kernel.run(source + "\nreached = True")
    assert told in answer.text
    assert answer.text.strip().count("\n") == 0
    assert answer.error == ""
    assert kernel.run("reached").result == "True"


def test_not_started_is_one_line_once(start_kernel: Callable[..., Kernel]):
    kernel = start_kernel()
    kernel.run("%load_ext nbops\nimport nbops")
    answer = kernel.run("for i in range(3): nbops.log_metric('x', i)\n%track metric y=1\ndone = 1")
    assert answer.text.count("Nothing is tracked in this kernel") == 2
    assert "not tracked: run %track start first" in kernel.run("%%track a b=1\nb").text
    assert kernel.run("done, b").result == "(1, 1)"


def test_a_misspelt_setting_does_not_stop_tracking(
    workspace: Workspace, start_kernel, index: Index
):
    (workspace.root / "pyproject.toml").write_text("[tool.nbops]\nredact = ['(']\nshare = 'x'\n")
    kernel = start_kernel()
    assert "Tracking" in kernel.run("%load_ext nbops\n%track start").text
    kernel.run("x = 1")
    assert recorded(index).cell_runs[-1].source == "x = 1"


def test_capture_that_fails_harms_no_cell_and_switches_itself_off(kernel: Kernel):
    kernel.run(
        "import nbops.recording.recorder as r\n"
        "def broken(*a, **k): raise RuntimeError('inner')\n"
        "r.Recorder.begin_cell = broken"
    )
    answers = [kernel.run(f"x = {number}; x") for number in range(7)]
    assert [answer.result for answer in answers] == [str(number) for number in range(7)]
    assert all(answer.error == "" for answer in answers)
    assert "".join(answer.text for answer in answers).count("tracking is off after 5 failures") == 1


def test_files_read_are_recorded_in_the_cell_that_read_them(
    kernel: Kernel, workspace: Workspace, index: Index
):
    (workspace.root / "a.csv").write_text("x,y\n1,2\n3,4\n")
    kernel.run("import pandas as pd\ndf = pd.read_csv('a.csv')")
    kernel.run("df.to_parquet('b.parquet')")
    kernel.run("pd.read_parquet('b.parquet')")
    cells = recorded(index).cell_runs
    (read,) = cells[1].reads
    assert (read.name, read.shape, read.columns) == ("a.csv", (2, 2), ("x", "y"))
    (read_back,) = cells[3].reads
    wait_until(lambda: recorded(index).cell_runs[2].writes[0].digest)
    assert recorded(index).cell_runs[2].writes[0].digest == read_back.digest
    assert (
        cells[3].depends_on == ("" + cells[2].id, cells[1].id)[:1]
        or cells[2].id in cells[3].depends_on
    )


def test_an_edited_module_is_seen_when_it_is_imported_again(
    kernel: Kernel, workspace: Workspace, index: Index
):
    module = workspace.root / "helpers.py"
    module.write_text("A = 1\n")
    kernel.run("import helpers")
    module.write_text("A = 22\n")
    kernel.run("import importlib\nimportlib.reload(helpers)")
    (workspace.root / "script.py").write_text("B = 1\n")
    kernel.run("%run script.py")
    first, second, third = recorded(index).cell_runs[1:]
    assert [m.path for m in first.modules] == [m.path for m in second.modules] == ["helpers.py"]
    assert first.modules[0].digest != second.modules[0].digest
    assert [m.path for m in third.modules] == ["script.py"]


def test_secrets_never_reach_the_disk(kernel: Kernel, workspace: Workspace, index: Index):
    kernel.run("password = 'hunter2secret'\nurl = 'postgresql://me:hunter2secret@db/x'")
    kernel.run("raise ValueError('postgresql://me:hunter2secret@db/x')")
    kernel.run("%%track conn api_key='hunter2secret' uri=url\n1")
    kernel.run("%track note postgresql://me:hunter2secret@db/x\n%track param token='hunter2secret'")
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.unshipped() == 0)
    for path in workspace.state.rglob("*"):
        if path.is_file():
            assert b"hunter2secret" not in path.read_bytes(), path


def test_notes_tags_files_and_data_by_hand(kernel: Kernel, workspace: Workspace, index: Index):
    (workspace.root / "report.txt").write_text("all is well")
    kernel.run(
        "%%track forest\n"
        "import nbops, numpy as np\n"
        "table = np.arange(6).reshape(3, 2)\n"
        "%track data table as features\n"
        "%track data report.txt\n"
        "%track file report.txt\n"
        '%track note "looks fine"\n'
        "nbops.set_tag('stage', 'dev')\n"
    )
    document = recorded(index)
    (run,) = document.runs
    assert (run.notes, run.tags) == (("looks fine",), {"stage": "dev"})
    assert [(f.name, f.size_bytes) for f in run.files] == [("report.txt", 11)]
    frame, file = document.cell_runs[-1].reads
    assert (frame.kind, frame.name, frame.shape, frame.seen_by) == (
        "frame",
        "features",
        (3, 2),
        "user",
    )
    assert (file.name, file.kind) == ("report.txt", "file")
    kept = workspace.store / run.files[0].digest[6:8] / run.files[0].digest[8:]
    assert kept.read_text() == "all is well"


def test_numbers_of_numpy_are_numbers(kernel: Kernel, index: Index):
    kernel.run(
        "%%track n\nimport numpy as np\n"
        "%track metric a=np.float32(0.5) b=np.array(2) c=np.int64(3) d=float('nan') e=float('inf')"
    )
    metrics = recorded(index).runs[0].metrics
    assert {k: v[0][1] for k, v in metrics.items()} == {
        "a": 0.5, "b": 2.0, "c": 3.0, "d": "NaN", "e": "Infinity"
    }  # fmt: skip


def test_the_last_expression_and_bare_names(kernel: Kernel, index: Index):
    kernel.run("# track: forest depth\ndepth = 4\nscores = {'auc': 0.9, 'f1': 0.8}\nscores")
    kernel.run("%%track one\nauc = 0.7\nauc")
    kernel.run("%%track none\n'text'")
    first, second, third = recorded(index).runs
    assert first.params == {"depth": 4}
    assert {k: v[0][1] for k, v in first.metrics.items()} == {"auc": 0.9, "f1": 0.8}
    assert {k: v[0][1] for k, v in second.metrics.items()} == {"auc": 0.7}
    assert third.metrics == {}


def test_blocks_in_loops_and_threads_are_separate_runs(kernel: Kernel, index: Index):
    kernel.run(
        "import nbops, threading\n"
        "for d in (1, 2):\n"
        "    with nbops.track('loop', d=d) as run:\n"
        "        nbops.log_metric('m', d * 10)\n"
        "def work(d):\n"
        "    with nbops.track('thread', d=d):\n"
        "        nbops.log_metric('m', d * 10)\n"
        "threads = [threading.Thread(target=work, args=(d,)) for d in (3, 4)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
        "try:\n"
        "    with nbops.track('broken'):\n"
        "        1/0\n"
        "except ZeroDivisionError: pass\n"
    )
    runs = recorded(index).runs
    assert sorted((r.name, r.params.get("d"), r.metrics["m"][0][1]) for r in runs[:4]) == [
        ("loop", 1, 10), ("loop", 2, 20), ("thread", 3, 30), ("thread", 4, 40)
    ]  # fmt: skip
    assert (runs[4].name, runs[4].status) == ("broken", "failed")


def test_installing_a_package_shows_in_the_next_cell(
    kernel: Kernel, workspace: Workspace, index: Index
):
    kernel.run("import sys, pathlib")
    kernel.run(
        "folder = pathlib.Path('site-packages'); folder.mkdir(); sys.path.append(str(folder.resolve()))"
    )
    kernel.run("%track stop")
    kernel.run("%track start")
    kernel.run("x = 1")
    wait_until(lambda: recorded(index).cell_runs[-1].environment)
    info = workspace.root / "site-packages" / "thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    kernel.run("y = 2")
    wait_until(lambda: recorded(index).cell_runs[-1].environment)
    document = recorded(index)
    before, after = (document.environments[c.environment] for c in document.cell_runs[-2:])
    assert (before.packages.get("thing"), after.packages["thing"]) == (None, "1.0")


def test_git_state_is_recorded(workspace: Workspace, start_kernel, index: Index):
    import subprocess

    for words in (["init", "-q"], ["add", "pyproject.toml"], ["commit", "-q", "-m", "x"]):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
        subprocess.run(command, cwd=workspace.root, check=True)
    kernel = start_kernel()
    kernel.run("%load_ext nbops\n%track start")
    kernel.run("x = 1")
    wait_until(lambda: recorded(index).session.source.git_commit)
    assert recorded(index).session.source.is_dirty is False


def test_completion_knows_commands_variables_and_runs(kernel: Kernel, index: Index):
    kernel.run("%%track forest\nscore_of_mine = 1")
    recorded(index)

    def complete(code: str) -> list[str]:
        message_id = kernel.client.complete(code, len(code))
        while True:
            reply = kernel.client.get_shell_msg(timeout=PATIENCE_S)
            if reply["parent_header"]["msg_id"] == message_id:
                return reply["content"]["matches"]

    assert {"%track"} <= set(complete("%tra")) or "track" in str(complete("%tra"))
    assert {"start", "status", "stop"} <= set(complete("%track st"))
    assert "score_of_mine" in complete("%track metric sco")
    assert "forest" in complete("%track why for")
    assert "--name" in complete("%track start --")


def test_help_teaches(kernel: Kernel):
    message_id = kernel.client.inspect("%track?", 3)
    text = ""
    kernel.run("%track?")
    assert message_id
    assert "%track metric auc" in kernel.run("%track").text + text


def test_views_show_themselves_as_text_and_html(kernel: Kernel):
    kernel.run("%%track forest depth=2\n{'auc': depth / 8}")
    kernel.run("%%track forest depth=4\n{'auc': depth / 8}")
    for command, words in {
        "%track ls": ["forest", "0.25"],
        "%track show last": ["depth 4", "forest"],
        "%track why": ["auc 0.25 → 0.5 (+0.25). One recorded thing changed."],
    }.items():
        (bundle,) = kernel.run(command).results
        for word in words:
            assert word in bundle["text/plain"]
        assert "<table" in bundle["text/html"] or "<p>" in bundle["text/html"]


def test_why_means_the_cell_that_asks(kernel: Kernel):
    for depth in (1, 2):
        kernel.run(f"%%track forest depth={depth}\n{{'auc': {depth} / 10}}\n", "forest-cell")
    kernel.run("%%track other\n1", "other-cell")
    answer = kernel.run("%%track forest depth=3\n%track why", "forest-cell")
    assert "depth: 1 → 2" in answer.result


def test_html_of_views_escapes_what_was_recorded(kernel: Kernel):
    kernel.run("%%track '<script>alert(1)</script>' depth='<img src=x>'\n1")
    for command in ("%track ls", "%track show last"):
        html = kernel.run(command).results[0]["text/html"]
        assert "<script>" not in html
        assert "<img" not in html


def test_a_kernel_without_write_access_says_so_in_one_line(start_kernel, workspace, private_homes):
    kernel = start_kernel()
    kernel.run("import os\n_access = os.access\nos.access = lambda p, m: False")
    answer = kernel.run("%load_ext nbops\n%track start\nprint('on')")
    assert "on" in answer.text
    assert (private_homes / "state" / "nbops").exists()


def test_what_a_forked_child_logs_arrives_once_beside_its_parents(kernel: Kernel, index: Index):
    kernel.run(
        "import os, nbops\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    nbops.log_metric('child', 1)\n"
        "    os._exit(0)\n"
        "_ = os.waitpid(pid, 0)\n"
        "nbops.log_metric('parent', 1)"
    )
    document = recorded(index)
    (run,) = document.runs
    logged = {name: [value for _, value, _ in points] for name, points in run.metrics.items()}
    assert logged == {"child": [1], "parent": [1]}
    assert document.session.problems == ()  # one writer: the journal's chain holds


def test_what_the_notebook_is_called(workspace: Workspace, start_kernel, index: Index):
    folder = workspace.root / "deep"
    folder.mkdir()
    kernel = start_kernel(folder)
    kernel.run("%load_ext nbops\n%track start")
    session = recorded(index).session
    assert (session.notebook, session.experiment) == ("deep/notebook.ipynb", "notebook")
    assert os.path.exists(workspace.state)
    assert not Path(folder / ".nbops").exists()
