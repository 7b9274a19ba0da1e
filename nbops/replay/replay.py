"""Replays one session: feed it facts and findings in any order, ask it for records."""

from collections.abc import Iterable, Iterator
from functools import singledispatchmethod
from pathlib import Path, PurePath
from typing import Any

import msgspec

from nbops.journal import facts
from nbops.journal.reader import EDITS, FINDINGS, JOURNAL, Tail
from nbops.records import (
    CellRun,
    Document,
    Environment,
    FileRef,
    Run,
    RunStatus,
    Session,
    SessionStatus,
    Source,
    count_reads,
    instant,
)
from nbops.replay.composition import Composition, Scene, compose
from nbops.replay.drafts import SYSTEM, BlockDraft, CellDraft, Logged, Lookup
from nbops.replay.edits import apply_edits

REFUSED = "MLflow did not take"
"""How a session's problem begins that is an entry, or a run, which its store refused."""


class Replay:
    """One session's facts, and the records that follow from them.

    Findings may come before or after the facts that they are about. Runs are composed when they are
    asked for, and only when something changed that could change them.
    """

    def __init__(self) -> None:
        self.started: facts.SessionStarted | None = None
        self.lookup = Lookup()
        self.environments: dict[str, Environment] = {}
        self.source: Source | None = None
        self.imported: dict[str, list[str]] = {}  # packages by the cell run that brought them in
        self._altered: dict[str, dict[str, list[str]]] = {}  # by environment
        self.refused: dict[str, dict[str, str]] = {}  # by run: entry -> reason
        self.shipped: dict[str, str] = {}
        self.edits: dict[str, list[facts.Edited]] = {}  # by run
        self.changed_cells: set[str] = set()
        self.destination: tuple[str, str | None] | None = None  # tracking URI, experiment id
        self._blocks: dict[str, BlockDraft] = {}
        self._loose = Logged("")  # logged while no cell ran
        self._names: dict[str, facts.NamesFound] = {}
        self._pending: dict[str, list[Any]] = {}  # findings about cells that were not fed yet
        self._ended: facts.SessionEnded | None = None
        self._judged: facts.Judged | None = None
        self._adopted_name: str | None = None
        self._adopted_experiment: str | None = None
        self._tags: dict[str, str] = {}
        self._is_paused = False
        self._net_problem: str | None = None
        self.unread: tuple[str, ...] = ()  # what of the files could not be read
        self._gaps: list[str] = []
        self._erased_lines = 0
        self._composition: Composition | None = None

    def feed(self, fact: Any) -> None:
        self._composition = None
        self._take(fact)

    def feed_all(self, some: Iterable[Any]) -> None:
        for fact in some:
            self.feed(fact)

    # ---- records ------------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        return self.started is not None

    @property
    def status(self) -> SessionStatus:
        end = self._end
        return end.status if end else "running"  # type: ignore[return-value]

    @property
    def _end(self) -> facts.SessionEnded | facts.Judged | None:
        """How it ended; a judgement holds until its kernel is heard of again."""
        judged = self._judged
        if judged and judged.cells is not None and len(self.cells) > judged.cells:
            judged = None
        return self._ended or judged

    @property
    def cells(self) -> dict[str, CellDraft]:
        return self.lookup.cells

    @property
    def running_cell(self) -> CellDraft | None:
        return next((c for c in reversed(self.cells.values()) if c.status == "running"), None)

    @property
    def id(self) -> str:
        return self._start.session

    @property
    def _start(self) -> facts.SessionStarted:
        if self.started is None:
            raise LookupError("A session's first line was not read yet.")
        return self.started

    def composition(self) -> Composition:
        if self._composition is None:
            self._composition = self._compose()
        return self._composition

    def session(self) -> Session:
        start = self._start
        made = self.composition()
        end = self._end
        created = self.lookup.mlflow_run_of(start.session)
        environment = self.lookup.environment_of(start.environment_stamp)
        return Session(
            id=start.session,
            kind=start.kind,
            status=self.status,
            name=self._adopted_name or start.name,
            experiment=self.experiment,
            notebook=start.notebook,
            workdir=_workdir_of(start),
            kernel_id=start.kernel_id,
            user=start.user,
            host=start.host,
            started_at=instant(start.at),
            ended_at=instant(end.at) if end else None,
            params=start.params,
            tags={**start.tags, **self._tags, **made.session.tags},
            notes=tuple(made.session.notes),
            files=tuple(made.session.files.values()),
            removed=tuple(self._ended.removed) if self._ended else (),
            tracking_uri=start.tracking_uri,
            mlflow_run_id=created[0] if created else None,
            coverage=self._coverage(),
            net_problem=self._net_problem,
            environment=environment,
            source=self.source or Source(),
            is_tracking=end is None and not self._is_paused,
            problems=(*self.unread, *self._gaps, *self._erasures(), *self._refusals()),
        )

    @property
    def experiment(self) -> str:
        return self._adopted_experiment or (self._start.experiment if self._start else "")

    def run(self, run_id: str, *, full: bool = True) -> Run:
        """Record of a run; with only the last point of each metric unless `full`."""
        made = self.composition()
        run = made.runs[run_id].record(self.id, made.upstream[run_id], self.lookup, full=full)
        return apply_edits(run, self.edits.get(run_id, ()))

    def run_signature(self, run_id: str) -> tuple[object, ...]:
        """Changes whenever the run's record would."""
        made = self.composition()
        signature = made.runs[run_id].signature(made.upstream[run_id], self.lookup)
        return (*signature, len(self.edits.get(run_id, ())))

    def runs(self) -> Iterator[Run]:
        for run_id in self.composition().runs:
            yield self.run(run_id)

    def cell_run(self, cell_run_id: str, *, full: bool = True) -> CellRun:
        self.composition()
        return self.cells[cell_run_id].record(self.lookup, full=full)

    def cell_runs(self) -> Iterator[CellRun]:
        for cell_run_id in list(self.cells):
            yield self.cell_run(cell_run_id)

    def document(self, run_id: str | None = None) -> Document:
        """The whole session, or one run with all that it depends on."""
        session = self.session()
        shown: tuple[CellRun, ...] = ()
        if run_id is None:
            runs, cells = tuple(self.runs()), tuple(self.cell_runs())
        else:
            shown = self._shown(run_id)
            run = self.run(run_id)
            wanted = {*run.cell_run_ids, *run.depends_on, *run.imports_from}
            runs = (run,)
            cells = tuple(self.cell_run(key) for key in self.cells if key in wanted)
        used = dict.fromkeys([session.environment, *(cell.environment for cell in cells)])
        environments = {key: self.environments[key] for key in used if key in self.environments}
        return Document(
            session=session,
            environments=environments,
            runs=runs,
            cell_runs=cells,
            imported=self.imported_by(run_id),
            shown=shown,
        )

    def _shown(self, run_id: str) -> tuple[CellRun, ...]:
        """What cells that are in no run showed of this run's values, each as it ran last."""
        found = map(self.cell_run, self.composition().showing(run_id))
        return tuple({cell.cell_id or cell.id: cell for cell in found if cell.outputs}.values())

    def imported_by(self, run_id: str | None = None) -> tuple[str, ...]:
        """Packages that the process had imported when a run's last cell ended; or by now."""
        cells = self.composition().runs[run_id].cells if run_id is not None else ()
        until = max((cell.seq for cell in cells), default=None)
        found = (
            packages
            for cell_run, packages in self.imported.items()
            if cell_run in self.cells and (until is None or self.cells[cell_run].seq <= until)
        )
        return tuple(sorted({name for packages in found for name in packages}))

    def model_folder(self, run_id: str, model: str) -> str | None:
        """Folder, relative to the session's, that a run's model was saved to."""
        for logged in self.composition().runs[run_id].logged:
            if model in logged.model_folders:
                return logged.model_folders[model]
        return None

    # ---- inside -------------------------------------------------------------------------------------

    def _compose(self) -> Composition:
        start = self._start
        status: RunStatus = self.status
        end = self._end
        if end is not None:
            for cell in self.cells.values():
                if cell.status == "running":
                    cell.has_died = True
                    self._mark_changed(cell)
                if cell.has_lost_outputs != cell.awaits_outputs:
                    cell.has_lost_outputs = cell.awaits_outputs
                    self._mark_changed(cell)
        scene = Scene(
            id=start.session,
            name=self._adopted_name or start.name,
            is_job=start.kind == "job",
            started=start.at,
            ended=end.at if end else None,
            status=status,
            params=start.params,
            loose=self._loose,
            created=self.lookup.created,
        )
        before = {cell.id: _composed(cell) for cell in self.cells.values()}
        outside = [block for block in self._blocks.values() if block.cell_run is None]
        made = compose(scene, self.cells.values(), outside)
        for cell in self.cells.values():
            if before[cell.id] != _composed(cell):
                self._mark_changed(cell)
        return made

    def _erasures(self) -> Iterator[str]:
        if self._erased_lines:
            yield f"{self._erased_lines} lines of this record were erased on request"

    def _refusals(self) -> Iterator[str]:
        for run, entries in self.refused.items():
            for entry, reason in entries.items():
                yield f"{REFUSED} {entry!r} of run {run}: {reason}"

    def _coverage(self) -> dict[str, int]:
        counts = count_reads(
            (self.lookup.data_refs(cell.reads), cell.unexplained_bytes(self.lookup))
            for cell in self.cells.values()
        )
        ends = [self._ended, *(cell.ended for cell in self.cells.values())]
        if uncredited := sum(end.uncredited for end in ends if end):
            counts["uncredited"] = uncredited
        return counts

    def _cell(self, fact: Any) -> CellDraft | None:
        """Draft that a fact is about; a finding that came too early waits for it."""
        cell = self.cells.get(fact.cell_run)
        if cell is None:
            self._pending.setdefault(fact.cell_run, []).append(fact)
            return None
        self._mark_changed(cell)
        return cell

    def _mark_changed(self, cell: CellDraft) -> None:
        cell.version += 1
        self.changed_cells.add(cell.id)

    def _logged_by(self, fact: Any) -> Logged:
        cell = self.cells.get(fact.cell_run)
        if cell:
            self._mark_changed(cell)
        if fact.run in self._blocks:
            logged = self._blocks[fact.run].logged
        else:
            logged = cell.logged if cell else self._loose
        logged.version += 1
        return logged

    @singledispatchmethod
    def _take(self, _fact: Any) -> None:
        """Kinds without a rule below say nothing that a record shows."""

    @_take.register
    def _(self, fact: facts.SessionStarted) -> None:
        self.started = fact

    @_take.register
    def _(self, fact: facts.CellBefore) -> None:
        self.cells[fact.cell_run] = CellDraft(
            fact.cell_run,
            fact.seq,
            fact.source,
            execution_count=fact.execution_count,
            is_before=True,
            skipped=fact.skipped,
        )
        self._settle(fact.cell_run)

    @_take.register
    def _(self, fact: facts.CellStarted) -> None:
        self.cells[fact.cell_run] = CellDraft(
            fact.cell_run,
            fact.seq,
            fact.source,
            cell_id=fact.cell_id,
            execution_count=fact.execution_count,
            started=fact.at,
            stamp=fact.environment_stamp,
            mark=fact.mark,
            open_mlflow_run=fact.mlflow_run_id,
            skipped=fact.skipped,
        )
        self._settle(fact.cell_run)

    def _settle(self, cell_run: str) -> None:
        self.changed_cells.add(cell_run)
        for finding in self._pending.pop(cell_run, ()):
            self._take(finding)

    @_take.register
    def _(self, fact: facts.DataSeen) -> None:
        if cell := self._cell(fact):
            cell.reported_reads += fact.reads
            cell.reported_writes += fact.writes
            cell.listings |= dict.fromkeys(fact.listings)
            cell.modules |= {module.path: module for module in fact.modules}

    @_take.register
    def _(self, fact: facts.ProcessStarted) -> None:
        if fact.cell_run is not None and (cell := self._cell(fact)):
            cell.commands.append(fact.command)

    @_take.register
    def _(self, fact: facts.ScriptJoined) -> None:
        if cell := self._cell(fact):
            cell.joined.append(fact.script)

    @_take.register
    def _(self, fact: facts.Overwritten) -> None:
        self.lookup.overwritten.add((fact.uri, fact.stat))
        self._touch_readers(fact.uri)

    @_take.register
    def _(self, fact: facts.CellEnded) -> None:
        if cell := self._cell(fact):
            cell.ended = fact
            cell.open_mlflow_run = fact.mlflow_run_id or cell.open_mlflow_run
            if fact.tracking_uri or fact.experiment_id:
                uri = fact.tracking_uri or self._start.tracking_uri
                self.destination = (uri, fact.experiment_id)

    @_take.register
    def _(self, fact: facts.OutputsKept) -> None:
        if cell := self._cell(fact):
            cell.outputs = fact.outputs

    @_take.register
    def _(self, fact: facts.MlflowRunStarted) -> None:
        if fact.cell_run is not None and (cell := self._cell(fact)):
            cell.mlflow_runs_started += 1

    @_take.register
    def _(self, fact: facts.RunStarted) -> None:
        block = BlockDraft(
            fact.run, fact.name, fact.cell_run, fact.parent, fact.at, dict(fact.params)
        )
        self._blocks[fact.run] = block
        if fact.cell_run in self.cells:
            self.cells[fact.cell_run].blocks.append(block)

    @_take.register
    def _(self, fact: facts.RunEnded) -> None:
        if block := self._blocks.get(fact.run):
            block.ended, block.status = fact.at, fact.status

    @_take.register
    def _(self, fact: facts.Metric) -> None:
        self._logged_by(fact).add_metric(fact.name, fact.step, fact.value, fact.at)

    @_take.register
    def _(self, fact: facts.Param) -> None:
        self._logged_by(fact).params[fact.name] = fact.value

    @_take.register
    def _(self, fact: facts.Tag) -> None:
        self._logged_by(fact).tags[fact.name] = fact.value

    @_take.register
    def _(self, fact: facts.Note) -> None:
        self._logged_by(fact).notes.append(fact.text)

    @_take.register
    def _(self, fact: facts.FileKept) -> None:
        self._logged_by(fact).files[fact.name] = FileRef(
            name=fact.name,
            digest=fact.digest or None,
            size_bytes=fact.size_bytes,
            mime=fact.mime,
            missing=fact.missing,
        )

    @_take.register
    def _(self, fact: facts.ModelSaved) -> None:
        logged = self._logged_by(fact)
        logged.models[fact.model.name] = fact.model
        logged.model_folders[fact.model.name] = fact.folder

    @_take.register
    def _(self, fact: facts.Adopted) -> None:
        self._adopted_name = fact.name or self._adopted_name
        self._adopted_experiment = fact.experiment or self._adopted_experiment
        self._tags |= fact.tags

    @_take.register(facts.Paused)
    @_take.register(facts.Resumed)
    def _(self, fact: facts.Paused | facts.Resumed) -> None:
        self._is_paused = isinstance(fact, facts.Paused)

    @_take.register
    def _(self, fact: facts.Gap) -> None:
        self._gaps.append(f"{fact.lost} facts were lost here: {fact.reason}")

    @_take.register
    def _(self, fact: facts.Erased) -> None:
        self._erased_lines += fact.lines
        for left in fact.instead:
            self._take(left)

    @_take.register
    def _(self, fact: facts.SessionEnded) -> None:
        self._ended = fact

    @_take.register
    def _(self, fact: facts.Judged) -> None:
        self._judged = fact

    @_take.register
    def _(self, fact: facts.Digested) -> None:
        self.lookup.digests[fact.uri, fact.stat] = fact
        self._touch_readers(fact.uri)

    @_take.register
    def _(self, fact: facts.Netted) -> None:
        if cell := self._cell(fact):
            cell.netted = fact

    @_take.register
    def _(self, fact: facts.NamedInCode) -> None:
        if cell := self._cell(fact):
            cell.named_in_code = fact.reads

    @_take.register
    def _(self, fact: facts.NetCast) -> None:
        self._net_problem = fact.problem

    @_take.register
    def _(self, fact: facts.Kept) -> None:
        self.lookup.kept.add(fact.digest)
        for cell in self.cells.values():
            if any(
                self.lookup.digest_of(seen) == fact.digest for seen in (*cell.reads, *cell.writes)
            ):
                self._mark_changed(cell)

    @_take.register
    def _(self, fact: facts.NamesFound) -> None:
        if cell := self._cell(fact):
            cell.names = fact

    @_take.register
    def _(self, fact: facts.EnvironmentFound) -> None:
        self.lookup.environments[fact.stamp] = fact.digest
        self.environments[fact.digest] = _checked(fact.environment, self._altered.get(fact.digest))
        for cell in self.cells.values():
            if cell.stamp == fact.stamp:
                self._mark_changed(cell)

    @_take.register
    def _(self, fact: facts.PackagesChecked) -> None:
        self._altered[fact.environment] = fact.altered
        if known := self.environments.get(fact.environment):
            self.environments[fact.environment] = _checked(known, fact.altered)

    @_take.register
    def _(self, fact: facts.ImportsFound) -> None:
        self.imported[fact.cell_run] = fact.packages

    @_take.register
    def _(self, fact: facts.Sampled) -> None:
        if cell := self._cell(fact):
            cell.system_points += [
                (f"{SYSTEM}{name}", fact.step, value, fact.at)
                for name, value in fact.values.items()
            ]

    @_take.register
    def _(self, fact: facts.SourceFound) -> None:
        self.source = fact.source

    @_take.register
    def _(self, fact: facts.Linked) -> None:
        if cell := self._cell(fact):
            cell.links[fact.mlflow_run_id] = fact

    @_take.register
    def _(self, fact: facts.LinkMissing) -> None:
        if cell := self._cell(fact):
            cell.link_missing = fact.reason

    @_take.register
    def _(self, fact: facts.Created) -> None:
        self.lookup.created[fact.run] = (fact.mlflow_run_id, fact.experiment_id, fact.tracking_uri)

    @_take.register
    def _(self, fact: facts.Shipped) -> None:
        self.shipped[fact.run] = fact.state

    @_take.register
    def _(self, fact: facts.Refused) -> None:
        self.refused.setdefault(fact.run, {})[fact.entry] = fact.reason

    @_take.register
    def _(self, fact: facts.Edited) -> None:
        self.edits.setdefault(fact.run, []).append(fact)

    def _touch_readers(self, uri: str) -> None:
        for cell in self.cells.values():
            if any(seen.uri == uri for seen in (*cell.reads, *cell.writes)):
                self._mark_changed(cell)


def _workdir_of(start: facts.SessionStarted) -> str:
    """Where a session worked, in words that hold on another machine, too."""
    path, root = PurePath(start.cwd), PurePath(start.workspace)
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _checked(environment: Environment, altered: dict[str, list[str]] | None) -> Environment:
    """An environment with what was found of its packages' files."""
    if altered is None:
        return environment
    files = {name: tuple(paths) for name, paths in altered.items()}
    return msgspec.structs.replace(environment, altered=files)


def _composed(cell: CellDraft) -> tuple[object, ...]:
    return cell.run_id, cell.depends_on, cell.imports_from, cell.random_state


def replay_folder(folder: Path) -> Replay:
    """Replay a session from its folder, as far as it is written."""
    replay = Replay()
    journal = Tail(folder / JOURNAL, chained=True)
    replay.feed_all(journal.read())
    for name in (FINDINGS, EDITS):
        replay.feed_all(Tail(folder / name, chained=False).read())
    replay.unread = journal.problems(is_over=replay.status != "running")
    return replay
