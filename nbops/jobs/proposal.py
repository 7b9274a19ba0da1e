"""A parameters cell for a notebook that has none: which cell to tag, or which lines to bring together."""

import ast
import builtins
from collections import Counter
from dataclasses import dataclass
from typing import Any

from nbops.capture.code.lines import to_python
from nbops.jobs.declarations import COMPUTED, TAG, read_value
from nbops.jobs.kinds import is_plain


@dataclass(frozen=True)
class Proposal:
    """What would make a notebook take parameters.

    Parameters
    ----------
    source
        Text of the parameters cell.
    cell
        Index of the cell that would get the tag, since it holds nothing else; None for a new one.
    moved
        Line numbers, from 1, by index of the cell that they would leave for the new one.
    """

    source: str
    cell: int | None
    moved: dict[int, list[int]]


def propose(cells: list[Any]) -> Proposal | None:
    """A parameters cell: a cell of plain values that later cells use, else such lines of several cells."""
    chosen = _choose(cells)
    for number, statements in chosen.items():
        source = cells[number]["source"]
        if statements and all(map(_belongs, _body(source))):
            return Proposal(source, number, {})
    lines = []
    moved: dict[int, list[int]] = {}
    for number, statements in chosen.items():
        text = cells[number]["source"].split("\n")
        for statement in statements:
            rows = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
            if _stands_alone(text, statement) and not _needs_import(statement):
                lines += [text[row - 1] for row in rows]
                moved.setdefault(number, []).extend(rows)
    return Proposal("\n".join(lines), None, moved) if lines else None


def _choose(cells: list[Any]) -> dict[int, list[ast.stmt]]:
    """Assignments of plain values that nothing else assigns and something uses, by cell."""
    found: dict[int, list[ast.stmt]] = {}
    bound: Counter[str] = Counter()
    used: set[str] = set()
    for number, cell in enumerate(cells):
        body = _body(cell["source"]) if cell["cell_type"] == "code" else []
        for node in (node for statement in body for node in ast.walk(statement)):
            if isinstance(node, ast.Name):
                bound[node.id] += isinstance(node.ctx, ast.Store)
                if isinstance(node.ctx, ast.Load):
                    used.add(node.id)
        found[number] = [s for s in body if _is_plain_assignment(s)]
    return {
        number: [s for s in statements if bound[_name(s)] == 1 and _name(s) in used]
        for number, statements in found.items()
    }


def accept(cells: list[Any], proposal: Proposal) -> None:
    """Change a notebook's cells as proposed."""
    import nbformat

    if proposal.cell is not None:
        metadata = cells[proposal.cell]["metadata"]
        metadata["tags"] = [*metadata.get("tags", ()), TAG]
        return
    for number, rows in proposal.moved.items():
        lines = cells[number]["source"].split("\n")
        left = [line for row, line in enumerate(lines, 1) if row not in rows]
        cells[number]["source"] = "\n".join(left).strip("\n")
    made = nbformat.v4.new_code_cell(proposal.source, metadata={"tags": [TAG]})
    cells.insert(min(proposal.moved), made)


def _body(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(to_python(source)).body
    except SyntaxError:
        return []


def _is_plain_assignment(statement: ast.stmt) -> bool:
    """`name = 0.1`, a value that a terminal can give."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
    else:
        return False
    if not isinstance(target, ast.Name) or target.id.startswith("_"):
        return False
    known = read_value(value)
    return known is not COMPUTED and (is_plain(known) or not isinstance(known, list | dict))


def _belongs(statement: ast.stmt) -> bool:
    """Whether a cell of parameters may hold a statement: values, what derives from them, imports."""
    is_value = isinstance(statement, ast.Assign | ast.AnnAssign) and (
        _is_plain_assignment(statement)
        or not any(isinstance(n, ast.Call) for n in ast.walk(statement))
    )
    return is_value or isinstance(statement, ast.Import | ast.ImportFrom)


def _needs_import(statement: ast.stmt) -> bool:
    names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)} - {_name(statement)}
    return not all(hasattr(builtins, name) for name in names)


def _name(statement: ast.stmt) -> str:
    target = getattr(statement, "target", None) or getattr(statement, "targets", [None])[0]
    return target.id if isinstance(target, ast.Name) else ""


def _stands_alone(lines: list[str], statement: ast.stmt) -> bool:
    """Whether a statement's lines hold nothing else, and are lines of the cell as typed."""
    try:
        text = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        return len(ast.parse(text).body) == 1
    except (SyntaxError, IndexError):
        return False
