"""What this process has read of sessions, by their version: who asks again reads only what is new."""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from nbops.capture.data.contents import path_of
from nbops.index.queries import Index
from nbops.records import CellRun, Listing, Run, from_json

_MOST = 8
"""Sessions that are remembered at once; one of 2,000 cell runs takes some 10 MB."""

_NEWEST = "SELECT record FROM runs WHERE session_id = ? ORDER BY started_at DESC, rowid LIMIT 1"


@dataclass(frozen=True)
class Remembered:
    """One session as the index had it.

    Parameters
    ----------
    cell_runs
        In order of execution; of metrics, the last values only.
    newest
        The run that began last.
    files
        Paths whose change makes one of its cells stale.
    listings
        Names of folders that do.
    """

    version: int
    cell_runs: tuple[CellRun, ...] = ()
    newest: Run | None = None
    files: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()


_remembered: OrderedDict[tuple[str, str], Remembered] = OrderedDict()
_lock = threading.Lock()


def remember(index: Index, session_id: str, version: int) -> Remembered:
    """A session of the index, which has it in this version by now."""
    key = (str(index.workspace.index), session_id)
    with _lock:
        known = _remembered.get(key)
    if known is None or known.version != version:
        known = _read(index, session_id, version, known)
    with _lock:
        _remembered[key] = known
        _remembered.move_to_end(key)
        while len(_remembered) > _MOST:
            _remembered.popitem(last=False)
    return known


def _read(index: Index, session_id: str, version: int, before: Remembered | None) -> Remembered:
    since = before.version if before else -1
    query = "SELECT record FROM cell_runs WHERE session_id = ? AND version > ?"
    changed = _cells(index, query, [session_id, since])
    runs = {cell.id: cell for cell in (*(before.cell_runs if before else ()), *changed)}
    query = "SELECT COUNT(*) FROM cell_runs WHERE session_id = ?"
    if before is not None and [row[0] for row in index.rows(query, [session_id])] != [len(runs)]:
        return _read(index, session_id, version, None)  # some were erased
    in_order = tuple(sorted(runs.values(), key=lambda cell: cell.seq))
    newest = [from_json(row[0], Run) for row in index.rows(_NEWEST, [session_id])]
    return Remembered(
        version=version,
        cell_runs=in_order,
        newest=newest[0] if newest else None,
        files=tuple(_files(in_order, str(index.workspace.root))),
        listings=tuple(dict.fromkeys(one for cell in in_order for one in cell.listings)),
    )


def _cells(index: Index, query: str, args: list[object]) -> list[CellRun]:
    return [from_json(row[0], CellRun) for row in index.rows(query, args)]


def _files(cells: Iterable[CellRun], root: str) -> dict[str, None]:
    data = {
        path_of(ref.uri): None
        for cell in cells
        for ref in cell.reads
        if ref.digest and ref.uri.startswith("file:")
    }
    modules = {os.path.join(root, ref.path): None for cell in cells for ref in cell.modules}
    return {**data, **modules}
