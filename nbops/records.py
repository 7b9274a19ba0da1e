"""What nbops knows, as frozen values: sessions, cell runs, runs, data, environments.

These names are the contract in Python, in JSON and in `labextension/src/wire.ts`. Fields are added,
never renamed; a reader ignores those it does not know. Instants are aware datetimes here and
ISO-8601 UTC on the wire; durations are seconds, sizes bytes. Nothing in this module reads or writes.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

FORMAT = 1
"""Version of the JSON documents. Grows only when a reader of an older version could be misled."""

Number = int | float | str
"""A metric's value. JSON knows no NaN and no infinity: these are "NaN", "Infinity", "-Infinity"."""

MetricPoint = tuple[int, Number, datetime]
"""One logged value: step, value, when."""

Scalar = str | int | float | bool | None
"""A parameter's value; anything else is recorded as its `repr`."""

SessionKind = Literal["interactive", "job", "script"]
SessionStatus = Literal["running", "finished", "failed", "died"]
CellStatus = Literal["ok", "error", "interrupted", "died", "running", "before_tracking"]
DataKind = Literal["file", "folder", "url", "query", "frame"]
RunOrigin = Literal["track", "metric", "mlflow", "job"]
RunStatus = Literal["running", "finished", "failed", "died"]
StepStatus = Literal[
    "waiting", "running", "unchanged", "restored", "finished", "failed", "left out", "stopped"
]
"""Of a pipeline's step. `left out`: by its `when`, or because a step before it was; `stopped`: a step before
it failed, or all was interrupted before it began."""
SeenBy = Literal["audit", "wrapper", "monitor", "user", "net", "name"]
"""`audit`, `wrapper` and `monitor` saw the call; `net`: the operating system told that it was opened while
the cell ran; `name`: a command line, or the code, names it, and nobody saw it being opened."""
NAMED_IN_CODE = "named in the code; not seen to be read"
"""Why a `DataRef` that only the code names has no digest."""
OriginKind = Literal["vcs", "archive", "folder", "conda"]
OutputKind = Literal["stream", "result", "display", "error"]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all records: immutable, compared by value, JSON through `to_json`/`from_json`."""


class Source(Record, frozen=True, kw_only=True):
    """State of the git work tree that a session ran in; every field is None outside of one."""

    git_commit: str | None = None
    git_branch: str | None = None
    git_remote: str | None = None
    is_dirty: bool | None = None
    patch_digest: str | None = None
    untracked: tuple[str, ...] = ()  # imported files that git does not know; in the patch, too


class DataRef(Record, frozen=True, kw_only=True):
    """One thing that a cell run read or wrote.

    Exactly one of `digest` and `missing` is None once the background work is done; both are None
    while the content still waits to be hashed.
    """

    uri: str
    name: str
    kind: DataKind = "file"
    digest: str | None = None
    size_bytes: int | None = None
    file_count: int | None = None  # of a folder
    shape: tuple[int, ...] | None = None  # (n_rows, n_columns) of the frame that came out of it
    columns: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None  # of the columns, as the library that read it calls them
    seen_by: SeenBy = "audit"
    kept: bool = False
    missing: str | None = None
    sampled: bool = False  # the digest is of parts: equal ones are not known to differ, no more
    modified_at: datetime | None = None  # of a file that was only sampled
    version: str | None = None  # of a table of Delta or Iceberg, as it names it itself

    @property
    def is_read(self) -> bool:
        """Whether more is known of it than that the code names it."""
        return self.missing != NAMED_IN_CODE


class Listing(Record, frozen=True, kw_only=True):
    """Names in a folder that a cell run asked for: an input beside the files that it read.

    Exactly one of `digest` and `missing` is None.
    """

    uri: str
    name: str  # of the folder, with a slash
    patterns: tuple[str, ...] = ()  # of which a name, or `b/a.csv`, fits one; empty: all names
    digest: str | None = None
    name_count: int | None = None
    missing: str | None = None

    @property
    def label(self) -> str:
        """What people call it: `data/*.csv (names)`."""
        pattern = self.patterns[0] if len(self.patterns) == 1 else ""
        return f"{self.name}{pattern} (names)"


class ModuleRef(Record, frozen=True, kw_only=True):
    """A source file of the workspace that a cell imported or `%run`."""

    path: str  # relative to the workspace where it lies inside
    digest: str | None


class ProcessRef(Record, frozen=True, kw_only=True):
    """A program that a cell started."""

    command: str  # secrets removed
    seen_by: SeenBy = "name"  # how what it opened is known; `audit`: it told by itself


class CellError(Record, frozen=True, kw_only=True):
    name: str
    message: str


class OutputRef(Record, frozen=True, kw_only=True):
    """One form of one output: a figure has an image and a text, under the same number.

    An error is JSON with `ename`, `evalue` and `traceback`; an image is its bytes, all else UTF-8.
    """

    mime: str
    digest: str  # empty where nothing was kept
    size_bytes: int
    kind: OutputKind | None = None
    name: str | None = None  # of a stream: stdout, stderr
    number: int = 0  # order within the cell run, from 0
    metadata: dict[str, Any] = {}
    missing: str | None = None  # what was not kept, and why


class Names(Record, frozen=True, kw_only=True):
    """Global names of a cell's code, sorted: what it binds and what it reads from other cells."""

    defines: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()  # bound no more when it ends: `del x`
    mutates: tuple[str, ...] = ()  # of other cells, whose objects it changes in place, by its text


