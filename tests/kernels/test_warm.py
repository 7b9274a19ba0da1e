"""Warm kernels are as fresh ones, and end as these do; where forking is not safe, kernels start as ever."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from kernels import Kernel
from processes import PATIENCE_S, has_ended, wait_until

from nbops.index.queries import Index
from nbops.kernels import provisioner
from nbops.kernels.hidden import note_variables, put_variable
from nbops.kernels.imported import _before_changes, _imports, modules_to_import
from nbops.kernels.inherited import key_of
from nbops.kernels.process import ForkedKernel
from nbops.kernels.provisioner import why_cold
from nbops.workspace import Workspace

NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="that needs Linux")

_STATE = """
import json, os, random, resource, signal, sys, threading, warnings
known = sys.stdlib_module_names | {"coverage"}
print(json.dumps({
    "modules": sorted(n for n in sys.modules if n.partition(".")[0] not in known),
    "path": sys.path, "argv": sys.argv[:-1], "command": sys.orig_argv[:-1], "flags": list(sys.flags),
    "filters": [repr(f) for f in warnings.filters],
    "environment": dict(os.environ), "folder": os.getcwd(),
    "handlers": [repr(signal.getsignal(n)) for n in sorted(signal.valid_signals())],
    "await": [get_ipython().autoawait, str(get_ipython().loop_runner).split(" at ")[0]],
    "threads": threading.active_count(), "limits": resource.getrlimit(resource.RLIMIT_NOFILE),
    "leads": os.getpgid(0) == os.getsid(0) == os.getpid(), "stdin": os.read(0, 1).decode(),
    "streams": [[s.name, s.encoding, s.errors, s.line_buffering] for s in (sys.__stdout__, sys.__stderr__)],
}))
"""
_IMPORTED = """
import plain
early = [hasattr(plain, "later"), "plain.later" in sys.modules]
import plain.later, numpy
print(json.dumps({
    "early": early, "late": sorted(vars(plain)), "variable": os.environ["PLAIN"],
    "here": plain.here,
    "modules": sorted(n for n in sys.modules if n.startswith(("plain", "numpy"))),
    "filters": [repr(f) for f in warnings.filters], "loader": [type(plain.__loader__).__name__, plain.__spec__.origin], "value": plain.value,
}))
"""
_CLIENT = """
import os, sys, time
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="python3", transport="ipc", ip=sys.argv[1])
manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "nbops-warm"}
manager.start_kernel(env={**os.environ, "NBOPS_PRELOAD": "plain"})
print(type(manager.provisioner.process).__name__, manager.provisioner.pid, flush=True)
time.sleep(3600)
"""


class WarmKernel(Kernel):
    """A kernel that is forked, when that is safe."""

    def _start(self) -> BlockingKernelClient:
        chosen = {"provisioner_name": "nbops-warm"}
        self.manager.kernel_spec.metadata["kernel_provisioner"] = chosen
        return super()._start()

    @property
    def is_forked(self) -> bool:
        return isinstance(self.manager.provisioner.process, ForkedKernel)

    def parent(self) -> int:
        return int(self.run("import os; print(os.getppid())").text)


def end_parents() -> None:
    """End the processes that kernels of this test were forked from."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes()
            is_one = b"nbops.kernels.parent" in words
            if is_one and os.fsencode(os.environ["XDG_RUNTIME_DIR"]) in words:
                os.kill(int(folder.name), signal.SIGKILL)


