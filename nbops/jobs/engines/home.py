"""The machine that sends jobs: what it orders, what it takes back, and that it is shipped once.

A parcel is taken whole: files are believed by their digest, nothing is written outside of the project, and a
session appears among the others at once. What never arrives was never recorded.
"""

import contextlib
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError, NotebookFailed, UsageError
from nbops.jobs.engines.baggage import Needs, Packer
from nbops.jobs.engines.errand import Order, Parcel, Surety
from nbops.jobs.expected import read_installed
from nbops.jobs.parameters import read_notebook
from nbops.jobs.plan import RunOptions
from nbops.jobs.run import JobResult
from nbops.journal.moved import write_moved
from nbops.recording.destination import choose_destination, remember_access
from nbops.store import Store
from nbops.store.shared import SharedStore
from nbops.tracking.arrivals import Arrivals
from nbops.workspace import Workspace, find_workspace
from nbops.writing import write_whole


class Home:
    """A project whose jobs run elsewhere.

    Parameters
    ----------
    notebook
        One of the project's.

    Raises
    ------
    UsageError
        It lies elsewhere.
    """

    def __init__(self, notebook: Path) -> None:
        self.workspace: Workspace = find_workspace(notebook)
        if not notebook.is_relative_to(self.workspace.root):
            raise UsageError(
                f"{notebook} does not lie in the project {self.workspace.root}, so it cannot travel.",
                "Unset NBOPS_WORKSPACE, or put it there.",
            )
        self.workspace.prepare()
        self.packer = Packer(self.workspace)
        self._arrivals = Arrivals(self.workspace)
        self._installed: dict[str, tuple[dict[str, str], str]] = {}
        token = secrets.token_hex(16)
        self._probe = self.workspace.state / f"probe-{token[:8]}"
        write_whole(self._probe, token.encode())
        self._surety = Surety(str(self.workspace.root), str(self._probe), token)

    def surety(self, notebooks: tuple[Path, ...]) -> Surety:
        """What machines must have in common with this one to run these notebooks.

        Raises
        ------
        UsageError
            A kernel is not installed here.
        """
        kernels = {}
        for kernel in {_kernel_of(notebook) for notebook in notebooks}:
            if kernel not in self._installed:
                self._installed[kernel] = read_installed({"kernelspec": {"name": kernel}})
            kernels[kernel] = self._installed[kernel]
        return replace(self._surety, kernels=kernels)

    def order(
        self, notebook: Path, parameters: Mapping[str, Any], options: RunOptions, session_id: str
    ) -> Order:
        """A job as another machine can run it."""
        settings = self.workspace.settings
        where = choose_destination(
            self.workspace, uri=None, experiment=options.experiment, notebook=str(notebook)
        )
        return Order(
            self.surety((notebook,)),
            notebook.relative_to(self.workspace.root).as_posix(),
            _kernel_of(notebook),
            dict(parameters),
            replace(options, experiment=where.experiment, listener=None),
            session_id,
            remember_access(self.workspace, where.uri),
            settings.keep_data * 1_000_000,
            settings.store,
        )

    def needs(self, notebook: Path, parameters: Mapping[str, Any], options: RunOptions) -> Needs:
        return self.packer.needs(notebook, parameters.values(), options.needs)

    def take(self, parcel: Parcel) -> JobResult:
        """Take what came of a job: its record lies among the others then, its files in their places.

        Raises
        ------
        NbopsError
            What went wrong there, or the parcel is not what it should be.
        """
        for (folder, digest), data in parcel.kept.items():
            self._keep(folder, digest, data)
        for name, data in parcel.written.items():
            target = self._inside(self.workspace.root, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, data)
        for name, digest in parcel.shared.items():
            self._fetch(name, digest)
        for name, data in parcel.record.items():
            if name.startswith("executed/"):
                target = self._inside(self.workspace.state, name)
                target.parent.mkdir(mode=0o700, exist_ok=True)
                write_whole(target, data)
        names = [name.split("/")[1] for name in parcel.record if name.startswith("sessions/")]
        for session_id in dict.fromkeys(names):
            self._take_session(session_id, parcel)
        if isinstance(parcel.result, NbopsError):
            raise parcel.result
        output = self.workspace.state / "executed" / parcel.result.output.name
        error = parcel.result.error
        if error is not None:
            error = error.replace(parcel.there, str(self.workspace.root))
        return replace(parcel.result, workspace=self.workspace, output=output, error=error)

    def close(self) -> str | None:
        """Ship what is not shipped yet; returns what is left."""
        self._probe.unlink(missing_ok=True)
        return self._arrivals.finish()

    def _take_session(self, session_id: str, parcel: Parcel) -> None:
        target = self._inside(self.workspace.sessions, session_id)
        if target.exists():  # it came before
            return
        prefix = f"sessions/{session_id}/"
        part = self.workspace.state / "arriving" / f"{session_id}-{secrets.token_hex(4)}"
        part.mkdir(mode=0o700, parents=True)
        try:
            for name, data in parcel.record.items():
                inner = name.removeprefix(prefix)
                if inner == name or inner.startswith("lease"):
                    continue
                path = self._inside(part, inner)
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_whole(path, data)
            write_moved(part, Path(parcel.there), self.workspace.root)
            lease = self._arrivals.claim(session_id)
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        self._arrivals.ship(session_id, lease)

    def _keep(self, folder: str, digest: str, data: bytes) -> None:
        place = {"store": self.workspace.store, "data": self.workspace.kept_data}[folder]
        place.mkdir(mode=0o700, exist_ok=True)
        if Store(place).put_bytes(data) != digest:
            raise NotebookFailed(f"A file of the record was damaged on its way: {digest}.")

    def _fetch(self, name: str, digest: str) -> None:
        target = self._inside(self.workspace.root, name)
        store = self.workspace.settings.store
        target.parent.mkdir(parents=True, exist_ok=True)
        if store is None or not SharedStore(store).fetch(digest, target):
            raise NotebookFailed(
                f"{name} was written, and is not in the shared store as it is seen from here.",
                "Is store in [tool.nbops] the same place for all machines?",
            )

    def _inside(self, folder: Path, name: str) -> Path:
        """A place below a folder.

        Raises
        ------
        NotebookFailed
            It would lie elsewhere.
        """
        root = folder.resolve()
        path = (root / name).resolve()
        is_ours = folder != self.workspace.root or ".nbops" not in Path(name).parts
        if not path.is_relative_to(root) or path == root or not is_ours:
            raise NotebookFailed(f"A worker wants to write {name!r}, which is not of the project.")
        return path


def _kernel_of(notebook: Path) -> str:
    spec = read_notebook(notebook).metadata.get("kernelspec", {})
    return str(spec.get("name") or "python3")


def _write(target: Path, data: bytes) -> None:
    """Put a file of the user's in its place, as readable as the user's files are."""
    mode = 0o666
    with contextlib.suppress(OSError):
        mode = target.stat().st_mode & 0o777
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(data)
        if mode != 0o666:
            part.chmod(mode)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
