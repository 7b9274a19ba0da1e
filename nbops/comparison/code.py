"""Which code differs: cells are paired by their id, then by what they say."""

import ast
import difflib
import re
from collections.abc import Iterator, Sequence

from nbops.comparison.differences import Change, DiffLine
from nbops.digests import digest_source
from nbops.records import CellRun, Scalar, first_line

_ALIKE = 0.6
_CONTEXT = 2
_MARK = re.compile(
    r"\A((?:[ \t]*\n|%%(?!track\s)[^\n]*\n)*)%%track(?!\S)[^\n]*\n?|\A\s*#\s*track:[^\n]*\n?"
)
"""A cell's mark; `%%track` may stand below other cell magics."""


Paired = tuple[CellRun | None, CellRun | None]
"""A cell of A with its counterpart in B; None where there is none."""


def pair_cells(a: Sequence[CellRun], b: Sequence[CellRun]) -> list[Paired]:
    """Pair the cells of two runs, in B's order of execution; what A alone ran comes last."""
    a, b = _once(a), _once(b)
    paired: list[Paired] = list(_pairs(a, b))
    taken = {one.id for one, _ in paired if one is not None}
    return [*paired, *((one, None) for one in a if one.id not in taken)]


def compare_code(
    paired: Sequence[Paired], params: list[Change], same: dict[str, int], called: str = "B"
) -> list[Change]:
    """Compare the code of cells that were paired.

    Lines that say nothing but a changed parameter's value (`depth = 8`, `%%track forest depth=8`) are
    that parameter's change, not one more.
    """
    changes = []
    for one, other in paired:
        if any(cell and cell.is_injected for cell in (one, other)):
            continue  # it gives values, which are compared as parameters
        change = _compare_cells(one, other, params, called)
        if change is not None:
            changes.append(change)
        elif other is not None:
            same["cells"] = same.get("cells", 0) + 1
    return changes


def _once(cells: Sequence[CellRun]) -> list[CellRun]:
    """Cell runs without those that were run again, when the cell uses nothing but what was imported.

    Such a cell does the same each time; one that uses a value may go on from what it did before.
    """
    imported = {name for cell in cells for name in _imported(code_of(cell))}
    last = {(cell.cell_id, code_of(cell)): cell.id for cell in cells}
    return [
        cell
        for cell in cells
        if cell.names is None
        or set(cell.names.uses) - imported
        or last[cell.cell_id, code_of(cell)] == cell.id
    ]


def _imported(code: str) -> set[str]:
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError):
        return set()
    return {
        (alias.asname or alias.name).partition(".")[0]
        for statement in statements
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for alias in statement.names
    }


def _pairs(a: Sequence[CellRun], b: Sequence[CellRun]) -> Iterator[tuple[CellRun | None, CellRun]]:
    """Each cell of B with its counterpart in A: of the same cell id, else text, else the most alike."""
    left = list(a)
    found: dict[str, CellRun] = {}
    for same in (
        lambda one, other: one.cell_id is not None and one.cell_id == other.cell_id,
        lambda one, other: code_of(one) == code_of(other),
        lambda one, other: one.declared_in is not None and one.declared_in == other.declared_in,
    ):
        for other in b:
            if other.id not in found:
                match = next((one for one in left if same(one, other)), None)
                if match:
                    left.remove(match)
                    found[other.id] = match
    for other in b:
        if other.id not in found and left:
            match = max(left, key=lambda one: _likeness(one, other))
            if _likeness(match, other) >= _ALIKE:
                left.remove(match)
                found[other.id] = match
    for other in b:
        yield found.get(other.id), other


def _likeness(one: CellRun, other: CellRun) -> float:
    return difflib.SequenceMatcher(None, code_of(one), code_of(other), autojunk=False).ratio()


def code_of(cell: CellRun) -> str:
    """What a cell says, without its mark."""
    return _MARK.sub(r"\1", cell.source).strip()


def _compare_cells(
    one: CellRun | None, other: CellRun | None, params: list[Change], called: str
) -> Change | None:
    cell = other or one
    if cell is None:
        return None
    before, after = (code_of(one) if one else ""), (code_of(other) if other else "")
    if digest_source(before) == digest_source(after):
        return None
    if _says_only_params(before, after, params):
        return None
    note = "" if one and other else f"only in {called if other else 'A'}"
    return Change(
        kind="code",
        name=first_line(code_of(cell)) or first_line(cell.source),
        a=_count(one),
        b=_count(other),
        note=note,
        a_cell=one.id if one else None,
        b_cell=other.id if other else None,
        diff=tuple(diff_lines(before, after)),
    )


def _count(cell: CellRun | None) -> int | None:
    return cell.execution_count if cell else None


def diff_lines(before: str, after: str) -> Iterator[DiffLine]:
    """Line by line, with two lines around each change; a `gap` stands for what is left out."""
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    end = 0
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        if group[0][3] > end:
            yield DiffLine(op="gap", text="")
        end = group[-1][4]
        for op, i1, i2, j1, j2 in group:
            if op == "equal":
                yield from (DiffLine(op="same", text=line) for line in old[i1:i2])
                continue
            yield from (DiffLine(op="removed", text=line) for line in old[i1:i2])
            yield from (DiffLine(op="added", text=line) for line in new[j1:j2])
    if end < len(new) and end > 0:
        yield DiffLine(op="gap", text="")


def _says_only_params(before: str, after: str, params: list[Change]) -> bool:
    """Whether each differing line assigns a changed parameter the value that was recorded."""
    changed = {change.name: (change.a, change.b) for change in params}
    for line in diff_lines(before, after):
        if line.op in ("same", "gap") or _says_nothing(line.text):
            continue
        assigned = _assignment(line.text)
        if assigned is None or assigned[0] not in changed:
            return False
        if changed[assigned[0]][line.op == "added"] != assigned[1]:
            return False
    return True


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _assignment(line: str) -> tuple[str, Scalar] | None:
    try:
        (statement,) = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return None
    return assignment_of(statement)


def assignment_of(statement: ast.stmt) -> tuple[str, Scalar] | None:
    """The name that a statement binds to a value that stands there, and that value as params are recorded."""
    try:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target  # type: ignore[attr-defined]
        value = ast.literal_eval(statement.value)  # type: ignore[attr-defined]
    except (ValueError, AttributeError, TypeError):
        return None
    if not isinstance(target, ast.Name):
        return None
    is_scalar = value is None or isinstance(value, str | int | float | bool)
    return target.id, value if is_scalar else repr(value)