@pytest.fixture(autouse=True)
def patience(private_homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBOPS_WARM_READY_S", str(PATIENCE_S))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages that do what packages do while they are imported."""
    folder = tmp_path / "site-packages"
    (folder / "plain").mkdir(parents=True)
    (folder / "plain" / "__init__.py").write_text(
        "import os, warnings\nhere = os.getcwd()\n"
        "from plain.deep import deep, value\n"
        "warnings.filterwarnings('ignore', 'plain')\nos.environ['PLAIN'] = 'yes'\n"
    )
    (folder / "plain" / "deep.py").write_text("value = 1\ndef deep(): pass\n")
    (folder / "plain" / "later.py").write_text("")
    (folder / "starts.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=[3600], daemon=True).start()"
    )
    (folder / "prints.py").write_text("print('hello')")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def start(packages: Path, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Start kernels with these packages; all are gone when the test ends, and whom they were forked from."""
    kernels: list[Kernel] = []
    (tmp_path / "work").mkdir()

    def start_one(kind: type[Kernel], modules: str) -> Kernel:
        kernels.append(kind(tmp_path / "work", {"NBOPS_PRELOAD": modules}))
        return kernels[-1]

    yield start_one
    for kernel in kernels:
        kernel.kill()
    end_parents()


def test_a_warm_kernel_is_as_a_fresh_one_and_knows_no_other(start: Callable[..., Any]):
    cold, one, other = (
        start(kind, "plain,plain.later,numpy") for kind in (Kernel, WarmKernel, WarmKernel)
    )
    assert one.is_forked
    assert other.is_forked
    for code in (_STATE, _IMPORTED):
        expected = json.loads(cold.run(code).text)
        assert json.loads(one.run(code).text) == expected
    assert expected["early"] == [False, False]

    one.run("plain.value = 2; os.environ['PLAIN'] = 'no'\n%autoawait off")
    other.run(_STATE)
    told = json.loads(other.run(_IMPORTED).text)
    assert (told["value"], told["variable"]) == (1, "yes")
    assert other.run("import asyncio; await asyncio.sleep(0, 5)").result == "5"
    kept = "import gc\nprint(gc.get_freeze_count() > 10_000, gc.isenabled(), gc.get_threshold())"
    assert other.run(kept).text.split(maxsplit=2)[:2] == [
        "True",
        "True",
    ]  # no page is copied for it
    assert other.run(kept).text.split("(")[1] == cold.run(kept).text.split("(")[1]
    draw = "print(numpy.random.random(), random.random(), os.urandom(4).hex())"
    drawn = [kernel.run(draw).text.split() for kernel in (one, other)]
    assert all(left != right for left, right in zip(*drawn, strict=True))


def test_variables_that_a_cell_sets_before_it_imports_are_kept_or_said_to_come_late(
    start: Callable[..., Any],
):
    kernel = start(WarmKernel, "plain,yaml,zmq")
    assert kernel.is_forked
    told = kernel.run(
        "import os; os.environ['PLAIN'] = 'mine'\nimport plain\nprint(os.environ['PLAIN'])"
    )
    assert told.text == "mine\n"
    told = kernel.run("os.environ['OMP_NUM_THREADS'] = '1'\nimport yaml, zmq")
    (line,) = [line for line in told.text.splitlines() if "RuntimeWarning" in line]
    assert "with yaml loaded before OMP_NUM_THREADS was set" in line


def test_who_watches_imports_sees_those_of_a_warm_kernel_too(start: Callable[..., Any]):
    watch = """
import sys
class Watch:
    names = []
    def find_spec(self, name, path=None, target=None):
        self.names.append(name)
        if name == "plain.deep":
            from importlib.machinery import PathFinder
            spec = PathFinder.find_spec(name, path)
            class Loader(type(spec.loader)):
                def exec_module(self, module):
                    super().exec_module(module)
                    module.value = "watched"
            spec.loader.__class__ = Loader
            return spec
sys.meta_path.insert(0, Watch())
import plain
print(sorted({name for name in Watch.names if "plain" in name}), sys.modules["plain.deep"].value)
"""
    warm, fresh = (start(kind, "plain").run(watch).text for kind in (WarmKernel, Kernel))
    assert warm == fresh == "['plain', 'plain.deep'] watched\n"


def test_no_import_fails_of_the_warning(start: Callable[..., Any]):
    kernel = start(WarmKernel, "yaml,zmq")
    told = kernel.run(
        "import os, warnings; warnings.simplefilter('error'); os.environ['OMP_NUM_THREADS'] = '1'\n"
        "import yaml, zmq\nprint('imported')"
    )
    assert told.text == "imported\n"


def test_a_module_sets_a_variable_again_whatever_another_one_made_of_it(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("KNOWN", "0")
    note_variables()
    put_variable("KNOWN", "1")
    put_variable("KNOWN", "2")
    put_variable("NEW", "1")
    assert (os.environ["KNOWN"], os.environ["NEW"]) == ("2", "1")
    put_variable("NEW", None)
    os.environ["KNOWN"] = "mine"
    put_variable("KNOWN", "3")
    assert os.environ["KNOWN"] == "mine"
    assert "NEW" not in os.environ


@pytest.mark.parametrize(
    ("source", "ahead"),
    [
        ("import a\nos.environ['X'] = '1'\nimport b", ["a"]),
        ("import a\nos.environ.setdefault('X', '1')\nimport b", ["a"]),
        ("import a\n%env X=1\nimport b", ["a"]),
        ("import a\nload_dotenv()\nimport b", ["a"]),
        ("import a\n%pip install -U b\nimport b", ["a"]),
        ("import a\n!uv pip install b\nimport b", ["a"]),
        ("import a\nrun([sys.executable, '-m', 'pip', 'install', 'b'])\nimport b", ["a"]),
        ("import a\n# %pip install b\nimport b", ["a", "b"]),
        ("import a\nsys.path.insert(0, '../src')\nimport b", ["a"]),
        ("import a\nsys.path[:0] = ['../src']\nimport b", ["a"]),
        ("import a\nos.chdir('..')\nimport b", ["a"]),
        ("import a\n%cd ..\nimport b", ["a"]),
        ("import a\nsys.path.append('../src')\nimport b", ["a", "b"]),
        ("import a; print(sys.path == [], sys.path[0] == '')\nimport b", ["a", "b"]),
        ("import a; print(os.environ['X'] == '1')\nimport b\n%env X", ["a", "b"]),
    ],
)
def test_what_comes_after_what_changes_imports_is_not_imported_ahead(source: str, ahead: list[str]):
    found = [name for text in _before_changes([source, "import c"]) for name in _imports(text)]
    assert found == ([*ahead, "c"] if "b" in ahead else ahead)


def test_a_warm_kernel_is_debugged_as_any_other(start: Callable[..., Any]):
    code = "number = 1\nnumber += 1\nnumber"
    kernel = start(WarmKernel, "plain")
    assert kernel.is_forked
    _ask_debugger(kernel, "initialize", clientID="test", adapterID="", pathFormat="path")
    _ask_debugger(kernel, "attach")
    source = {"path": _ask_debugger(kernel, "dumpCell", code=code)["sourcePath"]}
    _ask_debugger(kernel, "setBreakpoints", source=source, breakpoints=[{"line": 2}])
    _ask_debugger(kernel, "configurationDone")
    kernel.client.execute(code)
    while True:
        event = kernel.client.get_iopub_msg(timeout=PATIENCE_S)["content"]
        if event.get("event") == "stopped":
            assert event["body"]["reason"] == "breakpoint"
            break
    _ask_debugger(kernel, "continue", threadId=event["body"]["threadId"])
    assert kernel.client.get_shell_msg(timeout=PATIENCE_S)["content"]["status"] == "ok"


def _ask_debugger(kernel: Kernel, command: str, **arguments: Any) -> Any:
    """Ask as JupyterLab does."""
    request = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
    answer = kernel.ask_control("debug_request", request)
    assert answer["success"], answer
    return answer.get("body")


def test_a_warm_kernel_is_interrupted_killed_and_restarted_as_any_other(
    start: Callable[..., Any], tmp_path: Path
):
    killed, kernel = (start(WarmKernel, "plain") for _ in range(2))
    parent = kernel.parent()
    assert killed.parent() == parent
    os.kill(killed.pid, signal.SIGKILL)
    wait_until(lambda: not killed.manager.is_alive())
    assert killed.manager.provisioner.process.wait(PATIENCE_S) == -signal.SIGKILL

    kernel.send("open('begun', 'w').close(); import time; time.sleep(3600)")
    wait_until((tmp_path / "work" / "begun").exists)
    kernel.manager.interrupt_kernel()
    assert kernel.run("2 + 2").result == "4"

    os.kill(parent, signal.SIGKILL)  # who was forked from it goes on
    wait_until(lambda: has_ended(parent))
    assert kernel.run("3 + 3").result == "6"
    process = kernel.manager.provisioner.process
    kernel.restart()
    assert process.returncode is None  # nobody can tell it
    assert kernel.is_forked
    assert kernel.parent() != parent

    client = subprocess.Popen(
        [sys.executable, "-c", _CLIENT, str(tmp_path / "k")], stdout=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    kind, pid = client.stdout.readline().split()
    assert kind == "ForkedKernel"
    client.kill()
    client.communicate()  # it is gone
    wait_until(lambda: has_ended(int(pid)))


def test_what_must_not_be_forked_is_left_out_or_started_as_ever(
    start: Callable[..., Any], packages: Path, tmp_path: Path
):
    provisioner._said.clear()
    first = start(WarmKernel, "plain,starts,prints,plaim")
    assert first.is_forked
    assert provisioner._said == {
        "nbops: starts is not imported ahead: it starts threads",
        "nbops: prints is not imported ahead: it prints",
        "nbops: plaim is not imported ahead: No module named 'plaim'",
    }
    told = "import plain, prints, threading; before = threading.active_count(); import starts; "
    answer = first.run(f"{told}print(plain.value, threading.active_count() - before)")
    assert answer.text == "hello\n1 1\n"
    parent = first.parent()

    (packages / "plain" / "deep.py").write_text("value = 10\ndef deep(): pass\n")
    second = start(WarmKernel, "plain,starts,prints,plaim")
    assert second.is_forked
    assert second.run("import plain; print(plain.value)").text == "10\n"
    assert second.parent() != parent

    (tmp_path / "work" / "plain.py").write_text("value = 'mine'")
    third = start(WarmKernel, "plain,starts,prints,plaim")
    assert not third.is_forked
    assert third.run("import plain; print(plain.value)").text == "mine\n"
    expected = (
        "nbops: an ordinary kernel, not a warm one: plain.py in its folder comes before a package"
    )
    assert expected in provisioner._said


def test_what_a_notebook_imported_is_imported_ahead(workspace: Workspace):
    (workspace.root / "helper.py").write_text("import yaml\nfrom zmq import backend\n")
    sources = (
        "import os\nprint(open(f'/proc/{os.getppid()}/cmdline').read())",
        "%matplotlib inline\nimport msgspec.json as fast\nfrom helper import yaml",
        "try:\n    import missing\nexcept ImportError: pass",
        "import jsonschema\nos.environ['OMP_NUM_THREADS'] = '1'\nimport fsspec",
        "import bs4",
    )
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path = workspace.root / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    command = [*NBOPS, "run", "n.ipynb", "--warm", "-o", "out.ipynb"]
    done = subprocess.run(command, cwd=workspace.root, capture_output=True, text=True)
    # ipykernel may complain when a kernel ends just as it flushes; of imports nothing is said.
    assert done.returncode == 0
    assert "nbops: " not in done.stderr
    (shown,) = nbformat.read(workspace.root / "out.ipynb", as_version=4).cells[0].outputs
    assert "nbops.kernels.parent" in shown.text
    assert Index(workspace).wait(PATIENCE_S)
    expected = ["jsonschema", "msgspec.json", "nbops.ipython.job", "yaml", "zmq", "zmq.backend"]
    for variables in ({"NBOPS_NOTEBOOK": str(path)}, {"JPY_SESSION_NAME": str(path)}, {}):
        assert sorted(modules_to_import(variables, workspace.root)) == expected
    end_parents()


def test_what_a_notebook_that_never_ran_always_imports_is_imported_ahead(workspace: Workspace):
    (workspace.root / "helper.py").touch()
    sources = (
        "%matplotlib inline\nimport msgspec.json as fast\nfrom zmq import backend",
        "try:\n    import maybe\nexcept ImportError: pass\nimport helper",
        "def later():\n    import fsspec",
        "%%bash\nimport this",
        "%%time\n%%track fast\nimport msgspec.json",
        "%pip install yaml\nimport yaml",
        "import bs4",
    )
    path = workspace.root / "n.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells.insert(0, nbformat.v4.new_markdown_cell("import markdown"))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    (workspace.root / "n.py").write_text("# %%\nimport zmq\n# %%\nif x:\n    import yaml\n")
    ours = "nbops.ipython.job"
    for name, expected in {
        "n.ipynb": [ours, "msgspec.json", "zmq", "zmq.backend"],
        "n.py": [ours, "zmq"],
        "gone.ipynb": [ours],
        "helper.py": [ours],
    }.items():
        notebook = {"NBOPS_NOTEBOOK": str(workspace.root / name)}
        assert modules_to_import(notebook, workspace.root) == expected
    path.write_text('{"cells": 1}')
    assert modules_to_import({"NBOPS_NOTEBOOK": str(path)}, workspace.root) == [ours]


def test_a_parent_serves_those_who_have_all_in_common_that_is_inherited():
    python, modules = [sys.executable], ["numpy"]
    key = key_of(python, {"OMP_NUM_THREADS": "1", "JPY_PARENT_PID": "1"}, modules)
    assert key == key_of(python, {"OMP_NUM_THREADS": "1", "JPY_PARENT_PID": "2"}, modules)
    others = [
        key_of(python, {"OMP_NUM_THREADS": "2"}, modules),
        key_of([*python, "-O"], {"OMP_NUM_THREADS": "1"}, modules),
        key_of(python, {"OMP_NUM_THREADS": "1"}, ["pandas"]),
    ]
    before = os.umask(0o007)
    try:
        others.append(key_of(python, {"OMP_NUM_THREADS": "1"}, modules))
    finally:
        os.umask(before)
    assert len({key, *others}) == 5


@pytest.mark.parametrize(
    ("command", "options", "reason"),
    [
        (["ir", "-f", "x"], {}, "its command is another one than ipykernel's"),
        (["/usr/bin/other"], {}, "its Python is /usr/bin/other"),
        ([sys.executable, "-E"], {}, "its Python has the options -E"),
        ([sys.executable], {"preexec_fn": print}, "it is started with preexec_fn"),
        ([sys.executable], {"stdout": subprocess.PIPE}, "its streams are pipes"),
        ([sys.executable], {"env": {"PYTHONPATH": "lib"}}, "PYTHONPATH depends on its folder"),
        ([sys.executable, "-Xfrozen_modules=off"], {"env": {"PYTHONPATH": "/lib"}}, None),
    ],
)
def test_a_kernel_says_why_it_is_not_forked(
    command: list[str], options: dict[str, Any], reason: str | None
):
    tail = [] if command[0] == "ir" else ["-m", "ipykernel_launcher", "-f", "connection.json"]
    assert why_cold([*command, *tail], options) == reason
