"""What replaying has gathered of a cell and of a run so far; each becomes a frozen record."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from nbops.digests import digest_source, is_sampled
from nbops.journal.facts import (
    CellEnded,
    Digested,
    Linked,
    Mark,
    NamesFound,
    Netted,
    Seen,
    SeenModule,
)
from nbops.records import (
    CellRun,
    CellStatus,
    DataRef,
    FileRef,
    Listing,
    MetricPoint,
    ModelRef,
    ModuleRef,
    Number,
    OutputRef,
    ProcessRef,
    Run,
    RunOrigin,
    RunStatus,
    Scalar,
    SeenBy,
    instant,
)

Content = tuple[str, tuple[int, int, int]]
"""Uri and stat of a file: which content of it is meant."""


SYSTEM = "system/"
"""How MLflow's names of system metrics begin."""

_SHELL_LINE = re.compile(r"^\s*(?:\w+\s*=\s*)?!", re.MULTILINE)

_MUCH_BYTES = 64_000_000
_OFTEN = 10
"""As often a file may be read again by a library that opened it once."""

Point = tuple[int, Number, float]
"""One value of a metric: step, value, seconds since the epoch."""


@dataclass
class Logged:
    """What was logged in one place: by a cell outside of blocks, or by one block.

    Parameters
    ----------
    key
        Id of that cell run or block.
    """

    key: str
    version: int = 0
    metrics: dict[str, list[Point]] = field(default_factory=dict)
    last: dict[str, Point] = field(default_factory=dict)
    params: dict[str, Scalar] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    files: dict[str, FileRef] = field(default_factory=dict)
    models: dict[str, ModelRef] = field(default_factory=dict)
    model_folders: dict[str, str] = field(default_factory=dict)
    _next_step: dict[str, int] = field(default_factory=dict)

    @property
    def makes_a_run(self) -> bool:
        return bool(self.metrics or self.models)

    @property
    def is_empty(self) -> bool:
        return not (self.metrics or self.models or self.files or self.tags or self.notes)

    def add_metric(self, name: str, step: int | None, value: Number, at: float) -> None:
        """Add a point; one without a step gets the next."""
        if step is None:
            step = self._next_step.get(name, 0)
        self._next_step[name] = max(self._next_step.get(name, 0), step + 1)
        point = (step, value, at)
        self.metrics.setdefault(name, []).append(point)
        if name not in self.last or step >= self.last[name][0]:
            self.last[name] = point


def _program_of(command: str) -> str:
    """Name of the program that a command line starts.

    >>> _program_of("/usr/bin/cat x.csv | head")
    'cat'
    """
    return command.partition("\n")[0].partition(" ")[0].rpartition("/")[2]


def _as_points(points: list[Point]) -> list[MetricPoint]:
    return [(step, value, instant(at)) for step, value, at in points]