class FileRef(Record, frozen=True, kw_only=True):
    """A file, figure or model that the user asked to keep with a run."""

    name: str  # its path among the run's artifacts
    digest: str | None
    size_bytes: int
    mime: str = "application/octet-stream"
    missing: str | None = None  # why it was not kept


class ModelRef(Record, frozen=True, kw_only=True):
    """A model saved with a run: by which MLflow flavour, with which hyperparameters."""

    name: str
    flavor: str
    params: dict[str, Scalar] = {}
    data_digests: tuple[str, ...] = ()
    size_bytes: int = 0
    missing: str | None = None  # why it was not kept


INJECTED_CELL = "-injected"
"""How the id ends of a cell that gives a job's parameters: before that stands the declaring cell's."""

LONGEST_DECLARING = 54
"""So much of it: an id has 64 characters at most."""


class CellRun(Record, frozen=True, kw_only=True):
    """One execution of one cell."""

    id: str
    seq: int  # order within the session, from 0
    cell_id: str | None = None
    execution_count: int | None = None
    source: str
    source_digest: str
    status: CellStatus
    started_at: datetime | None = None
    duration_s: float | None = None
    cpu_s: float | None = None
    peak_memory_bytes: int | None = None
    error: CellError | None = None
    reads: tuple[DataRef, ...] = ()
    writes: tuple[DataRef, ...] = ()
    listings: tuple[Listing, ...] = ()
    modules: tuple[ModuleRef, ...] = ()
    processes: tuple[ProcessRef, ...] = ()
    unexplained_bytes: int | None = None  # that it read, of whatever no layer saw; None: not known
    params: dict[str, Scalar] = {}
    metrics: dict[str, list[MetricPoint]] = {}
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    names: Names | None = None
    depends_on: tuple[str, ...] = ()  # cell runs whose values this one used, nearest first
    imports_from: tuple[str, ...] = ()  # those that only imported what it used
    random_state: dict[str, Any] | None = (
        None  # by generator it used: `seeded_by`, a cell run; or None
    )
    outputs: tuple[OutputRef, ...] | None = None  # None: not captured
    environment: str | None = None
    run_id: str | None = None
    mlflow_run_ids: tuple[str, ...] = ()
    skipped: str | None = None  # why its source, data, outputs and error are not recorded

    @property
    def is_injected(self) -> bool:
        """Whether a job put its cell there, to give parameters: no notebook holds that."""
        return (self.cell_id or "").endswith(INJECTED_CELL)

    @property
    def declared_in(self) -> str | None:
        """Id, as far as it is kept, of the cell whose place it is: an injected one stands for what declares."""
        return self.cell_id and self.cell_id.removesuffix(INJECTED_CELL)[:LONGEST_DECLARING]


