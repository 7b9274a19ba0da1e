"""The lines of a journal, and of the findings beside it.

A fact is written once and never changed. Instants are seconds since the epoch, as the kernel's
clock gives them; `seq` orders cells even when that clock goes backwards.
"""

from functools import cache
from typing import Any

import msgspec

from nbops.records import (
    CellError,
    DataKind,
    Environment,
    Listing,
    ModelRef,
    Names,
    Number,
    OutputRef,
    Scalar,
    SeenBy,
    SessionKind,
    Source,
)


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="fact"):
    """Base of all lines."""


# ---- written by the kernel ----------------------------------------------------------------------


class SessionStarted(Fact, frozen=True, kw_only=True, tag="session_started"):
    """First line: who runs what, where. `host` to `pid_started` tell whose process it is."""

    format: int
    session: str
    kind: SessionKind
    name: str
    experiment: str
    notebook: str | None
    kernel_id: str | None
    user: str
    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    pid_started: float
    at: float
    nbops: str
    executable: str
    sys_path: list[str]
    environment_stamp: str
    python: str
    implementation: str
    platform: str
    cwd: str
    workspace: str
    tracking_uri: str
    tags: dict[str, str] = {}
    params: dict[str, Scalar] = {}


class CellBefore(Fact, frozen=True, kw_only=True, tag="cell_before"):
    """A cell that ran before tracking began, from IPython's history."""

    cell_run: str
    seq: int
    execution_count: int
    source: str
    skipped: str | None = None


class Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `%%track NAME key=value key` or `# track: NAME key` says of a cell."""

    name: str | None = None
    params: dict[str, Scalar] = {}
    names: list[str] = []


class CellStarted(Fact, frozen=True, kw_only=True, tag="cell_started"):
    cell_run: str
    seq: int
    cell_id: str | None
    execution_count: int | None
    source: str
    at: float
    environment_stamp: str
    mark: Mark | None = None
    mlflow_run_id: str | None = None  # the user's MLflow run that is open as it starts
    skipped: str | None = None  # why nothing is recorded but that it ran: its source is empty


class Seen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One read or write as the kernel saw it.

    A file too large to hash on the spot has no digest; `stat` (inode, size in bytes, mtime in ns)
    says which content is meant, and a digest is only ever taken of that one.
    """

    uri: str
    name: str
    seen_by: SeenBy
    kind: DataKind = "file"
    digest: str | None = None
    stat: tuple[int, int, int] | None = None
    size_bytes: int | None = None
    shape: tuple[int, ...] | None = None
    columns: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None  # of the columns
    missing: str | None = None
    version: str | None = None  # of a table that keeps its history


