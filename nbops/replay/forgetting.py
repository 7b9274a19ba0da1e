"""What goes when a run or a cell run is to be forgotten, and what stays of it for the others' sake.

Its cells leave that they ran, and of their names those that other cells' texts say anyway: without
these, a cell that used a forgotten value would seem to depend on an older one of the same name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from nbops.journal import facts
from nbops.records import Names
from nbops.replay.drafts import RunDraft
from nbops.replay.replay import Replay

FORGOTTEN = "forgotten on request"


@dataclass(frozen=True)
class Scope:
    """What is to go of a session.

    Parameters
    ----------
    runs, cells
        Ids of the runs and cell runs that go with it.
    shared
        Cell runs that stay, since other runs are made of them, too.
    """

    runs: frozenset[str] = frozenset()
    cells: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    is_session: bool = False


def scope_of(replay: Replay, key: str) -> Scope | None:
    """What goes with a run, a cell run or a session; None when the session has no such thing.

    With a cell that runs begin in go these runs; with a job's run goes all that the job recorded.
    """
    runs = replay.composition().runs
    if key == replay.id or (key in runs and runs[key].origin == "job"):
        return Scope(frozenset(runs), frozenset(replay.cells), is_session=True)
    if key in runs:
        first = {key}
    elif key in replay.cells and replay.cells[key].skipped != FORGOTTEN:
        first = {run.id for run in runs.values() if _begins_in(run, key)}
    else:
        return None
    gone = _with_children(first, runs.values())
    theirs = {cell.id for run_id in gone for cell in runs[run_id].cells}
    others = {
        cell.id
        for run in runs.values()
        if run.id not in gone and run.origin != "job"
        for cell in run.cells
    }
    cells = (theirs - others) | ({key} & replay.cells.keys())
    if gone == runs.keys():  # then the session is no run either
        gone |= replay.lookup.created.keys()
    return Scope(frozenset(gone), frozenset(cells), frozenset(theirs - cells))


def _begins_in(run: RunDraft, cell_run: str) -> bool:
    return run.origin != "job" and bool(run.cells) and run.cells[0].id == cell_run


def _with_children(first: set[str], runs: Iterable[RunDraft]) -> set[str]:
    gone = set(first)
    for run in runs:  # parents come first
        if run.parent in gone:
            gone.add(run.id)
    return gone


class Leaving:
    """Tells of each fact what is left of it.

    Parameters
    ----------
    files
        Names of kept files that show what the cells did, such as the notebook as it was executed.
    """

    def __init__(self, replay: Replay, scope: Scope, files: frozenset[str] = frozenset()) -> None:
        self._scope = scope
        self._files = files
        stays = [cell for cell in replay.cells.values() if cell.id not in scope.cells]
        seen = [one for cell in stays for one in (*cell.reads, *cell.writes)]
        self.uris = {one.uri for one in seen}
        """Of the data that other cells read or wrote."""
        self._contents = {(one.uri, one.stat) for one in seen}
        self._digests = {replay.lookup.digest_of(one) for one in seen}
        self._spoken = {name for cell in stays if cell.names for name in _all_names(cell.names)}

    def __call__(self, fact: facts.Fact) -> facts.Fact | None:
        if self._goes(fact) or getattr(fact, "run", None) in self._scope.runs:
            return None
        if getattr(fact, "cell_run", None) in self._scope.cells:
            return self._of_cell(fact)
        return fact

    def _goes(self, fact: facts.Fact) -> bool:
        match fact:
            case facts.Shipped() | facts.Refused():
                return True  # what is left is told to MLflow anew
            case facts.Overwritten() | facts.Digested():
                return (fact.uri, fact.stat) not in self._contents
            case facts.Kept():
                return fact.digest not in self._digests
            case facts.FileKept():
                return fact.name in self._files
        return False

    def _of_cell(self, fact: facts.Fact) -> facts.Fact | None:
        match fact:
            case facts.CellBefore():
                return msgspec.structs.replace(fact, source="", skipped=FORGOTTEN)
            case facts.CellStarted():
                return facts.CellStarted(
                    cell_run=fact.cell_run,
                    seq=fact.seq,
                    cell_id=None,
                    execution_count=fact.execution_count,
                    source="",
                    at=float(int(fact.at)),  # no closer: what was written then shall not be guessed
                    environment_stamp=fact.environment_stamp,
                    skipped=FORGOTTEN,
                )
            case facts.CellEnded():
                return facts.CellEnded(
                    cell_run=fact.cell_run,
                    status=fact.status,
                    at=float(int(fact.at)),
                    duration_s=float(round(fact.duration_s)),
                    cpu_s=float(round(fact.cpu_s)),
                )
            case facts.NamesFound():
                return self._names(fact)
        return None

    def _names(self, fact: facts.NamesFound) -> facts.NamesFound:
        names = fact.names
        return facts.NamesFound(
            cell_run=fact.cell_run,
            names=Names(
                defines=self._said(names.defines),
                uses=self._said(names.uses),
                deletes=self._said(names.deletes),
                mutates=self._said(names.mutates),
            ),
            imports=list(self._said(fact.imports)),
            touches=list(self._said(fact.touches)),
            may_touch=list(self._said(fact.may_touch)),
            late=list(self._said(fact.late)),
            deferred=self._said_of(fact.deferred),
            holds=self._said_of(fact.holds),
            generators=list(self._said(fact.generators)),
        )

    def _said(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name in self._spoken)

    def _said_of(self, names: dict[str, list[str]]) -> dict[str, list[str]]:
        return {
            name: list(self._said(inner)) for name, inner in names.items() if name in self._spoken
        }


def leave_nothing(_fact: facts.Fact) -> None:
    """Of a whole session, nothing is left."""


def _all_names(found: facts.NamesFound) -> set[str]:
    fields: list[Any] = [found.imports, found.touches, found.may_touch, found.late]
    fields += [found.generators, *msgspec.structs.astuple(found.names)]
    for by_name in (found.deferred, found.holds):
        fields += [by_name.keys(), *by_name.values()]
    return {name for names in fields for name in names}
