"""What runs on the other machine: a job for a project that lies elsewhere.

Engines that have other machines call `run_errand` there with an `Order`, and hand what it returns to `Home`. Where
the project's folder can be seen, the job runs in it; else in a copy of what it needs, which is gone afterwards.
Either way its record lies apart, and goes home with what the job wrote. Nothing here talks to MLflow.
"""

import contextlib
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nbops.capture.environment.machine import this_process
from nbops.digests import digest_bytes, digest_file
from nbops.errors import NbopsError, NotebookFailed, StoreUnreachable, UsageError
from nbops.jobs.engines.baggage import Baggage
from nbops.jobs.expected import find_missing, read_installed
from nbops.jobs.plan import Errand, RunOptions
from nbops.jobs.run import JobResult
from nbops.jobs.worker import JobProcess
from nbops.store.shared import SharedStore
from nbops.workspace import FOLDER, Workspace

_LOOK_EVERY_S = 1.0
_SHOWN = 3
_NO_OUTPUTS = (FOLDER, ".git", "__pycache__", ".ipynb_checkpoints")


@dataclass(frozen=True)
class Surety:
    """What another machine must have in common with the one that sends jobs.

    Parameters
    ----------
    probe, token
        A file of the project, and what only a machine finds in it that sees the same folder.
    kernels
        Packages and Python that kernels have at home, by the notebook's kernel.
    """

    root: str
    probe: str
    token: str
    kernels: Mapping[str, tuple[dict[str, str], str]] = field(default_factory=dict)

    @property
    def is_shared(self) -> bool:
        """Whether this machine sees the project's folder, and may write there."""
        try:
            is_same = Path(self.probe).read_text() == self.token
        except (OSError, UnicodeDecodeError):
            return False
        return is_same and os.access(self.root, os.W_OK)


@dataclass(frozen=True)
class Sight:
    """What a machine says of itself.

    Parameters
    ----------
    machine
        The same for all processes that share its memory.
    problem
        How its environment differs from that at home; empty when it does not.
    missing
        Files that it should have, and has not.
    """

    machine: str
    is_shared: bool
    problem: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """A job for another machine.

    Parameters
    ----------
    notebook
        Its path in the project.
    store
        URL of the store that the team shares.
    """

    surety: Surety
    notebook: str
    kernel: str
    parameters: Mapping[str, Any] = field(repr=False)  # Dask writes what fails into its log
    options: RunOptions = field(repr=False)
    session_id: str
    tracking_uri: str
    large_bytes: int
    store: str | None = None


@dataclass(frozen=True)
class Parcel:
    """What comes of a job: its end, its record, what it wrote.

    Parameters
    ----------
    there
        The project's folder where it ran.
    record
        Files of its sessions and executed notebooks, by their path in `.nbops`.
    kept
        Outputs and copies of data, by the folder of `.nbops` and digest.
    written
        Files of the project that are new or changed, where that is not shared.
    shared
        Digests of those that lie in the shared store.
    problems
        What could not be packed, a sentence each.
    """

    result: JobResult | NbopsError
    there: str = ""
    record: Mapping[str, bytes] = field(default_factory=dict)
    kept: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    written: Mapping[str, bytes] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


_lock = threading.Lock()
_idle: list[JobProcess] = []
_running: dict[str, JobProcess] = {}
_ended: set[str] = set()
"""Sessions whose records are being packed, or on their way home."""
_installed: dict[str, tuple[dict[str, str], str]] = {}


def look(surety: Surety, paths: tuple[str, ...] = ()) -> Sight:
    """Tell whether jobs can run on this machine."""
    here = this_process()
    machine = f"{here.host} {here.boot_id} {here.pid_namespace}"
    missing = tuple(path for path in paths if not os.path.exists(path))
    return Sight(machine, surety.is_shared, _difference(surety), missing)


def run_errand(
    order: Order, baggage: Baggage | None, place: str, is_wanted: Callable[[], bool]
) -> Parcel:
    """Run a job, and pack what comes of it; what goes wrong is in the parcel.

    Parameters
    ----------
    place
        A folder of this machine for what is there for the time of the job.
    is_wanted
        Asked every second whether anybody still waits for it; else it is ended.
    """
    try:
        if problem := _difference(order.surety):
            raise UsageError(
                f"The environment of {socket.gethostname()} differs: {problem}.",
                "Start its workers in the same environment.",
            )
        base = Path(tempfile.mkdtemp(prefix="nbops-", dir=place))
    except NbopsError as error:
        return Parcel(error)
    except OSError as error:
        return Parcel(
            NotebookFailed(f"{place} cannot be written on {socket.gethostname()}: {error}")
        )
    try:
        if order.surety.is_shared:
            return _run_in(Path(order.surety.root), base, order, None, is_wanted)
        if baggage is None:
            told = f"{socket.gethostname()} does not see {order.surety.root} any more."
            return Parcel(NotebookFailed(told))
        root = base.resolve() / "project"
        _unpack(baggage, root, order.store)
        return _run_in(root, base, order, baggage, is_wanted)
    except (NbopsError, OSError) as error:
        if not isinstance(error, NbopsError):
            error = NotebookFailed(f"{socket.gethostname()}: {error}")
        return Parcel(error)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def interrupt_errand(session_id: str) -> bool:
    """End a job as Ctrl-C does; False when it has not begun here. What is over is left to come home."""
    with _lock:
        process = _running.get(session_id)
        has_ended = session_id in _ended
    if process is not None:
        process.interrupt()
    return process is not None or has_ended