class Run(Record, frozen=True, kw_only=True):
    """What people list, sort and compare."""

    id: str
    session_id: str
    name: str
    status: RunStatus
    origin: RunOrigin
    started_at: datetime
    ended_at: datetime | None = None
    parent_id: str | None = None  # the run it was made inside, or the job
    cell_run_ids: tuple[str, ...] = ()  # the cell runs it is made of
    depends_on: tuple[str, ...] = ()  # the earlier ones they took values from, transitively
    imports_from: tuple[str, ...] = ()  # those that only imported what these used
    params: dict[str, Scalar] = {}
    metrics: dict[str, list[MetricPoint]] = {}
    system_metrics: dict[str, list[MetricPoint]] = {}  # of long cells; step: the session's second
    tags: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    models: tuple[ModelRef, ...] = ()
    files: tuple[FileRef, ...] = ()
    mlflow_run_id: str | None = None
    mlflow_experiment_id: str | None = None


class Session(Record, frozen=True, kw_only=True):
    """One tracked stretch of one kernel's life."""

    id: str
    kind: SessionKind = "interactive"
    status: SessionStatus
    name: str
    experiment: str
    notebook: str | None = None
    workdir: str | None = None  # it began there; relative to the workspace where it lies inside
    kernel_id: str | None = None
    user: str
    host: str
    started_at: datetime
    ended_at: datetime | None = None
    params: dict[str, Scalar] = {}
    tags: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    files: tuple[FileRef, ...] = ()
    removed: tuple[
        str, ...
    ] = ()  # uris of files that a cell left, and that were gone when it ended
    tracking_uri: str  # credentials removed
    mlflow_run_id: str | None = None
    coverage: dict[str, int] = {}  # reads by how they were seen; `missing`: without a digest;
    # `unexplained`: cells that read more than any layer can name; `code`: named in it, maybe not read;
    # `uncredited`: files that no cell opened; `waiting`: not hashed yet
    net_problem: str | None = None  # why the system was not asked what else was opened
    environment: str | None = None
    source: Source = Source()
    is_tracking: bool = True  # False: paused or stopped
    problems: tuple[str, ...] = ()  # what is missing from this record, and why


class Origin(Record, frozen=True, kw_only=True):
    """Where a package came from, as its installer noted; one from an index has no such note."""

    kind: OriginKind
    url: str | None = None  # credentials removed
    commit: str | None = None  # of a repository, or of the work tree that a folder lies in
    subdirectory: str | None = None
    remote: str | None = None  # of a folder's work tree
    is_dirty: bool | None = None  # whether that work tree had uncommitted changes
    is_editable: bool = False
    hash: str | None = None  # of an archive: "sha256:..."


class Environment(Record, frozen=True, kw_only=True):
    """Interpreter, packages and machine, stored once per digest."""

    python: str
    implementation: str
    platform: str
    packages: dict[str, str]
    cpu: str | None = None
    cpu_count: int | None = None
    memory_bytes: int | None = None
    gpus: tuple[str, ...] = ()
    accelerators: dict[str, str] = {}  # versions: GPU driver, CUDA, cuDNN
    origins: dict[str, Origin] = {}  # of packages that did not come from an index
    conda: tuple[str, ...] = ()  # conda's packages as it lists them explicitly: url#md5
    variables: dict[str, str] | None = None  # those that change results, as the process started
    altered: dict[str, tuple[str, ...]] | None = None  # files that are not as installed; None: not
    # checked, or not yet. Found later than the rest, and no part of the digest.


