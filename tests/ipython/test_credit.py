"""Whose an access is, when not only a cell's own lines run."""

from collections.abc import Callable
from typing import Any

from kernels import Kernel
from processes import PATIENCE_S, wait_until

from nbops.index.queries import Index
from nbops.records import CellRun, Document
from nbops.views.coverage import say_coverage
from nbops.workspace import Workspace


def recorded(index: Index) -> Document:
    assert index.wait(PATIENCE_S)
    return index.document(index.resolve(index.sessions()[0].id))


def cell(document: Document, cell_id: str) -> CellRun:
    return next(run for run in document.cell_runs if run.cell_id == cell_id)


def reads(document: Document, cell_id: str) -> list[str]:
    """What a cell was seen to read, not what its text names."""
    return sorted(ref.name for ref in cell(document, cell_id).reads if ref.seen_by != "code")


def test_every_way_to_run_code_is_the_cells_and_behaves_as_ever(
    kernel: Kernel, workspace: Workspace, index: Index
):
    for name in ("capture", "time", "run", "bash", "thread", "to_thread", "debug", "gathered"):
        (workspace.root / f"{name}.txt").write_text(name)
    (workspace.root / "script.py").write_text("text = open('run.txt').read()\n")
    (workspace.root / "edited.py").write_text("value = 1\n")

    kernel.run("%load_ext autoreload\n%autoreload 2\nimport edited", "load")
    (workspace.root / "edited.py").write_text("value = 'another'\n")
    assert kernel.run("edited.value", "autoreload").result == "'another'"
    kernel.run("%%capture caught\nprint(open('capture.txt').read())", "capture")
    assert kernel.run("caught.stdout").result == "'capture\\n'"
    assert "Wall time" in kernel.run("%time open('time.txt').read()", "time").text
    assert kernel.run("%run script.py\ntext", "run").result == "'run'"
    assert kernel.run("%%bash\ncat bash.txt", "bash").text == "bash"
    kernel.run(
        "import asyncio, threading\n"
        "thread = threading.Thread(target=lambda: open('thread.txt').read())\n"
        "thread.start(); thread.join()\n"
        "def read(name): return open(name).read()\n"
        "await asyncio.to_thread(read, 'to_thread.txt')\n"
        "async def later(): return read('gathered.txt')\n"
        "await asyncio.gather(later())",
        "async",
    )
    debugged = "import bdb\nbdb.Bdb().run(\"open('debug.txt').read()\")"
    kernel.run(f"import sys\nsys.settrace(None)\n{debugged}", "debug")
    kernel.run("%track stop")

    document = recorded(index)
    assert [reads(document, name) for name in ("capture", "time", "bash", "debug")] == [
        ["capture.txt"],
        ["time.txt"],
        ["bash.txt"],
        ["debug.txt"],
    ]
    assert reads(document, "run") == ["run.txt"]
    assert reads(document, "async") == ["gathered.txt", "thread.txt", "to_thread.txt"]
    assert [module.path for module in cell(document, "run").modules] == ["script.py"]
    assert [module.path for module in cell(document, "autoreload").modules] == ["edited.py"]
    assert {run.status for run in document.cell_runs} == {"ok"}
    assert "uncredited" not in document.session.coverage


def test_what_no_running_cell_opened_is_counted_and_credited_to_none(
    kernel: Kernel, workspace: Workspace, index: Index
):
    for name in ("timer", "task", "own", "paused", "skipped"):
        (workspace.root / f"{name}.txt").write_text(name)
    flag = workspace.state / "flag"  # which is no data
    kernel.run(
        "import asyncio, threading\nfrom pathlib import Path\n"
        "go, done = asyncio.Event(), []\n"
        "async def task():\n"
        "    await go.wait()\n"
        "    done.append(open('task.txt').read())\n"
        "def timer():\n"
        "    while not Path('timer.txt').stat().st_size == 0: asleep.wait(0.01)\n"
        "    open('timer.txt').close()\n"
        f"    Path({str(flag)!r}).touch()\n"
        "asleep = threading.Event()\n"
        "kept = asyncio.get_running_loop().create_task(task())\n"
        "thread = threading.Thread(target=timer)\nthread.start()",
        "begin",
    )
    (workspace.root / "timer.txt").write_text("")  # between cells: now it reads
    wait_until(flag.exists)
    kernel.run(
        "go.set()\nwhile not done: await asyncio.sleep(0.01)\nopen('own.txt').read()", "next"
    )
    kernel.run("# nbops: skip\nopen('skipped.txt').read()", "skipped")
    kernel.run("%track pause", "pause")
    kernel.run("open('paused.txt').read()", "paused")
    kernel.run("%track resume", "resume")
    kernel.run("%track stop")

    document = recorded(index)
    assert reads(document, "next") == ["own.txt"]
    assert reads(document, "begin") == []
    assert document.session.coverage["uncredited"] == 2
    assert "2 files opened by no running cell" in say_coverage(document.session.coverage)


