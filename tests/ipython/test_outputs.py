"""What cells show: recorded as it was shown, and shown no differently for it."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernels import Kernel
from mlflow import MlflowClient
from processes import PATIENCE_S, wait_until
from servers import MlflowServer

from nbops.index.queries import Index
from nbops.records import CellRun, OutputRef
from nbops.store import Store
from nbops.views.outputs import read_outputs
from nbops.workspace import Workspace

_FIGURE = (
    "import matplotlib; matplotlib.use('module://matplotlib_inline.backend_inline')\n"
    "import matplotlib.pyplot as plt\nfigure = plt.plot([1, 2])"
)


def messages(kernel: Kernel, code: str, **options: Any) -> list[tuple[str, dict[str, Any]]]:
    """Everything that a front end is told while a cell runs; text of one stream in one piece."""
    message_id = kernel.send(code, **options)
    told: list[tuple[str, dict[str, Any]]] = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=PATIENCE_S)
        if message["parent_header"].get("msg_id") != message_id:
            continue
        kind, content = message["msg_type"], message["content"]
        last, before = told[-1] if told else ("", {})
        if kind == last == "stream" and before["name"] == content["name"]:
            before["text"] += content["text"]
            continue
        told.append((kind, content))
        if kind == "status" and content["execution_state"] == "idle":
            return told


class Shown:
    """Outputs of recorded cells."""

    def __init__(self, index: Index, workspace: Workspace) -> None:
        self.index = index
        self.store = Store(workspace.store)

    def cell(self, source: str) -> CellRun:
        """Latest run of a cell, once all that it showed is there."""

        def find() -> CellRun | None:
            assert self.index.wait(PATIENCE_S)
            document = self.index.document(self.index.resolve(self.index.sessions()[0].id))
            cells = [cell for cell in document.cell_runs if cell.source.startswith(source)]
            return cells[-1] if cells and cells[-1].outputs is not None else None

        wait_until(find)
        found = find()
        assert found is not None
        return found

    def refs(self, source: str) -> tuple[OutputRef, ...]:
        return self.cell(source).outputs or ()

    def content(self, ref: OutputRef) -> bytes:
        data = self.store.get(ref.digest)
        assert data is not None
        assert len(data) == ref.size_bytes
        return data

    def texts(self, source: str) -> list[tuple[str | None, str, str]]:
        """`(kind, stream or mime, text)` of each output that is text."""
        return [
            (ref.kind, ref.name or ref.mime, self.content(ref).decode())
            for ref in self.refs(source)
            if not ref.mime.startswith("image/")
        ]


@pytest.fixture
def shown(index: Index, workspace: Workspace) -> Shown:
    return Shown(index, workspace)


def test_streams_results_and_displays_are_kept_in_their_order(kernel: Kernel, shown: Shown):
    kernel.run(
        "import sys; print('one'); print('two', file=sys.stderr); display('three'); print('four'); 5"
    )
    assert shown.texts("import sys") == [
        ("stream", "stdout", "one\n"),
        ("stream", "stderr", "two\n"),
        ("display", "text/plain", "'three'"),
        ("stream", "stdout", "four\n"),
        ("result", "text/plain", "5"),
    ]
    assert [ref.number for ref in shown.refs("import sys")] == [0, 1, 2, 3, 4]


def test_a_cell_without_output_has_none(kernel: Kernel, shown: Shown):
    kernel.run("x = 1")
    assert shown.cell("x = 1").outputs == ()


def test_a_figure_is_kept_as_its_bytes(kernel: Kernel, shown: Shown):
    answer = kernel.run(_FIGURE)
    sent = answer.results[-1]["image/png"]
    image = next(ref for ref in shown.refs("import matplotlib") if ref.mime == "image/png")
    assert image.kind == "display"
    assert shown.content(image) == base64.b64decode(sent)
    kernel.run("plt.plot([1, 2])\nNone")
    again = next(ref for ref in shown.refs("plt.plot") if ref.mime == "image/png")
    assert again.digest == image.digest


def test_an_error_is_kept_with_its_traceback_before_what_came_after(kernel: Kernel, shown: Shown):
    kernel.run(_FIGURE)
    told = messages(kernel, "plt.plot([1, 3])\nprint('so far')\n1/0")
    assert [kind for kind, _ in told[2:-1]] == ["stream", "error", "display_data"]
    refs = shown.refs("plt.plot([1, 3])")
    assert [ref.kind for ref in refs if ref.mime != "text/plain" or ref.name] == [
        *("stream", "error", "display")
    ]
    error = json.loads(shown.content(refs[1]))
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert error["traceback"] == told[3][1]["traceback"]


def test_a_progress_bar_counts_once_in_its_last_form(kernel: Kernel, shown: Shown):
    kernel.run(
        "import time\nfor n in range(4):\n    print(f'\\r{n * 25}% done', end=''); time.sleep(0.25)\nprint()"
    )
    assert shown.texts("import time") == [("stream", "stdout", "75% done\n")]


def test_what_was_cleared_is_not_kept(kernel: Kernel, shown: Shown):
    kernel.run(
        "from IPython.display import clear_output\nprint('old'); clear_output(); print('new')"
    )
    assert shown.texts("from IPython") == [("stream", "stdout", "new\n")]
    kernel.run("print('kept'); clear_output(wait=True)")
    assert shown.texts("print('kept')") == [("stream", "stdout", "kept\n")]
    kernel.run("print('gone'); clear_output(wait=True); display('here')")
    assert shown.texts("print('gone')") == [("display", "text/plain", "'here'")]


def test_a_display_counts_once_in_its_last_form(kernel: Kernel, shown: Shown):
    kernel.run("handle = display('a', display_id=True)\nprint('b')\nhandle.update('c')")
    assert shown.texts("handle = ") == [
        ("display", "text/plain", "'c'"),
        ("stream", "stdout", "b\n"),
    ]
    kernel.run("handle.update('d')")
    wait_until(lambda: shown.texts("handle = ")[0][2] == "'d'")
    assert shown.texts("handle.update('d')") == []


def test_what_a_task_shows_after_its_cell_belongs_to_that_cell(kernel: Kernel, shown: Shown):
    kernel.run(
        "import asyncio\nasync def later():\n    await asyncio.sleep(0.5); print('late')\n"
        "task = asyncio.create_task(later()); print('early')"
    )
    kernel.run("await task")
    wait_until(lambda: shown.texts("import asyncio") == [("stream", "stdout", "early\nlate\n")])
    assert shown.texts("await task") == []


def test_secrets_in_outputs_never_reach_the_disk(
    kernel: Kernel, workspace: Workspace, shown: Shown
):
    kernel.run("word = 'hunter' + '2222'")
    kernel.run("print('password =', repr(word)); {'api_key': word}, f'postgresql://me:{word}@db/x'")
    kernel.run(
        "from IPython.display import JSON, HTML\ndisplay(JSON({'secret': word, 'depth': 8}))"
    )
    kernel.run("display(HTML(f'<b>password</b> = \"{word}\"'))")
    kernel.run("raise ValueError(f'token=\"{word}\"')")
    kernel.run("print('x ' * 40_000); print(f'password = \"{word}\"')", timeout_s=60)
    texts = shown.texts("print('x ' * 40_000)")
    assert re.search(r'password = "\[redacted:\w{6}\]"\n$', texts[0][2])
    (masked,) = [text for _, mime, text in shown.texts("from IPython") if mime.endswith("json")]
    assert re.fullmatch(r'{"secret":"\[redacted:\w{6}\]","depth":8}', masked)
    kernel.shutdown()
    for path in workspace.state.rglob("*"):
        assert not path.is_file() or b"hunter2222" not in path.read_bytes(), path


def test_outputs_beyond_the_cap_are_said_to_be_missing(kernel: Kernel, shown: Shown):
    kernel.run("for _ in range(170): print('0123456789' * 10_000)")
    (ref,) = shown.refs("for _ in range(170)")
    assert ref.size_bytes == 16_000_000
    assert ref.missing == "more than 16 MB of outputs: this is how it begins"
    kernel.run("for n in range(1200): display(n)")
    refs = shown.refs("for n in range(1200)")
    assert len(refs) == 1000
    assert refs[-1].missing == "more than 1000 outputs: those after this one"


def test_outputs_are_shown_again_as_they_were(kernel: Kernel, workspace: Workspace, shown: Shown):
    kernel.run(_FIGURE)
    told = messages(
        kernel,
        "import sys; print('out'); print('err', file=sys.stderr); plt.plot([1, 4]); plt.show()\n"
        "display({'text/plain': 'x', 'application/json': {'a': [1]}}, raw=True,"
        " metadata={'text/plain': {'b': 1}})\n{'five': 5}",
    )
    cell = shown.cell("import sys; print('out')")
    sent = [{"output_type": kind, **content} for kind, content in told[2:-1]]
    for one in sent:
        one.pop("transient", None)
    assert read_outputs(cell, shown.store) == sent
    done = nbops(workspace, "show", cell.id.partition(".")[0], "--outputs", "3")
    assert done.stdout.splitlines()[:2] == ["out", "err"]
    assert "[image/png " in done.stdout
    assert done.stdout.endswith("{'five': 5}\n")
    done = nbops(workspace, "show", cell.id.partition(".")[0], "--outputs", "3", "--save", "saved")
    saved = {path.name for path in (workspace.root / "saved").iterdir()}
    assert saved == {
        *("3-0.stdout.txt", "3-1.stderr.txt", "3-2.png", "3-2.txt"),
        *("3-3.json", "3-3.txt", "3-4.txt"),
    }
    image = (workspace.root / "saved" / "3-2.png").read_bytes()
    assert image == base64.b64decode(told[4][1]["data"]["image/png"])
    done = nbops(workspace, "show", cell.id.partition(".")[0])
    assert "» {'five'" in done.stdout
    done = nbops(workspace, "show", cell.id.partition(".")[0], "--outputs", "99")
    assert (done.returncode, "There is no cell '99'" in done.stderr) == (2, True)


@pytest.mark.parametrize("share", ["runs", "all"])
def test_outputs_go_to_a_server_only_when_all_is_shared(
    workspace: Workspace,
    start_kernel: Callable[..., Kernel],
    mlflow_server: Callable[..., MlflowServer],
    index: Index,
    share: str,
):
    server = mlflow_server()
    settings = f'[tool.nbops]\nshare = "{share}"\ntracking_uri = "{server.uri}"\n'
    (workspace.root / "pyproject.toml").write_text(settings)
    kernel = start_kernel()
    kernel.run("%load_ext nbops\n%track start")
    kernel.run("%%track tree\nprint('grown'); {'height': 7}")
    kernel.run("%track stop")
    wait_until(lambda: index.wait(PATIENCE_S) and index.runs() and index.unshipped() == 0)
    client = MlflowClient(tracking_uri=server.uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "notebook"]
    found = client.search_runs([experiment.experiment_id])
    (tree,) = [run for run in found if run.info.run_name == "tree"]
    (session,) = [run for run in found if run.info.run_name != "tree"]
    record = json.loads(Path(_artifact(client, tree, "record.json")).read_text())
    kept = {ref["kind"] for ref in record["cell_runs"][-1]["outputs"] or ()}
    assert kept == ({"stream", "result"} if share == "all" else set())
    names = {file.path for file in client.list_artifacts(session.info.run_id, "nbops")}
    assert ("nbops/executed.ipynb" in names) == (share == "all")
    if share == "all":
        notebook = nbformat.read(_artifact(client, session, "executed.ipynb"), as_version=4)
        nbformat.validate(notebook)
        assert [one["output_type"] for one in notebook.cells[1].outputs] == [
            *("stream", "execute_result")
        ]


def _artifact(client: MlflowClient, run: Any, name: str) -> str:
    return str(client.download_artifacts(run.info.run_id, f"nbops/{name}"))


def nbops(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from nbops.cli import main; main()", *words]
    return subprocess.run(command, cwd=workspace.root, capture_output=True, text=True, check=False)


_CELLS = (
    "print('a'); 1",
    "import sys; print('e', file=sys.stderr); print('o')",
    "display({'text/plain': 'x', 'text/html': '<b>x</b>'}, raw=True, metadata={'text/html': {'a': 1}})",
    "from IPython.display import clear_output\nclear_output(wait=True); print(1); clear_output()",
    "h = display(1, display_id='one'); h.update(2)",
    _FIGURE,
    "plt.plot([1, 2]); 1/0",
    "x = (",
    "%%capture held\nprint('hidden'); display('hidden')",
    "held.stdout, len(held.outputs)",
    "!echo from a shell",
    "import os; os.write(1, b'straight\\n'); None",
    "import asyncio; await asyncio.sleep(0.01); print('awaited')",
    "from threading import Thread\nt = Thread(target=lambda: print('thread')); t.start(); t.join()",
    "class Bad:\n    def __repr__(self): raise RuntimeError('no repr')\nBad()",
    "%tb",
    "pid = os.fork()\nif not pid: display('child'); os._exit(0)\nos.waitpid(pid, 0)[1]",
    "del sys.last_value; __import__('this_is_missing')",
    "get_ipython().display_pub.publish({'text/plain': 'p'}, transient={'display_id': 'two'})",
    "Out[1], sorted(Out)",
)


def test_messages_are_those_of_a_bare_kernel(start_kernel: Callable[..., Kernel]):
    bare, tracked = start_kernel(), start_kernel()
    tracked.run("%load_ext nbops\n%track start", store_history=False)
    for code in _CELLS:
        assert _comparable(messages(tracked, code)) == _comparable(messages(bare, code)), code


def _comparable(told: list[tuple[str, dict[str, Any]]]) -> str:
    return re.sub(r"ipykernel_\d+/\d+\.py|0x[0-9a-f]+|pid=\d+|Cell In\[\d+\]", "", repr(told))


def test_the_hooks_are_gone_when_tracking_is(kernel: Kernel, shown: Shown):
    hooks = (
        "import sys, threading; shell = get_ipython(); seen = []\n"
        "def look():\n    seen[:] = [len(s._hooks) for s in (sys.stdout, sys.stderr)]\n"
        "done = threading.Event(); sys.stdout.pub_thread.schedule(look)\n"
        "sys.stdout.pub_thread.schedule(done.set); done.wait(5)\n"
        "seen + [len(p._hooks) for p in (shell.display_pub, shell.displayhook)]"
    )
    assert kernel.run(hooks).result == "[1, 1, 1, 1]"
    kernel.run("print('said')\n%track stop\nprint('after')")
    assert shown.texts("print('said')")[0] == ("stream", "stdout", "said\n")
    assert kernel.run(hooks).result == "[0, 0, 0, 0]"
    kernel.run("%track start")
    assert kernel.run(hooks).result == "[1, 1, 1, 1]"
    kernel.run("%unload_ext nbops")
    assert kernel.run(hooks).result == "[0, 0, 0, 0]"


def test_a_kernel_that_dies_too_soon_has_lost_outputs_and_the_record_says_so(
    kernel: Kernel, index: Index
):
    kernel.run(
        "from nbops.recording.outputs import OutputKeeper\nOutputKeeper.put = lambda *_: None"
    )
    kernel.run("print('lost')")
    kernel.kill()

    def cell() -> CellRun | None:
        assert index.wait(PATIENCE_S)
        cells = index.document(index.resolve(index.sessions()[0].id)).cell_runs
        return cells[-1] if cells[-1].warnings else None

    wait_until(cell)
    assert cell().warnings == ("its outputs are lost: the kernel ended before they were written",)
    assert cell().outputs is None


def test_an_old_kernel_records_no_outputs_and_does_not_say_there_were_none(
    start_kernel: Callable[..., Kernel], index: Index
):
    kernel = start_kernel()
    kernel.run(
        "from ipykernel.displayhook import ZMQShellDisplayHook as hook; del hook.register_hook"
    )
    kernel.run("%load_ext nbops\n%track start")
    assert kernel.run("print(1); 2").result == "2"
    assert index.wait(PATIENCE_S)
    cells = index.document(index.resolve(index.sessions()[0].id)).cell_runs
    assert [cell.outputs for cell in cells] == [None, None, None]
