"""Where each cell's names come from, when cells run in a given order: the one they ran in, or the notebook's."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from nbops.capture.code.calls import Calls
from nbops.checks.cells import Cell
from nbops.checks.keys import WHOLE, Keys, keys_used

_HISTORY = re.compile(r"_+(i*\d*)?$")


@dataclass
class Step:
    """One cell in its turn.

    Parameters
    ----------
    sources
        By name: the cell that bound it last, or last changed in place what this one reads of it.
    changers
        By name: all the cells that have changed it in place since it was bound.
    imports
        By name that an import bound: the cell that imported it.
    files
        By name of a file that it read: the cell that wrote it.
    draws
        By generator: the cells that drew from it since it was seeded, the seeding cell first; None when
        nobody seeded it.
    unbound
        Names that no cell before it bound, with the cell that deleted them, if one did.
    """

    cell: Cell
    sources: dict[str, Cell] = field(default_factory=dict)
    changers: dict[str, list[tuple[Cell, Keys]]] = field(default_factory=dict)
    imports: dict[str, Cell] = field(default_factory=dict)
    files: dict[str, Cell] = field(default_factory=dict)
    draws: dict[str, tuple[Cell, ...] | None] = field(default_factory=dict)
    unbound: dict[str, Cell | None] = field(default_factory=dict)


def follow(cells: Iterable[Cell]) -> list[Step]:
    """Walk through cells in an order."""
    walk = _Walk()
    return [walk.step(cell) for cell in cells]


class _Walk:
    def __init__(self) -> None:
        self._calls = Calls()
        self._makers: dict[str, list[tuple[Cell, Keys]]] = {}  # who bound it, then who changed it
        self._importer: dict[str, Cell] = {}
        self._deleter: dict[str, Cell] = {}
        self._writer: dict[str, Cell] = {}
        self._drawn: dict[str, list[Cell]] = {}  # since it was seeded, the seeding cell first

    def step(self, cell: Cell) -> Step:
        found = cell.found
        reads, seeds = self._calls.read_by(found)
        touched = set(found.touches) - set(found.names.defines)
        step, keys = Step(cell), keys_used(cell)
        for name in sorted(reads | touched):
            self._look_up(name, keys.get(name, WHOLE), step)
        for ref in cell.run.reads if cell.run else ():
            if ref.uri in self._writer:
                step.files[ref.name] = self._writer[ref.uri]
        self._bind(cell, {name: keys.get(name, WHOLE) for name in touched}, seeds)
        self._calls.keep(found)
        return step

    def _look_up(self, name: str, keys: Keys, step: Step) -> None:
        if not name.isidentifier():
            if name.endswith("()"):
                self._draw(name, step)
        elif name in self._makers:
            first, *changers = self._makers[name]
            step.changers[name] = changers
            seen = (maker for maker, stored in reversed(changers) if keys.sees(stored))
            step.sources[name] = next(seen, first[0])
        elif name in self._importer:
            step.imports[name] = self._importer[name]
        elif not _HISTORY.match(name):
            step.unbound[name] = self._deleter.get(name)

    def _draw(self, name: str, step: Step) -> None:
        drawn = self._drawn.get(name)
        step.draws[name] = None if drawn is None else tuple(drawn)
        if drawn is not None:
            drawn.append(step.cell)

    def _bind(self, cell: Cell, touched: dict[str, Keys], seeds: set[str]) -> None:
        found = cell.found
        imports = set(found.imports)
        for name in (*found.names.defines, *found.names.deletes):
            self._makers.pop(name, None)
            self._importer.pop(name, None)
            self._deleter.pop(name, None)
        for name in found.names.defines:
            if name in imports:
                self._importer[name] = cell
            else:
                self._makers[name] = [(cell, WHOLE)]
        for name, keys in touched.items():
            if name not in self._importer:
                self._makers.setdefault(name, []).append((cell, keys))
        self._deleter.update(dict.fromkeys(found.names.deletes, cell))
        for name in seeds:
            self._drawn[name] = [cell]
        for ref in cell.run.writes if cell.run else ():
            self._writer[ref.uri] = cell