def free_memory() -> int:
    """Bytes that jobs may take on this machine."""
    from nbops.jobs.memory import available_bytes

    return available_bytes()


def _difference(surety: Surety) -> str:
    """How this machine's environment differs, in a few words."""
    differ: list[str] = []
    for kernel, (packages, python) in surety.kernels.items():
        if kernel not in _installed:
            try:
                _installed[kernel] = read_installed({"kernelspec": {"name": kernel}})
            except NbopsError as error:
                differ.append(error.message.rstrip("."))
                continue
        differ += find_missing(packages, python, _installed[kernel])
    more = f" and {len(differ) - _SHOWN} more" if len(differ) > _SHOWN else ""
    return "; ".join(differ[:_SHOWN]) + more


def _unpack(baggage: Baggage, root: Path, store: str | None) -> None:
    for name, data in baggage.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name, digest in baggage.shared.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if store is None or not SharedStore(store).fetch(digest, path):
            raise NotebookFailed(
                f"{name} is not in the shared store, as {socket.gethostname()} sees it.",
                "Is store in [tool.nbops] the same place for all machines?",
            )


def _run_in(
    root: Path,
    base: Path,
    order: Order,
    baggage: Baggage | None,
    is_wanted: Callable[[], bool],
) -> Parcel:
    workspace = Workspace(root, base.resolve() / "state")
    options = replace(
        order.options, errand=Errand(root, workspace.state, order.tracking_uri), needs=()
    )
    if options.workdir is not None:
        options = replace(options, workdir=_moved(options.workdir, order.surety.root, root))
    result: JobResult | NbopsError
    with _process(order.session_id, is_wanted) as process:
        try:
            result = process.run(root / order.notebook, order.parameters, options, order.session_id)
        except NbopsError as error:
            result = error
    try:
        return _pack(result, workspace, order, baggage)
    finally:
        shutil.rmtree(workspace.index.parent, ignore_errors=True)


@contextmanager
def _process(session_id: str, is_wanted: Callable[[], bool]) -> Iterator[JobProcess]:
    """A process that runs a job; it serves the next one, too."""
    with _lock:
        process = _idle.pop() if _idle else JobProcess()
        _running[session_id] = process
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_EVERY_S):
            if not is_wanted():
                process.interrupt()
                over.wait(10.0)

    watching = threading.Thread(target=watch, name="nbops-wanted", daemon=True)
    watching.start()
    try:
        yield process
    finally:
        over.set()
        with _lock:
            del _running[session_id]
            _ended.add(session_id)
            _idle.append(process)


def _moved(path: Path, there: str, here: Path) -> Path:
    with contextlib.suppress(ValueError):
        return here / path.relative_to(there)
    return path


def _pack(
    result: JobResult | NbopsError, workspace: Workspace, order: Order, baggage: Baggage | None
) -> Parcel:
    record, kept = {}, {}
    for name in ("sessions", "executed"):
        for path in _files(workspace.state / name):
            record[path.relative_to(workspace.state).as_posix()] = path.read_bytes()
    known = {digest_bytes(data) for data in baggage.files.values()} if baggage else set()
    for folder in (workspace.store, workspace.kept_data):
        for path in _files(folder):
            digest = f"file1:{path.parent.name}{path.name}"
            if folder == workspace.store or digest not in known:
                kept[folder.name, digest] = path.read_bytes()
    parcel = Parcel(result, str(workspace.root), record, kept)
    return parcel if baggage is None else _with_outputs(parcel, workspace.root, order, baggage)


def _with_outputs(parcel: Parcel, root: Path, order: Order, baggage: Baggage) -> Parcel:
    """Add what is new in the copy, or changed, but for the notebook itself."""
    came = {name: digest_bytes(data) for name, data in baggage.files.items()} | dict(baggage.shared)
    written: dict[str, bytes] = {}
    shared: dict[str, str] = {}
    problems: list[str] = []
    for path in _files(root):
        name = path.relative_to(root).as_posix()
        if name == order.notebook or any(part in _NO_OUTPUTS for part in Path(name).parts):
            continue
        try:
            digest = digest_file(path)
            if came.get(name) == digest:
                continue
            if path.stat().st_size > order.large_bytes and _share(path, digest, order.store):
                shared[name] = digest
            else:
                written[name] = path.read_bytes()
        except FileNotFoundError:  # a temporary one, of what goes on
            continue
        except OSError as error:
            problems.append(f"{name} cannot be read on {socket.gethostname()}: {error.strerror}.")
    return replace(parcel, written=written, shared=shared, problems=tuple(problems))


def _share(path: Path, digest: str, store: str | None) -> bool:
    """Bring a file into the shared store; False where there is none, or it is away: then it travels."""
    if store is None:
        return False
    try:
        SharedStore(store).put(path, digest)
    except StoreUnreachable:
        return False
    return True


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path