@dataclass
class CellDraft:
    id: str
    seq: int
    source: str
    cell_id: str | None = None
    execution_count: int | None = None
    started: float | None = None
    stamp: str | None = None
    mark: Mark | None = None
    is_before: bool = False
    skipped: str | None = None
    ended: CellEnded | None = None
    has_died: bool = False
    reported_reads: list[Seen] = field(default_factory=list)
    reported_writes: list[Seen] = field(default_factory=list)
    listings: dict[Listing, None] = field(default_factory=dict)
    netted: Netted | None = None
    named_in_code: list[Seen] = field(default_factory=list)
    modules: dict[str, SeenModule] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)  # scripts that tell by themselves
    names: NamesFound | None = None
    logged: Logged = field(init=False)
    blocks: list["BlockDraft"] = field(default_factory=list)
    links: dict[str, Linked] = field(default_factory=dict)
    mlflow_runs_started: int = 0
    open_mlflow_run: str | None = None
    link_missing: str | None = None
    system_points: list[tuple[str, int, Number, float]] = field(default_factory=list)
    outputs: list[OutputRef] | None = None
    has_lost_outputs: bool = False
    version: int = 0
    # Composed:
    depends_on: tuple[str, ...] = ()
    imports_from: tuple[str, ...] = ()
    run_id: str | None = None
    random_state: dict[str, dict[str, str | None]] | None = None
    _has_result: bool = False

    def __post_init__(self) -> None:
        self.logged = Logged(self.id)

    @property
    def status(self) -> CellStatus:
        if self.is_before:
            return "before_tracking"
        if self.ended is None:
            return "died" if self.has_died else "running"
        return self.ended.status  # type: ignore[return-value]

    @property
    def reads(self) -> list[Seen]:
        """What was reported, with what only the net or the code has; without what was not opened."""
        seen = self._seen_reads()
        known = {one.uri for one in (*seen, *self.writes)} if self.named_in_code else ()
        return [*seen, *(one for one in self.named_in_code if one.uri not in known)]

    def _seen_reads(self) -> list[Seen]:
        if self.netted is None:
            return self.reported_reads
        unopened = set(self.netted.unopened)
        reported = [
            seen
            for seen in self.reported_reads
            if seen.seen_by != "name" or seen.uri not in unopened
        ]
        return [*reported, *self.netted.reads]

    @property
    def writes(self) -> list[Seen]:
        if self.netted is None:
            return self.reported_writes
        return [*self.reported_writes, *self.netted.writes]

    def settle_result(self) -> None:
        """Take the number, or the dict of numbers, that a marked cell ended with as metrics."""
        ended = self.ended
        if ended is None or ended.result is None or self._has_result or self.names is None:
            return
        self._has_result = True
        result = ended.result
        if not isinstance(result, dict):
            result = {self.names.result_name or "result": result}
        for name, value in result.items():
            self.logged.add_metric(name, None, value, ended.at)

    def record(self, lookup: "Lookup", *, full: bool = True) -> CellRun:
        """Make the frozen record; with only the last point of each metric unless `full`."""
        ended = self.ended
        metrics = {
            name: _as_points(points if full else [self.logged.last[name]])
            for name, points in self.logged.metrics.items()
        }
        warnings = list(ended.warnings) if ended else []
        warnings += self._unseen()
        if unexplained := self.unexplained_bytes(lookup):
            warnings.append(f"it read {unexplained / 1e6:,.0f} MB that nobody saw it open")
        if self.link_missing:
            warnings.append(self.link_missing)
        if self.has_lost_outputs:
            warnings.append("its outputs are lost: the kernel ended before they were written")
        return CellRun(
            id=self.id,
            seq=self.seq,
            cell_id=self.cell_id,
            execution_count=self.execution_count,
            source=self.source,
            source_digest=digest_source(self.source),
            status=self.status,
            started_at=instant(self.started) if self.started is not None else None,
            duration_s=ended.duration_s if ended else None,
            cpu_s=ended.cpu_s if ended else None,
            peak_memory_bytes=ended.peak_memory_bytes if ended else None,
            error=ended.error if ended else None,
            reads=lookup.data_refs(self.reads),
            writes=lookup.data_refs(self.writes),
            listings=tuple(self.listings),
            modules=tuple(
                ModuleRef(path=module.path, digest=module.digest)
                for module in self.modules.values()
            ),
            processes=tuple(self._processes()),
            unexplained_bytes=self.unexplained_bytes(lookup),
            params=self.params,
            metrics=metrics,
            notes=tuple(self.logged.notes),
            warnings=tuple(warnings),
            names=self.names.names if self.names else None,
            depends_on=self.depends_on,
            imports_from=self.imports_from,
            random_state=self.random_state,
            outputs=self._shown(),
            environment=lookup.environment_of(self.stamp),
            run_id=self.run_id,
            mlflow_run_ids=tuple(self.links),
            skipped=self.skipped,
        )

    def unexplained_bytes(self, lookup: "Lookup") -> int | None:
        """How much it read of what no layer saw; None where that cannot be told.

        What is read is more than files of data: modules, pipes, a file again and again. Only what none of
        these comes to is said to be unexplained.
        """
        ended = self.ended
        if ended is None or ended.read_bytes is None or ended.imported or self.commands:
            return None
        sizes = [ref.size_bytes for ref in lookup.data_refs([*self._seen_reads(), *self.writes])]
        if any(size is None for size in sizes):
            return None
        known = sum(size for size in sizes if size is not None)
        is_much = ended.read_bytes > max(_MUCH_BYTES, _OFTEN * known)
        return ended.read_bytes if is_much else 0

    def _processes(self) -> Iterator[ProcessRef]:
        for command in self.commands:
            has_joined = any(script and script in command for script in self.joined)
            is_netted = self.netted is not None and self.netted.is_whole
            by: SeenBy = "audit" if has_joined else "net" if is_netted else "name"
            yield ProcessRef(command=command, seen_by=by)

    def _unseen(self) -> Iterator[str]:
        """Say of programs that the cell's own text starts that nobody saw them open files."""
        unseen = (one.command for one in self._processes() if one.seen_by == "name")
        programs = {_program_of(command): True for command in unseen}
        is_shell = _SHELL_LINE.search(self.source) is not None
        source = self.source.replace("sys.executable", "python")
        typed = [program for program in programs if is_shell or program in source]
        if typed:
            yield f"what {', '.join(typed)} opened is known by the names on the command line only"

    def _shown(self) -> tuple[OutputRef, ...] | None:
        ended = self.ended.outputs if self.ended else None
        found = self.outputs if self.outputs is not None else ended
        return None if found is None else tuple(found)

    @property
    def awaits_outputs(self) -> bool:
        return self.ended is not None and self.ended.has_outputs and self.outputs is None

    @property
    def params(self) -> dict[str, Scalar]:
        """What the cell itself says: bound on its mark, named on it, logged in it."""
        bound = self.mark.params if self.mark else {}
        named = self.ended.params if self.ended else {}
        return {**bound, **named, **self.logged.params}


