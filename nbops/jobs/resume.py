"""`--resume RUN`: go on at the cell that failed, when what came before it would come out the same again.

A kernel's variables are gone with it. They are rebuilt by running again the cells before that the rest
depends on; the others, whose results are recorded, are left out.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbops.capture.code.lines import split_mark
from nbops.capture.code.names import find_names
from nbops.digests import digest_source
from nbops.errors import UsageError
from nbops.index.around import look_around
from nbops.index.queries import Index
from nbops.jobs.cells import settle_cell_ids
from nbops.jobs.declarations import TAG
from nbops.jobs.expected import check_environment
from nbops.jobs.injection import INJECTED, inject
from nbops.jobs.plan import JobPlan
from nbops.jobs.recorded import as_recorded, folder_of, given_parameters, is_hidden
from nbops.records import CellRun, Document
from nbops.store import open_store
from nbops.views.outputs import read_outputs
from nbops.workspace import Workspace

_HASHED_BYTES = 2_000_000_000
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_PURE = frozenset(
    {"abs", "bool", "display", "float", "int", "len", "print", "range", "round", "str"}
)
"""Functions that change nothing, not even what they are given: `list` would use up an iterator."""
_RECORDING = re.compile(r"%track\s+(metric|param|note|data|file)\b")
"""Lines that do nothing but record; what they recorded is there."""


def plan_resume(
    workspace: Workspace, path: Path, notebook: Any, job: JobPlan, word: str
) -> JobPlan:
    """The job that goes on where another one failed.

    Parameters
    ----------
    notebook
        As read from `path`.
    word
        What a person calls the run, or its session.

    Raises
    ------
    UsageError
        It would not be sound, or there is nothing to go on with.
    """
    import nbformat

    index = Index(workspace)
    index.wait()
    found = index.resolve(word)
    document = index.document(replace(found, id=found.session_id, is_session=True))
    name = document.session.notebook
    if name is None or (workspace.root / name).resolve() != path:
        raise UsageError(f"{word} is a run of {name or 'no notebook'}, not of {path.name}.")
    if document.session.status in ("running", "finished"):
        raise UsageError(
            f"{word} is {document.session.status}: there is nothing to resume.",
            "Without --resume it runs as a whole.",
        )
    workdir = _settle_folder(workspace, path, document, job.workdir)
    _refuse_other_parameters(document, job.parameters)
    known = given_parameters(document, notebook, path, anew=job.parameters)
    parameters = {**known, **job.parameters}
    cells = _cells_of(notebook, path, parameters)
    done = {cell.cell_id: cell for cell in document.cell_runs if cell.status == "ok"}
    count = next((n for n, cell in enumerate(cells) if cell.id not in done), len(cells))
    _refuse_changes(index, path, document, cells[:count], [done[c.id] for c in cells[:count]])
    check_environment(workspace, document.session.id, notebook.metadata)
    kept = find_needed([cell.source for cell in cells], count, [done[c.id] for c in cells[:count]])
    store = open_store(workspace)
    skipped = {
        cell.id: [*map(nbformat.from_dict, read_outputs(done[cell.id], store))]
        for number, cell in enumerate(cells[:count])
        if number not in kept and not {TAG, INJECTED} & set(cell.metadata.get("tags", ()))
    }
    tags = {**job.tags, "nbops.resumed": document.session.id}
    return replace(job, parameters=parameters, workdir=workdir, skipped=skipped, tags=tags)


def _settle_folder(
    workspace: Workspace, path: Path, document: Document, given: Path | None
) -> Path:
    """The folder of the run, where its relative paths lead to the same files.

    Raises
    ------
    UsageError
        Another one is given, or it is gone.
    """
    before = folder_of(workspace, document) or path.parent
    if given is not None and given != before:
        was, now = (workspace.name_of(str(folder)) for folder in (before, given))
        _refuse(f"it worked in {was}, and is to work in {now} now")
    if not before.is_dir():
        _refuse(f"the folder {workspace.name_of(str(before))} that it worked in is gone")
    return before


def _refuse_other_parameters(document: Document, given: Mapping[str, Any]) -> None:
    """Refuse values that are others than those of the run.

    Raises
    ------
    UsageError
    """
    before = document.session.params
    for name, value in as_recorded(given).items():
        if name not in before:
            _refuse(f"{name} is given now, and was not then")
        if before[name] != value and not is_hidden(before[name]):
            _refuse(f"{name} was {before[name]}, and is {value} now")


def find_needed(sources: Sequence[str], count: int, recorded: Sequence[CellRun]) -> set[int]:
    """Which of the first cells must run again, so that the rest finds what it needs.

    A cell is left out only when all that it does is known: it binds or changes variables that nothing
    later needs, writes files that are recorded, and draws no random numbers that others may draw after it.

    Parameters
    ----------
    count
        How many cells ran.
    recorded
        Their records.
    """
    needed: set[str] = set()
    for source in sources[count:]:
        needed |= _reads(source)
    kept: set[int] = set()
    is_settled = False
    while not is_settled:  # a function that is kept may read what was bound after it
        is_settled = True
        for number in sorted(set(range(count)) - kept, reverse=True):
            changed = _changes(sources[number]) & needed
            if changed or not _is_known(sources[number], recorded[number]):
                kept.add(number)
                needed |= _reads(sources[number])
                is_settled = False
    return kept


def _changes(source: str) -> set[str]:
    found = find_names("", source)
    names = found.names
    changed = {*names.defines, *names.deletes, *names.mutates}
    return changed | {*found.touches, *found.may_touch}


def _reads(source: str) -> set[str]:
    found = find_names("", source)
    deferred = {name for names in found.deferred.values() for name in names}
    held = {name for names in found.holds.values() for name in names}
    return {*found.names.uses, *found.names.mutates, *deferred, *held}


def _is_known(source: str, record: CellRun) -> bool:
    """Whether all that a cell does shows in its text and its record."""
    if record.random_state or record.skipped:
        return False
    found = find_names("", source)
    if found.imports or found.generators:
        return False
    _, code = split_mark(source)
    lines = [line for line in code.splitlines() if not _RECORDING.match(line.strip())]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:  # magics and shell lines do anything
        return False
    return not any(map(_may_do_anything, _executed(tree)))


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """What is evaluated when the cell runs: of a function, its decorators and defaults, not its body."""
    yield node
    body = getattr(node, "body", ()) if isinstance(node, _FUNCTIONS) else ()
    left_out = body if isinstance(body, list) else [body]
    for child in ast.iter_child_nodes(node):
        if child not in left_out:
            yield from _executed(child)


def _may_do_anything(node: ast.AST) -> bool:
    """What may change something that the cell does not name: a module's state, an alias, a file, the process."""
    if isinstance(node, ast.Call):
        return not (isinstance(node.func, ast.Name) and node.func.id in _PURE)
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        # What a name holds may be used up.
        return not isinstance(node.iter, ast.Call | ast.List | ast.Tuple | ast.Constant)
    if isinstance(node, ast.Attribute | ast.Subscript):
        return isinstance(node.ctx, ast.Store | ast.Del)
    return isinstance(
        node,
        ast.Global | ast.Nonlocal | ast.Import | ast.ImportFrom | ast.AugAssign | ast.Await,
    )


