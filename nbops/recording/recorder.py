"""One session of this process, from start to stop."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

import msgspec

from nbops.capture.code.skipping import find_skip_reason
from nbops.capture.data.audit import watch_with
from nbops.capture.data.beacon import Beacon
from nbops.capture.data.watch import DataWatch
from nbops.capture.environment.imports import LoadedModules
from nbops.capture.environment.machine import (
    bytes_read,
    implementation_name,
    memory_now,
    most_memory_so_far,
    platform_name,
    python_version,
    this_process,
    user_name,
)
from nbops.capture.environment.packages import package_folders, stamp_environment
from nbops.capture.libraries.readers import watch_readers
from nbops.capture.secrets.privacy import PRIVATE, names_private_column
from nbops.capture.secrets.redaction import redact
from nbops.errors import NbopsError, UsageError
from nbops.journal import facts
from nbops.journal.reader import JOURNAL
from nbops.journal.writer import Journal
from nbops.recording.background import summon
from nbops.recording.beat import Beat
from nbops.recording.destination import (
    Destination,
    MlflowMirror,
    remember_access,
)
from nbops.recording.family import leave_card, take_card_back
from nbops.recording.logbook import Logbook, open_block
from nbops.recording.outputs import CellOutputs
from nbops.recording.scalars import as_scalar
from nbops.recording.words import make_id, make_name
from nbops.records import FORMAT, CellError, Number, SessionKind
from nbops.store import Store
from nbops.workspace import Workspace

_LOOK_FOR_BACKGROUND_S = 30.0
_TOO_SHORT_TO_GROW_S = 0.001
"""Pages come at up to 10 GB/s: a cell that ended sooner has what was there before, within 10 MB."""

_SAME_PACKAGES_S = 0.05
"""So long the stamp of the packages holds: who installs one takes longer."""

_TOO_SHORT_TO_READ_S = 0.005
"""A cell that ended sooner has read 50 MB at most."""


@dataclass(frozen=True)
class Plan:
    """What a session is about, as the one who starts it knows it."""

    kind: SessionKind = "interactive"
    experiment: str | None = None
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    uri: str | None = None
    notebook: str | None = None  # absolute path
    kernel_id: str | None = None
    session_id: str | None = None  # given by a headless driver, which ships itself
    is_driven: bool = False


class OpenCell(msgspec.Struct, kw_only=True):
    """A cell that is running."""

    id: str
    seq: int
    source: str
    cell_id: str | None
    mark: facts.Mark | None
    started: float
    cpu_started: float
    rss_peak: int
    most_memory_before: int
    warnings: list[str] = []
    mlflow_runs: int = 0
    skipped: str | None = None


class Recorder(Logbook):
    """Writes down what happens in this process; opened and reached through `nbops.recording.current`."""

    def __init__(self, workspace: Workspace, plan: Plan, destination: Destination) -> None:
        self.workspace = workspace
        self.plan = plan
        self.destination = destination
        self.id = plan.session_id or make_id()
        self.name = redact(plan.name) if plan.name else make_name()
        self.experiment = destination.experiment
        self.is_paused = False
        self.folder = workspace.sessions / self.id
        self.folder.mkdir(mode=0o700)
        self.journal = Journal(self.folder / JOURNAL)
        self.store = Store(workspace.store)
        self.open_cell: OpenCell | None = None
        self._cell_run: str | None = None
        self._rss = memory_now()  # bytes, when the last cell ended
        self._most_memory = 0  # bytes, by
        self._most_memory_at = 0.0
        self.mlflow = MlflowMirror(destination)
        self._read = 0  # bytes, by when a cell that took a while ended last
        self._seq = 0
        self._folders = package_folders(sys.path)
        self._stamp = ""
        self._stamped_at = 0.0
        self._beacon = Beacon(self.id)
        self._beacon.make()
        self._watch = DataWatch(workspace, self.folder, self._beacon)
        self._watch.open_run = open_block.get
        self._loaded = LoadedModules()
        self._missed = 0  # accesses to files whose capture failed
        self._beat = Beat(self.flush)
        self._flushing = threading.Lock()
        self._served_at = time.monotonic()
        self.unserved: str | None = None
        """Why nobody carries records on to MLflow; None when somebody does."""
        self._pid = os.getpid()
        self.outputs: CellOutputs | None = None  # None: nobody sees them
        self.append(self._first_fact())

    def _first_fact(self) -> facts.SessionStarted:
        process = this_process()
        notebook = self.plan.notebook
        return facts.SessionStarted(
            format=FORMAT,
            session=self.id,
            kind=self.plan.kind,
            name=self.name,
            experiment=self.experiment,
            notebook=self.workspace.name_of(notebook) if notebook else None,
            kernel_id=self.plan.kernel_id,
            user=user_name(),
            host=process.host,
            boot_id=process.boot_id,
            pid_namespace=process.pid_namespace,
            pid=process.pid,
            pid_started=process.pid_started,
            at=time.time(),
            nbops=_version(),
            executable=sys.executable,
            sys_path=list(sys.path),
            environment_stamp=stamp_environment(self._folders),
            python=python_version(),
            implementation=implementation_name(),
            platform=platform_name(),
            cwd=str(Path.cwd()),
            workspace=str(self.workspace.root),
            tracking_uri=remember_access(self.workspace, self.destination.uri),
            tags={key: str(as_scalar(key, value)) for key, value in self.plan.tags.items()},
            params={key: as_scalar(key, value) for key, value in self.plan.params.items()},
        )

    def append(self, fact: facts.Fact) -> None:
        self.journal.append(fact)

    @property
    def problem(self) -> str | None:
        """Why nothing can be written at the moment; it waits in memory."""
        return self.journal.problem

    @property
    def lost(self) -> int:
        """Facts that wait in memory, or are lost since it ended."""
        return self.journal.waiting

    # ---- cells ------------------------------------------------------------------------------------

    def begin_cell(
        self,
        source: str,
        *,
        cell_id: str | None = None,
        execution_count: int | None = None,
        mark: facts.Mark | None = None,
        skipped: str | None = None,
    ) -> OpenCell:
        """Write down that a cell starts, before it does.

        Parameters
        ----------
        skipped
            Why nothing else is written down of it, but how it ends and what is logged by hand.
        """
        seq, self._seq = self._seq, self._seq + 1
        started = time.perf_counter()
        if started - self._most_memory_at > _TOO_SHORT_TO_GROW_S:
            self._most_memory, self._most_memory_at = most_memory_so_far(), started
        if started - self._stamped_at > _SAME_PACKAGES_S:
            self._stamp, self._stamped_at = stamp_environment(self._folders), started
        cell = OpenCell(
            id=f"{self.id}.{seq}",
            seq=seq,
            source=source,
            cell_id=cell_id,
            mark=mark,
            started=started,
            cpu_started=time.process_time(),
            rss_peak=self._rss,
            most_memory_before=self._most_memory,
            skipped=skipped,
        )
        self.append(
            facts.CellStarted(
                cell_run=cell.id,
                seq=seq,
                cell_id=cell_id,
                execution_count=execution_count,
                source="" if skipped else redact(source),
                at=time.time(),
                environment_stamp=self._stamp,
                mark=mark,
                mlflow_run_id=self.mlflow.active_run_id(),
                skipped=skipped,
            )
        )
        self.open_cell = cell
        self._cell_run = cell.id
        if skipped:
            self._watch.rest()
            return cell
        if self.outputs is not None:
            with contextlib.suppress(Exception):  # then none are seen, and the end says so
                self.outputs.begin_cell(cell.id)
        self._beacon.begin(seq)  # before the audit hook listens to renames
        self._watch.begin_cell(source)
        self._beat.begin()
        return cell

    def end_cell(
        self,
        cell: OpenCell,
        *,
        status: str,
        error: CellError | None = None,
        params: Mapping[str, Any] | None = None,
        result: Number | dict[str, Number] | None = None,
    ) -> None:
        """Write down how a cell ended, with all that it read and wrote."""
        ended = time.perf_counter()
        duration, cpu = ended - cell.started, time.process_time() - cell.cpu_started
        self._watch.end_cell()
        if not cell.skipped:  # else the sign is that of the cell before
            self._beacon.end(cell.seq)
        self._beat.end()
        if self.is_paused:
            self._watch.rest()
        try:
            self.flush(at_end=True)
        except Exception as failure:  # noqa: BLE001 - what was seen may be lost; that it ended may not
            cell.warnings.append(f"what it read and wrote was not recorded: {failure}")
        if self._watch.failures > self._missed:
            missed = self._watch.failures - self._missed
            cell.warnings.append(f"{missed} accesses to files could not be recorded")
            self._missed = self._watch.failures
        has_outputs = self._end_outputs(cell, error)
        if duration > _TOO_SHORT_TO_GROW_S:
            self._rss = memory_now()
            self._most_memory, self._most_memory_at = most_memory_so_far(), ended
        read_bytes = self._read_bytes() if duration > _TOO_SHORT_TO_READ_S else None
        self.append(
            facts.CellEnded(
                cell_run=cell.id,
                status=status,
                at=time.time(),
                duration_s=duration,
                cpu_s=cpu,
                peak_memory_bytes=self._most_memory
                if self._most_memory > cell.most_memory_before
                else max(self._rss, cell.rss_peak),
                read_bytes=read_bytes,
                error=_shown(error, cell) if error else None,
                params={key: as_scalar(key, value) for key, value in (params or {}).items()},
                result=result,
                tracking_uri=self._set_uri(),
                experiment_id=self.mlflow.experiment_id(),
                mlflow_run_id=self.mlflow.active_run_id(),
                outputs=[] if has_outputs is False else None,
                has_outputs=has_outputs or False,
                warnings=cell.warnings,
                imported=self._loaded.take_new(),
                uncredited=self._watch.take_uncredited(),
            )
        )
        self.open_cell = None
        self.look_for_background()

    def _read_bytes(self) -> int | None:
        """What was read since this was asked last, but for what is no data."""
        now = bytes_read()
        if now is None:
            return None
        excluded, self._watch.excluded_bytes = self._watch.excluded_bytes, 0
        before, self._read = self._read, now
        return None if self._watch.has_workers or not before else max(now - before - excluded, 0)

    def _end_outputs(self, cell: OpenCell, error: CellError | None) -> bool | None:
        """Whether the cell showed anything; None when that is not known."""
        if self.outputs is None or cell.skipped:
            return None
        try:
            return self.outputs.end_cell(error)
        except Exception as failure:  # noqa: BLE001 - its outputs may be lost; that it ended may not
            cell.warnings.append(f"what it showed was not recorded: {failure}")
            return None

    def flush(self, *, at_end: bool = False) -> None:
        """Hand over what was seen of the running cell so far."""
        cell = self.open_cell
        if cell is None or cell.skipped:
            return
        with self._flushing:
            for fact in self._watch.take(cell.id, at_end=at_end):
                self.append(fact)
        if not at_end:
            cell.rss_peak = max(cell.rss_peak, memory_now())

    def record_before(self, cells: list[tuple[int, str]]) -> None:
        """Write down cells `(execution_count, source)` that ran before tracking began."""
        for count, source in cells:
            seq, self._seq = self._seq, self._seq + 1
            skipped = find_skip_reason(source)
            self.append(
                facts.CellBefore(
                    cell_run=f"{self.id}.{seq}",
                    seq=seq,
                    execution_count=count,
                    source="" if skipped else redact(source),
                    skipped=skipped,
                )
            )

    def warn(self, text: str) -> bool:
        """Note a problem of the running cell; False when it was noted before."""
        cell = self.open_cell
        if cell is None or text in cell.warnings:
            return cell is None
        cell.warnings.append(text)
        return True

    @property
    def cell_run(self) -> str | None:
        """The running cell; between cells, for threads that go on, the last one."""
        return self._cell_run

    def mlflow_run_started(self) -> None:
        if self.open_cell:
            self.open_cell.mlflow_runs += 1
        super().mlflow_run_started()

    def log_data(self, seen: facts.Seen) -> None:
        if self.open_cell is not None and self.open_cell.skipped:
            raise UsageError(f"Of this cell no data is recorded: it is {self.open_cell.skipped}.")
        super().log_data(seen)

    @property
    def notebook(self) -> str | None:
        return self.workspace.name_of(self.plan.notebook) if self.plan.notebook else None

    # ---- its life -----------------------------------------------------------------------------------

    def adopt(self, plan: Plan) -> None:
        """Take over experiment, name and tags of a second `start`."""
        name = redact(plan.name) if plan.name else None
        self.name = name or self.name
        tags = {key: str(as_scalar(key, value)) for key, value in plan.tags.items()}
        experiment = plan.experiment if plan.experiment != self.experiment else None
        if experiment:
            self.experiment = experiment
            self.leave_card()
        if name or tags or experiment:
            self.append(facts.Adopted(name=name, experiment=experiment, tags=tags))

    def pause(self) -> None:
        if not self.is_paused:
            self.is_paused = True
            self._watch.rest()
            self.append(facts.Paused(at=time.time()))

    def resume(self) -> None:
        if self.is_paused:
            self.is_paused = False
            self.append(facts.Resumed(at=time.time()))

    def end(self, reason: str, status: str = "finished") -> None:
        if self.open_cell is not None:  # the cell that says stop ends here, for the record
            self.end_cell(self.open_cell, status="ok")
        self._beat.stop()
        take_card_back()
        self._beacon.remove()
        self._take_what_is_late()
        if self.outputs is not None:
            self.outputs.close()
        self.append(
            facts.SessionEnded(
                at=time.time(),
                reason=reason,
                status=status,
                uncredited=self._watch.take_uncredited(),
                removed=self._watch.find_removed(),
            )
        )
        self.journal.close()
        self.mlflow.release()

    def leave_card(self) -> None:
        """Let scripts that cells start find this session."""
        uri = redact(self.destination.uri)
        leave_card(self.id, self.name, self.experiment, uri, self.workspace)

    def _take_what_is_late(self) -> None:
        """Take over what processes had to tell after the cell that started them was over."""
        if self._cell_run is None:
            return
        with contextlib.suppress(Exception):
            for fact in self._watch.take(self._cell_run, at_end=True):
                self.append(fact)

    def watch(self) -> None:
        """Make this the session that data reads of this process are credited to."""
        watch_with(self._watch)
        watch_readers()

    def look_for_background(self, *, now: bool = False) -> None:
        """Make sure, every half minute at most, that someone carries the records on."""
        clock = time.monotonic()
        if self.plan.is_driven or (not now and clock - self._served_at < _LOOK_FOR_BACKGROUND_S):
            return
        self._served_at = clock
        try:  # else records wait; `nbops sync` carries them
            summon(self.workspace)
        except (OSError, ValueError, NbopsError, SubprocessError) as error:
            self.unserved = str(error)
        else:
            self.unserved = None

    def _set_uri(self) -> str | None:
        uri = self.mlflow.tracking_uri()
        return remember_access(self.workspace, uri) if uri else None


def _shown(error: CellError, cell: OpenCell) -> CellError:
    """An error as the record may hold it."""
    if cell.skipped:
        return CellError(name=error.name, message="")
    if names_private_column(error.message):
        return CellError(name=error.name, message=PRIVATE)
    return error


def _version() -> str:
    from nbops import __version__

    return __version__