@dataclass
class BlockDraft:
    """A `with nbops.track(...)` block."""

    id: str
    name: str
    cell_run: str | None
    parent: str | None
    started: float
    params: dict[str, Scalar]
    ended: float | None = None
    status: str | None = None
    logged: Logged = field(init=False)

    def __post_init__(self) -> None:
        self.logged = Logged(self.id)


@dataclass(frozen=True)
class Upstream:
    """Cell runs that a run depends on beside its own, in order of execution."""

    cells: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


@dataclass
class RunDraft:
    id: str
    name: str
    origin: RunOrigin
    started: float
    status: RunStatus = "running"
    ended: float | None = None
    parent: str | None = None
    params: dict[str, Scalar] = field(default_factory=dict)
    cells: list[CellDraft] = field(default_factory=list)
    logged: list[Logged] = field(default_factory=list)
    link: Linked | None = None
    awaits_link: bool = False

    @property
    def is_undecided(self) -> bool:
        """Whether it may still turn out to be an MLflow run that the user's own code starts.

        A marked cell that runs may yet call `mlflow.start_run`; once it has logged through nbops, its
        metrics should be seen, and what it starts later is its child.
        """
        if self.awaits_link:
            return True
        is_cell = self.origin == "track" and bool(self.cells) and self.cells[0].mark is not None
        has_logged = any(logged.makes_a_run or logged.files for logged in self.logged)
        return is_cell and self.status == "running" and self.link is None and not has_logged

    def add_cell(self, cell: CellDraft) -> None:
        if cell not in self.cells:
            self.cells.append(cell)

    def record(
        self, session_id: str, upstream: "Upstream", lookup: "Lookup", *, full: bool = True
    ) -> Run:
        """Make the frozen record; with only the last point of each metric unless `full`."""
        created = lookup.mlflow_run_of(self.id)
        digests = lookup.input_digests([*upstream.cells, *(cell.id for cell in self.cells)])
        link = self.link
        return Run(
            id=self.id,
            session_id=session_id,
            name=self.name,
            status=self.status,
            origin=self.origin,
            started_at=instant(self.started),
            ended_at=instant(self.ended) if self.ended is not None else None,
            parent_id=self.parent,
            cell_run_ids=tuple(cell.id for cell in self.cells),
            depends_on=upstream.cells,
            imports_from=upstream.imports,
            params={**(link.params if link else {}), **self.all_params},
            metrics=self._all_metrics() if full else self._last_metrics(),
            system_metrics=self._system_metrics(full=full),
            tags={name: value for logged in self.logged for name, value in logged.tags.items()},
            notes=tuple(note for logged in self.logged for note in logged.notes),
            models=tuple(
                msgspec.structs.replace(model, data_digests=digests)
                for logged in self.logged
                for model in logged.models.values()
            ),
            files=tuple(file for logged in self.logged for file in logged.files.values()),
            mlflow_run_id=link.mlflow_run_id if link else (created[0] if created else None),
            mlflow_experiment_id=link.experiment_id if link else (created[1] if created else None),
        )

    @property
    def all_params(self) -> dict[str, Scalar]:
        """Those in force when it began, then what was logged to it."""
        logged = {name: value for part in self.logged for name, value in part.params.items()}
        return {**self.params, **logged}

    def _all_metrics(self) -> dict[str, list[MetricPoint]]:
        linked = self.link.metrics if self.link else {}
        gathered = {name: _as_points(points) for name, points in linked.items()}
        for logged in self.logged:
            for name, points in logged.metrics.items():
                known = gathered.setdefault(name, [])
                known += [
                    point for point in _as_points(points) if point not in linked.get(name, ())
                ]
        return gathered

    def _last_metrics(self) -> dict[str, list[MetricPoint]]:
        last = {
            name: points[-1] for name, points in (self.link.metrics if self.link else {}).items()
        }
        for logged in self.logged:
            for name, point in logged.last.items():
                if name not in last or point[0] >= last[name][0]:
                    last[name] = point
        return {name: _as_points([point]) for name, point in last.items()}

    def _system_metrics(self, *, full: bool) -> dict[str, list[MetricPoint]]:
        gathered: dict[str, list[Point]] = {}
        for cell in self.cells:
            for name, step, value, at in cell.system_points:
                gathered.setdefault(name, []).append((step, value, at))
        return {name: _as_points(p if full else p[-1:]) for name, p in gathered.items()}

    def signature(self, upstream: "Upstream", lookup: "Lookup") -> tuple[object, ...]:
        """Changes whenever the record would."""
        others = (*upstream.cells, *upstream.imports)
        cells = (*self.cells, *(lookup.cells[key] for key in others))
        return (
            *(self.status, self.ended, self.name, self.parent, self.link and id(self.link)),
            lookup.mlflow_run_of(self.id),
            tuple((logged.key, logged.version) for logged in self.logged),
            tuple((cell.id, cell.version) for cell in cells),
        )


