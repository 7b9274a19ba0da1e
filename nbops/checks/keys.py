"""Which keys of a frame or a dict a cell reads and stores: `df["b"] = df["a"] * 2` reads "a" and stores "b".

Two cells that store different keys of one frame do not depend on each other's turn.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from nbops.capture.code.scopes import run_at_once
from nbops.checks.cells import Cell

_ADDS_UP = frozenset(
    ["append", "extend", "insert", "pop", "remove", "reverse", "partial_fit", "step", "backward"]
)
"""Methods after which the object is another each time that they are called."""


@dataclass(frozen=True)
class Keys:
    """Keys of one name's object; None is the object as a whole."""

    read: frozenset[object] | None = frozenset()
    stored: frozenset[object] | None = frozenset()

    def meets(self, other: "Keys") -> bool:
        """Whether it matters which of two cells stored first."""
        if self.stored is None or other.stored is None:
            return True
        return bool(self.stored & other.stored)

    def sees(self, other: "Keys") -> bool:
        """Whether what another cell stored is read here."""
        if self.read is None:
            return other.stored is None or bool(other.stored)
        return bool(self.read) if other.stored is None else bool(self.read & other.stored)


WHOLE = Keys(None, None)


def keys_used(cell: Cell) -> Mapping[str, Keys]:
    """By name: the keys that a cell uses of it."""
    return _keys_used(cell.source)


@lru_cache(maxsize=4096)
def _keys_used(source: str) -> dict[str, Keys]:
    cell = Cell(source)
    read: dict[str, set[object] | None] = {}
    stored: dict[str, set[object] | None] = {}
    for name, keys, is_read, is_stored in _uses(cell.tree):
        if is_read:
            _add(read, name, keys)
        if is_stored:
            _add(stored, name, keys)
    touched = set(cell.found.touches) | set(cell.found.names.defines)
    used = {}
    for name in read.keys() | stored.keys() | touched:
        keys = stored.get(name, set() if name not in touched else None)
        used[name] = Keys(_frozen(read.get(name, set())), _frozen(keys))
    return used


def _frozen(keys: set[object] | None) -> frozenset[object] | None:
    return None if keys is None else frozenset(keys)


def _add(into: dict[str, set[object] | None], name: str, keys: set[object] | None) -> None:
    known = into.setdefault(name, set())
    into[name] = None if known is None or keys is None else known | keys


def _uses(tree: ast.Module) -> Iterator[tuple[str, set[object] | None, bool, bool]]:
    """Name, keys, is it read, is it stored; once for each time that a name stands there."""
    subscripted = set[int]()
    augmented = {id(n.target) for n in ast.walk(tree) if isinstance(n, ast.AugAssign)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            keys = _constant_keys(node.slice)
            is_load = isinstance(node.ctx, ast.Load)
            if keys is not None or not is_load:
                subscripted.add(id(node.value))
                yield node.value.id, keys, is_load or id(node) in augmented, not is_load
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            base = node.func.value
            if isinstance(base, ast.Name) and node.func.attr in _ADDS_UP:
                yield base.id, None, True, True
        elif isinstance(node, ast.Name) and id(node) not in subscripted:
            is_load = isinstance(node.ctx, ast.Load)
            if is_load or id(node) in augmented:
                yield node.id, None, True, not is_load


def _constant_keys(node: ast.expr) -> set[object] | None:
    if isinstance(node, ast.Constant):
        return {node.value}
    if isinstance(node, ast.List) and all(isinstance(one, ast.Constant) for one in node.elts):
        return {one.value for one in node.elts if isinstance(one, ast.Constant)}
    return None


def builds_on_itself(cell: Cell, name: str) -> bool:
    """Whether running a cell twice gives a name another value than running it once: `n += 1`, `x = f(x)`."""
    is_own = (
        name in cell.found.names.defines
    )  # a list that it makes and fills is a new one each time
    for node in run_at_once(cell.tree):
        match node:
            case ast.AugAssign(target=target) if _base(target) == name:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=base), attr=method)):
                if base == name and method in _ADDS_UP and not is_own:
                    return True
            case ast.Assign(targets=targets, value=value):
                texts = {ast.unparse(target) for target in targets if _base(target) == name}
                if texts & {ast.unparse(n) for n in run_at_once(value) if isinstance(n, _PLACES)}:
                    return True
    return False


_PLACES = (ast.Name, ast.Attribute, ast.Subscript)


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
