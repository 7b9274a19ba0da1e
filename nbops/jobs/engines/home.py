"""The machine that sends jobs: what it orders, what it takes back, and that it is shipped once.

Files are believed by their digest, nothing is written outside of the project, and a session appears among the
others at once, before what its job wrote is put in its place: whatever keeps a file from it, the record is here.
What never arrives was never recorded.
"""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError, NotebookFailed, StoreUnreachable, UsageError
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
            What went wrong there, or the parcel is not what it should be, or a file cannot be put in its
            place. All else is taken.
        """
        problems = list(parcel.problems)
        # The record needs what is kept once it is shipped.
        for (folder, digest), data in parcel.kept.items():
            self._keep(folder, digest, data, problems)
        self._take_record(parcel)
        for name, data in parcel.written.items():
            self._put(name, data, problems)
        for name, digest in parcel.shared.items():
            self._fetch(name, digest, problems)
        if isinstance(parcel.result, NbopsError):
            raise parcel.result
        if problems:
            more = f" And {len(problems) - 1} more such." if len(problems) > 1 else ""
            raise NotebookFailed(problems[0] + more)
        output = self.workspace.state / "executed" / parcel.result.output.name
        error = parcel.result.error
        if error is not None:
            error = error.replace(parcel.there, str(self.workspace.root))
        return replace(parcel.result, workspace=self.workspace, output=output, error=error)

    def close(self) -> str | None:
        """Ship what is not shipped yet; returns what is left."""
        self._probe.unlink(missing_ok=True)
        return self._arrivals.finish()

    def _take_record(self, parcel: Parcel) -> None:
        for name, data in parcel.record.items():
            if name.startswith("executed/"):
                target = self._inside(self.workspace.state, name)
                target.parent.mkdir(mode=0o700, exist_ok=True)
                write_whole(target, data)
        names = [name.split("/")[1] for name in parcel.record if name.startswith("sessions/")]
        for session_id in dict.fromkeys(names):
            self._take_session(session_id, parcel)

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

    def _keep(self, folder: str, digest: str, data: bytes, problems: list[str]) -> None:
        place = {"store": self.workspace.store, "data": self.workspace.kept_data}[folder]
        place.mkdir(mode=0o700, exist_ok=True)
        if Store(place).put_bytes(data) != digest:
            problems.append(f"A file of the record was damaged on its way: {digest}.")

    def _put(self, name: str, data: bytes, problems: list[str]) -> None:
        """Put what a job wrote in its place; where that cannot be, beside the record."""
        try:
            with _made(self._inside(self.workspace.root, name)) as part:
                part.write_bytes(data)
        except OSError as error:
            aside = self.workspace.state / "unplaced" / f"{secrets.token_hex(4)}-{Path(name).name}"
            aside.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(aside, data)
            problems.append(
                f"{name} cannot be put in its place ({error.strerror}): it lies in {aside}."
            )
        except NotebookFailed as error:
            problems.append(str(error))

    def _fetch(self, name: str, digest: str, problems: list[str]) -> None:
        try:
            with _made(self._inside(self.workspace.root, name)) as part:
                _fetch_shared(self.workspace.settings.store, digest, part)
        except OSError as error:
            problems.append(
                f"{name} cannot be put in its place ({error.strerror}): it lies in the shared store."
            )
        except StoreUnreachable as error:
            problems.append(f"{name} is not fetched yet. {error}")
        except NotebookFailed as error:
            problems.append(f"{name} was written. {error}")

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


def _fetch_shared(store: str | None, digest: str, target: Path) -> None:
    if store is None or not SharedStore(store).fetch(digest, target):
        raise NotebookFailed(
            "It is not in the shared store as it is seen from here.",
            "Is store in [tool.nbops] the same place for all machines?",
        )


@contextmanager
def _made(target: Path) -> Iterator[Path]:
    """Where to make a file of the user's, which is put in its place then, as readable as the user's files are."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        part.touch()
        mode = (target if target.is_file() else part).stat().st_mode & 0o777
        yield part
        part.chmod(mode)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