def test_a_widget_and_a_plot_of_a_cell_go_on_working(
    start_kernel: Callable[..., Kernel], workspace: Workspace, index: Index
):
    kernel = start_kernel(MPLBACKEND="module://matplotlib_inline.backend_inline")
    kernel.run("%load_ext nbops\n%track start")
    shown = kernel.run("import ipywidgets\nslider = ipywidgets.IntSlider(value=3)\nslider")
    assert "application/vnd.jupyter.widget-view+json" in shown.results[-1]
    drawn = kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);", "plot")
    assert "image/png" in drawn.results[-1]
    assert kernel.run("slider.value = 4\nslider.value").result == "4"
    kernel.run("%track stop")
    document = recorded(index)
    assert [ref.mime for ref in cell(document, "plot").outputs or ()].count("image/png") == 1


def test_a_subshell_and_a_breakpoint_leave_the_cells_as_they_are(
    kernel: Kernel, workspace: Workspace, index: Index
):
    for name in ("main", "subshell", "after", "debug"):
        (workspace.root / f"{name}.txt").write_text(name)
    subshell = kernel.ask_control("create_subshell_request", {})["subshell_id"]
    first = kernel.send(
        "import os, time\nopen('main.txt').read()\nopen('began', 'w').close()\n"
        "while not os.path.exists('go'): time.sleep(0.02)\n"
        "x = 1\nopen('after.txt').read()",
        "main",
    )
    wait_until((workspace.root / "began").exists)
    assert kernel.run("y = 2\nopen('subshell.txt').read()", subshell=subshell).error == ""
    (workspace.root / "go").touch()
    wait_for(kernel, first, "status")
    assert kernel.run("x + y", "use").result == "3"

    code = "text = open('debug.txt').read()\ntext + '!'"
    assert ask_debugger(kernel, "initialize", clientID="t", adapterID="")["success"]
    assert ask_debugger(kernel, "attach")["success"]
    path = ask_debugger(kernel, "dumpCell", code=code)["body"]["sourcePath"]
    ask_debugger(kernel, "setBreakpoints", source={"path": path}, breakpoints=[{"line": 2}])
    ask_debugger(kernel, "configurationDone")
    message = kernel.send(code, "debug")
    stopped = wait_for(kernel, None, "debug_event", event="stopped")
    ask_debugger(kernel, "continue", threadId=stopped["body"]["threadId"])
    assert wait_for(kernel, message, "execute_result")["data"]["text/plain"] == "'debug!'"
    wait_for(kernel, message, "status")
    kernel.run("%track stop")

    document = recorded(index)
    assert {run.status for run in document.cell_runs} == {"ok"}
    assert reads(document, "main") == ["after.txt", "main.txt"]
    assert reads(document, "debug") == ["debug.txt"]
    assert cell(document, "debug").modules == ()
    told = "code that ran in a sub-shell since the cell before is not recorded"
    assert [run.cell_id for run in document.cell_runs if told in run.warnings] == ["main"]
    assert document.session.coverage["uncredited"] == 1


def test_a_post_mortem_and_a_stop_in_code_read_for_their_own_cells(
    kernel: Kernel, workspace: Workspace, index: Index
):
    for name in ("dead", "living"):
        (workspace.root / f"{name}.txt").write_text(name)
    assert "ZeroDivisionError" in kernel.run("def fail(): 1 / 0\nfail()", "fail").error
    type_into(kernel, "%debug", "mortem", "open('dead.txt').read()")
    type_into(
        kernel,
        "from IPython.core.debugger import set_trace\nset_trace()\nx = 1",
        "stop",
        "open('living.txt').read()",
    )
    assert kernel.run("x", "after").result == "1"
    kernel.run("%track stop")

    document = recorded(index)
    assert [reads(document, name) for name in ("fail", "mortem", "stop", "after")] == [
        [],
        ["dead.txt"],
        ["living.txt"],
        [],
    ]
    assert "uncredited" not in document.session.coverage


def type_into(kernel: Kernel, code: str, cell_id: str, line: str) -> None:
    """Run a cell that asks for input: give it a line, and then `continue`."""
    message = kernel.send(code, cell_id, allow_stdin=True)
    for text in (line, "continue"):
        assert kernel.client.get_stdin_msg(timeout=PATIENCE_S)["msg_type"] == "input_request"
        kernel.client.input(text)
    wait_for(kernel, message, "status")


def ask_debugger(kernel: Kernel, command: str, **arguments: Any) -> dict[str, Any]:
    request = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
    return kernel.ask_control("debug_request", request)


def wait_for(
    kernel: Kernel, message_id: str | None, kind: str, event: str | None = None
) -> dict[str, Any]:
    """Content of the next message of a kind, an event of the debugger or a cell's end among them."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=PATIENCE_S)
        content = message["content"]
        is_its = message_id in (None, message["parent_header"].get("msg_id"))
        is_wanted = event == content.get("event") and content.get("execution_state") != "busy"
        if message["msg_type"] == kind and is_its and is_wanted:
            return dict(content)