def _cells_of(notebook: Any, path: Path, parameters: dict[str, Any] | Any) -> list[Any]:
    """Code cells as the engine will run them."""
    import copy

    import nbformat

    made = nbformat.v4.upgrade(copy.deepcopy(notebook))
    if parameters:
        inject(made, parameters)
    settle_cell_ids(made, str(path))
    return [cell for cell in made.cells if cell.cell_type == "code" and cell.source.strip()]


def _refuse_changes(
    index: Index, path: Path, document: Document, cells: Sequence[Any], done: Sequence[CellRun]
) -> None:
    """Refuse when a cell before the failed one, or what it read, is not what it was.

    Raises
    ------
    UsageError
    """
    ran = [cell.cell_id for cell in document.cell_runs if cell.status != "before_tracking"]
    if ran[: len(cells)] != [cell.id for cell in cells]:
        _refuse("the cells before it, or their order, are others")
    around = look_around(index, path.parent, max_bytes=_HASHED_BYTES)
    for cell, run in zip(cells, done, strict=True):
        where = f"cell [{run.execution_count}]"
        if run.skipped is None and digest_source(cell.source) != run.source_digest:
            _refuse(f"{where} was changed since")
        for module in run.modules:
            if around.has_changed_module(module) is not False:
                _refuse(f"{where} used {module.path}, which was changed since")
        for listing in run.listings:
            if around.has_other_names(listing, ()) is not False:
                _refuse(f"{where} listed {listing.name}, which may have other names now")
        for ref in run.reads:
            changed = None if ref.sampled else around.has_changed(ref)
            # Be it by the run itself: it would go over it twice.
            if ref.is_read and changed is not False:
                how = "which changed" if changed else "of which nobody can tell if it changed"
                _refuse(f"{where} read {ref.name}, {how}")


def _refuse(reason: str) -> None:
    raise UsageError(f"To resume would not be sound: {reason}.", "Without --resume all cells run.")