class SeenModule(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    digest: str | None


class DataSeen(Fact, frozen=True, kw_only=True, tag="data_seen"):
    """Reads and writes since the last such fact of this cell run."""

    cell_run: str
    reads: list[Seen] = []
    writes: list[Seen] = []
    modules: list[SeenModule] = []
    listings: list[Listing] = []


class ProcessStarted(Fact, frozen=True, kw_only=True, tag="process_started"):
    """A cell started another program; the files that it opens are not seen from inside."""

    cell_run: str | None
    command: str


class ScriptJoined(Fact, frozen=True, kw_only=True, tag="script_joined"):
    """A Python script that a cell started tells by itself what it logs and opens from here on."""

    cell_run: str
    script: str  # its file's name


class Overwritten(Fact, frozen=True, kw_only=True, tag="overwritten"):
    """A file is about to be written whose earlier content was not hashed by the kernel."""

    uri: str
    stat: tuple[int, int, int]
    at: float


class CellEnded(Fact, frozen=True, kw_only=True, tag="cell_ended"):
    cell_run: str
    status: str
    at: float
    duration_s: float
    cpu_s: float
    peak_memory_bytes: int | None = None
    read_bytes: int | None = (
        None  # without caches and packages; None: not measured, or by workers, too
    )
    error: CellError | None = None
    params: dict[str, Scalar] = {}
    result: Number | dict[str, Number] | None = None  # last expression of a marked cell
    tracking_uri: str | None = None  # what the user's own MLflow code set by now
    experiment_id: str | None = None
    mlflow_run_id: str | None = None  # the user's MLflow run that is open as it ends
    outputs: list[OutputRef] | None = None
    has_outputs: bool = False  # a line of their own follows
    warnings: list[str] = []
    imported: list[str] = []  # top-level modules that are new in the process, but for Python's own
    uncredited: int = 0  # files opened since the cell before ended, by no cell


class OutputsKept(Fact, frozen=True, kw_only=True, tag="outputs_kept"):
    """All that a cell run showed, now in the store; a later line of the same cell run replaces it."""

    cell_run: str
    outputs: list[OutputRef]


class MlflowRunStarted(Fact, frozen=True, kw_only=True, tag="mlflow_run_started"):
    """The user's own code, or a framework's, started an MLflow run in this cell."""

    cell_run: str | None
    at: float


class RunStarted(Fact, frozen=True, kw_only=True, tag="run_started"):
    """A `with nbops.track(...)` block was entered."""

    run: str
    cell_run: str | None
    parent: str | None
    name: str
    at: float
    params: dict[str, Scalar] = {}


class RunEnded(Fact, frozen=True, kw_only=True, tag="run_ended"):
    run: str
    status: str
    at: float


class Metric(Fact, frozen=True, kw_only=True, tag="metric"):
    cell_run: str | None
    name: str
    value: Number
    at: float
    step: int | None = None  # None: one more than the last of this name in this run
    run: str | None = None  # None: the cell's


class Param(Fact, frozen=True, kw_only=True, tag="param"):
    cell_run: str | None
    name: str
    value: Scalar
    run: str | None = None


class Tag(Fact, frozen=True, kw_only=True, tag="tag"):
    cell_run: str | None
    name: str
    value: str
    run: str | None = None


class Note(Fact, frozen=True, kw_only=True, tag="note"):
    cell_run: str | None
    text: str
    run: str | None = None


class FileKept(Fact, frozen=True, kw_only=True, tag="file_kept"):
    """A file or figure of the user, now in the store under its digest."""

    cell_run: str | None
    name: str
    digest: str  # empty where nothing was kept
    size_bytes: int
    mime: str
    run: str | None = None
    missing: str | None = None  # why it was not kept


class ModelSaved(Fact, frozen=True, kw_only=True, tag="model_saved"):
    """A model that its flavour saved to `folder` (relative to the session's)."""

    cell_run: str | None
    model: ModelRef
    folder: str  # empty where nothing was kept
    run: str | None = None


class Adopted(Fact, frozen=True, kw_only=True, tag="adopted"):
    """`%track start` while tracking: a new name, experiment, tags."""

    name: str | None = None
    experiment: str | None = None
    tags: dict[str, str] = {}


class Paused(Fact, frozen=True, kw_only=True, tag="paused"):
    at: float


class Resumed(Fact, frozen=True, kw_only=True, tag="resumed"):
    at: float


class Gap(Fact, frozen=True, kw_only=True, tag="gap"):
    """Facts that could not be written; the record says so."""

    lost: int
    reason: str


class SessionEnded(Fact, frozen=True, kw_only=True, tag="session_ended"):
    at: float
    reason: str
    status: str = "finished"
    uncredited: int = 0  # as of a cell
    removed: list[str] = []  # uris of files that its cells left, and that are gone by now


class Erased(Fact, frozen=True, kw_only=True, tag="erased"):
    """Stands where lines were erased on request, under the link of the last of them."""

    lines: int
    instead: list[CellBefore | CellStarted | CellEnded] = []  # what is left of them: that cells ran


# ---- found by the background process --------------------------------------------------------------


class Digested(Fact, frozen=True, kw_only=True, tag="digested"):
    """Content of a file that a `Seen` of the same uri and stat left open."""

    uri: str
    stat: tuple[int, int, int]
    digest: str | None = None
    missing: str | None = None
    size_bytes: int | None = None  # of a folder
    file_count: int | None = None


class Netted(Fact, frozen=True, kw_only=True, tag="netted"):
    """What the operating system says was opened while a cell ran, and that nobody had reported."""

    cell_run: str
    reads: list[Seen] = []
    writes: list[Seen] = []
    unopened: list[str] = []  # uris of files that were named, and were not opened
    is_whole: bool = True  # whether everything that was opened in the workspace's folders is known


class NamedInCode(Fact, frozen=True, kw_only=True, tag="named_in_code"):
    """What a cell's code names, and nobody saw being opened, where the operating system is not asked."""

    cell_run: str
    reads: list[Seen]


class NetCast(Fact, frozen=True, kw_only=True, tag="net_cast"):
    """Whether the operating system is asked, and why not."""

    problem: str | None = None


class Kept(Fact, frozen=True, kw_only=True, tag="kept"):
    """A copy of data with this digest is kept."""

    digest: str


class NamesFound(Fact, frozen=True, kw_only=True, tag="names_found"):
    cell_run: str
    names: Names
    result_name: str | None = None  # what the last expression is called
    imports: list[str] = []  # names that an import binds
    touches: list[str] = []  # names whose objects it changes in place, by its text
    may_touch: list[str] = []  # the same, unless the name is a module's
    late: list[str] = []  # uses that stand in function bodies only
    deferred: dict[str, list[str]] = {}  # by name: what it reads when it is called
    holds: dict[str, list[str]] = {}  # by name: other names that it may call then
    generators: list[str] = []  # `random()` draws from a generator that `random=` seeds


class EnvironmentFound(Fact, frozen=True, kw_only=True, tag="environment_found"):
    stamp: str
    digest: str
    environment: Environment


class PackagesChecked(Fact, frozen=True, kw_only=True, tag="packages_checked"):
    """The files of an environment's packages were compared with what was installed."""

    environment: str  # its digest
    altered: dict[str, list[str]] = {}  # by package: files that were changed or are gone


class ImportsFound(Fact, frozen=True, kw_only=True, tag="imports_found"):
    """Installed packages that the modules which a cell imported belong to."""

    cell_run: str
    packages: list[str] = []


class Sampled(Fact, frozen=True, kw_only=True, tag="sampled"):
    """What machine and process were busy with while a cell ran, by MLflow's names of system metrics."""

    cell_run: str
    at: float
    step: int  # seconds since the session began: grows through all cells of a run
    values: dict[str, float]


class SourceFound(Fact, frozen=True, kw_only=True, tag="source_found"):
    source: Source


class Linked(Fact, frozen=True, kw_only=True, tag="linked"):
    """An MLflow run of the user's own, found by the tags it carries; read again as it grows."""

    cell_run: str
    mlflow_run_id: str
    experiment_id: str
    tracking_uri: str
    name: str
    status: str
    started_at: float
    ended_at: float | None = None
    params: dict[str, str] = {}
    metrics: dict[str, list[tuple[int, Number, float]]] = {}
    tags: dict[str, str] = {}


class LinkMissing(Fact, frozen=True, kw_only=True, tag="link_missing"):
    """An MLflow run that was started in this cell was not found in the store it should be in."""

    cell_run: str
    reason: str


class Created(Fact, frozen=True, kw_only=True, tag="created"):
    run: str
    mlflow_run_id: str
    experiment_id: str
    tracking_uri: str


class Shipped(Fact, frozen=True, kw_only=True, tag="shipped"):
    """Everything of a run up to this digest of its record is in MLflow."""

    run: str
    state: str


class Refused(Fact, frozen=True, kw_only=True, tag="refused"):
    """MLflow did not take one entry; it is kept here with the reason."""

    run: str
    entry: str
    reason: str


class Judged(Fact, frozen=True, kw_only=True, tag="judged"):
    """A session whose process is gone without having said why.

    Another container's process may be thought gone and come back: what `cells`, the number known
    then, does not count overrules it.
    """

    status: str
    at: float
    cells: int | None = None


# ---- written by whoever edits a run afterwards ------------------------------------------------------


class Edited(Fact, frozen=True, kw_only=True, tag="edited"):
    """Tags and notes of a run as a person changed them."""

    run: str
    at: float
    by: str
    tags: dict[str, str | None] = {}  # None: taken away
    notes: list[str] | None = None  # all of them from now on; None: as they were


KernelFact = (
    SessionStarted
    | CellBefore
    | CellStarted
    | DataSeen
    | ProcessStarted
    | ScriptJoined
    | Overwritten
    | CellEnded
    | OutputsKept
    | MlflowRunStarted
    | RunStarted
    | RunEnded
    | Metric
    | Param
    | Tag
    | Note
    | FileKept
    | ModelSaved
    | Adopted
    | Paused
    | Resumed
    | Gap
    | SessionEnded
    | Erased
)
Finding = (
    Digested
    | Netted
    | NamedInCode
    | NetCast
    | Kept
    | NamesFound
    | EnvironmentFound
    | PackagesChecked
    | ImportsFound
    | Sampled
    | SourceFound
    | Linked
    | LinkMissing
    | Created
    | Shipped
    | Refused
    | Judged
    | Edited
)

_encode = msgspec.json.Encoder().encode


@cache
def _decoder() -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(KernelFact | Finding)


def encode(fact: Fact) -> bytes:
    """One line of JSON; of text that is no Unicode (a file's name may be any bytes), an escaped form."""
    try:
        return _encode(fact)
    except UnicodeEncodeError:
        return _encode(_escaped(msgspec.to_builtins(fact)))


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_escaped(key): _escaped(inner) for key, inner in value.items()}
    return [_escaped(inner) for inner in value] if isinstance(value, list | tuple) else value


def decode(line: bytes) -> Any:
    """Read one line.

    Returns
    -------
    A fact, or None for a kind that a newer version wrote.

    Raises
    ------
    ValueError
        The line is damaged.
    """
    try:
        return _decoder().decode(line)
    except msgspec.ValidationError:
        kind = msgspec.json.decode(line).get("fact")
        if kind in _known_kinds():
            raise ValueError(f"a damaged {kind!r} line") from None
        return None
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None


@cache
def _known_kinds() -> set[str]:
    return {kind.__struct_config__.tag for kind in (*KernelFact.__args__, *Finding.__args__)}