class Lookup:
    """Findings that complete a draft: digests, environments, MLflow's ids."""

    def __init__(self) -> None:
        self.digests: dict[Content, Digested] = {}
        self.overwritten: set[Content] = set()
        self.kept: set[str] = set()
        self.environments: dict[str, str] = {}
        self.created: dict[str, tuple[str, str, str]] = {}
        self.cells: dict[str, CellDraft] = {}

    def environment_of(self, stamp: str | None) -> str | None:
        return self.environments.get(stamp) if stamp is not None else None

    def mlflow_run_of(self, run: str) -> tuple[str, str, str] | None:
        """MLflow run id, experiment id and tracking URI of a run that was created there."""
        return self.created.get(run)

    def input_digests(self, cell_ids: list[str]) -> tuple[str, ...]:
        found = {}
        for cell_id in cell_ids:
            for ref in self.data_refs(self.cells[cell_id].reads):
                if ref.digest:
                    found[ref.digest] = True
        return tuple(found)

    def digest_of(self, seen: Seen) -> str | None:
        """Digest of what was seen, as far as it is known by now."""
        if seen.digest is not None or seen.stat is None:
            return seen.digest
        found = self.digests.get((seen.uri, seen.stat))
        return found.digest if found else None

    def data_refs(self, seen: list[Seen]) -> tuple[DataRef, ...]:
        """One reference per content, however often and by whomever it was seen."""
        by_look: dict[tuple[str, object], DataRef] = {}
        for one in seen:
            _add(by_look, (one.uri, one.stat or one.digest), self._data_ref(one))
        refs: dict[tuple[str, object], DataRef] = {}
        for look, ref in by_look.items():  # a folder is looked at again and again
            key = (ref.uri, ref.digest) if ref.digest else look
            known = refs.get(key)
            if known and known.version and ref.version not in (None, known.version):
                key = (ref.uri, (ref.digest, ref.version))  # of a table, whose folder holds both
            _add(refs, key, ref)
        return tuple(refs.values())

    def _data_ref(self, seen: Seen) -> DataRef:
        digest, missing, size, count = seen.digest, seen.missing, seen.size_bytes, None
        if digest is None and missing is None and seen.stat is not None:
            content = (seen.uri, seen.stat)
            found = self.digests.get(content)
            if found is not None:
                digest, missing, count = found.digest, found.missing, found.file_count
                size = size if found.size_bytes is None else found.size_bytes
            if missing and content in self.overwritten:
                missing = "overwritten before it was hashed"
        return DataRef(
            uri=seen.uri,
            name=seen.name,
            kind=seen.kind,
            digest=digest,
            size_bytes=size,
            file_count=count,
            shape=seen.shape,
            columns=seen.columns,
            types=seen.types,
            seen_by=seen.seen_by,
            missing=missing,
            kept=digest in self.kept,
            sampled=is_sampled(digest),
            modified_at=_modified_at(seen) if is_sampled(digest) else None,
            version=seen.version,
        )


def _modified_at(seen: Seen) -> datetime | None:
    if seen.stat is None or seen.kind != "file":
        return None
    return datetime.fromtimestamp(seen.stat[2] / 1e9, UTC)


def _add(refs: dict[tuple[str, object], DataRef], key: tuple[str, object], ref: DataRef) -> None:
    known = refs.get(key)
    refs[key] = ref if known is None else _merged(known, ref)


def _merged(one: DataRef, other: DataRef) -> DataRef:
    return msgspec.structs.replace(
        one,
        name=other.name if other.seen_by == "user" else one.name,
        seen_by=other.seen_by if one.seen_by == "name" else one.seen_by,
        digest=one.digest or other.digest,
        missing=None if one.digest or other.digest else one.missing or other.missing,
        shape=one.shape or other.shape,
        columns=one.columns or other.columns,
        types=one.types if one.columns else other.types,
        version=one.version or other.version,
    )