class StepState(Record, frozen=True, kw_only=True):
    """One step of a pipeline's run."""

    name: str
    notebook: str  # relative to the workspace
    after: tuple[str, ...] = ()
    status: StepStatus = "waiting"
    reason: str = ""  # why it ran, or did not, or failed
    session_id: str | None = None  # of the one that it repeats when it is unchanged
    started_at: datetime | None = None
    ended_at: datetime | None = None


class PipelineState(Record, frozen=True, kw_only=True):
    """The newest run of a pipeline, and the process that runs it."""

    format: int = FORMAT
    id: str
    name: str
    file: str  # relative to the workspace
    status: RunStatus = "running"
    started_at: datetime
    ended_at: datetime | None = None
    steps: tuple[StepState, ...] = ()
    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    pid_started: float


class Document(Record, frozen=True, kw_only=True):
    """A session, or a run with all that it depends on: what `nbops show --json` prints."""

    format: int = FORMAT
    session: Session
    environments: dict[str, Environment] = {}
    runs: tuple[Run, ...] = ()
    cell_runs: tuple[CellRun, ...] = ()
    imported: tuple[str, ...] = ()  # packages that the process had imported by then
    shown: tuple[CellRun, ...] = ()  # cells in no run that showed something of this run's values

    def cell_run(self, cell_run_id: str) -> CellRun | None:
        return next((cell for cell in self.cell_runs if cell.id == cell_run_id), None)

    def run(self, run_id: str) -> Run | None:
        return next((run for run in self.runs if run.id == run_id), None)


_encoder = msgspec.json.Encoder()
_T = TypeVar("_T")


def to_json(record: Any, *, indent: int | None = None) -> bytes:
    """Encode a record, or a container of records, as JSON."""
    encoded = _encoder.encode(record)
    return msgspec.json.format(encoded, indent=indent) if indent else encoded


def from_json(data: bytes | str, kind: type[_T]) -> _T:
    """Decode JSON that `to_json` made; fields that this version does not know are skipped."""
    return msgspec.json.decode(data, type=kind)


def instant(epoch_s: float) -> datetime:
    """Seconds since the epoch as an aware datetime."""
    return datetime.fromtimestamp(epoch_s, UTC)


def now() -> datetime:
    return datetime.now(UTC)


def to_number(value: float) -> Number:
    """Turn a float into what JSON can carry.

    >>> to_number(0.5), to_number(float("nan")), to_number(float("-inf"))
    (0.5, 'NaN', '-Infinity')
    """
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def to_float(value: Number) -> float:
    """Undo `to_number`.

    >>> to_float("Infinity")
    inf
    """
    return float(value)


def last_value(points: list[MetricPoint]) -> Number:
    """Value of a metric as a table shows it: that of the largest step, the latest where steps tie."""
    best = points[0]
    for point in points:
        if point[0] >= best[0]:
            best = point
    return best[1]


def count_reads(cells: Iterable[tuple[Iterable[DataRef], int | None]]) -> dict[str, int]:
    """Coverage of some cell runs, given what each read and its bytes that nobody can explain."""
    counts: dict[str, int] = {}
    for reads, unexplained_bytes in cells:
        for ref in reads:
            how = ref.seen_by if ref.is_read else "code"
            counts[how] = counts.get(how, 0) + 1
            if ref.missing and ref.is_read:
                counts["missing"] = counts.get("missing", 0) + 1
            if not ref.missing and not ref.digest:
                counts["waiting"] = counts.get("waiting", 0) + 1
        if unexplained_bytes is not None:
            counts["unexplained"] = counts.get("unexplained", 0) + bool(unexplained_bytes)
    return counts


def first_line(source: str) -> str:
    """First line of a cell that says something: what people recognise it by."""
    for line in source.splitlines():
        if line.strip():
            return line.strip()
    return ""
