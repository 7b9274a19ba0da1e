"""Values into a notebook: as Python code that gives exactly them, what derives from them computed anew."""

import ast
import math
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from nbops.capture.code.lines import to_python
from nbops.jobs.declarations import COMPUTED, TAG, Parameter, parse_parameters
from nbops.jobs.kinds import Unfit

INJECTED = "injected-parameters"
_COMMENT = "# Parameters"
_PLAIN = (bool, int, float, str, bytes, type(None))
_DECLARING = (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)


def inject(notebook: Any, values: Mapping[str, Any]) -> None:
    """Put values behind the cell tagged `parameters`, in a cell of their own, as papermill does.

    Those that the notebook has anyway are left out, so that a run with them is the run without them.

    Parameters
    ----------
    notebook
        As nbformat gives it; changed in place. A cell that an earlier run left there is replaced.
    values
        By name; of kinds that `write_value` writes.
    """
    import nbformat

    cells = notebook.cells
    tagged, injected = _find(cells, TAG), _find(cells, INJECTED)
    declared = "" if tagged is None else cells[tagged].source
    if injected is not None:
        cells[injected].source = write_cell(declared, values)
    elif others := leave_out_usual(declared, values):
        cell = nbformat.v4.new_code_cell(
            write_cell(declared, others), metadata={"tags": [INJECTED]}
        )
        cells.insert(0 if tagged is None else tagged + 1, cell)


def leave_out_usual(declared: str, values: Mapping[str, Any]) -> dict[str, Any]:
    r"""The values but for those that the declaring cell's variables have anyway, as far as its text tells.

    >>> leave_out_usual("a = 1\nb = 2", {"a": 1, "b": 3})
    {'b': 3}
    >>> leave_out_usual("a = 1\nif True:\n    a = 2", {"a": 1})
    {'a': 1}
    """
    try:
        usual = {each.name: _usual(each) for each in parse_parameters(declared)}
        statements = ast.parse(to_python(declared)).body
    except SyntaxError:
        return dict(values)
    bound, used = Counter[str](), set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.alias):
            bound[node.asname or node.name.partition(".")[0]] += 1
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                used.add(node.id)
            else:
                bound[node.id] += 1
    is_told = "*" not in bound and all(map(_only_declares, statements))
    return {
        name: value
        for name, value in values.items()
        if not is_told
        or bound[name] != 1
        or not _is_same(usual.get(name, COMPUTED), value)
        or (name in used and not isinstance(value, _PLAIN))  # something may have changed it
    }


def _usual(parameter: Parameter) -> Any:
    """Value of a parameter that is not given, as its kind would take it: of `rate: float = 1` it is 1.0."""
    is_number = parameter.kind.names == ("float",) and type(parameter.default) is int
    return float(parameter.default) if is_number else parameter.default


def _only_declares(statement: ast.stmt) -> bool:
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_text or isinstance(statement, _DECLARING)


def _is_same(default: Any, value: Any) -> bool:
    """Whether two values are told by the same code: 1 is not 1.0, nor True."""
    try:
        return write_value(default) == write_value(value)
    except Unfit:  # as what is computed is
        return False


def complete(notebook: Any) -> None:
    """Have the cell that papermill has just put there compute anew what derives from its values.

    One that an earlier run left there is no parameter of this one, and stays; so does one from which
    nothing derives.
    """
    cells = notebook.cells
    tagged, injected = _find(cells, TAG), _find(cells, INJECTED)
    if tagged is None or injected is None or "papermill" in cells[injected].metadata:
        return
    values = notebook.metadata.papermill["parameters"]
    if _derives(cells[tagged].source, values):
        cells[injected].source = write_cell(cells[tagged].source, values)


def write_cell(declared: str, values: Mapping[str, Any]) -> str:
    r"""Source of the injected cell.

    When something in the declaring cell uses a given value, it is that cell again, with the values in
    their places: what is derived is derived from them. Else it only assigns them.

    >>> print(write_cell("a = 1\ntwice = a * 2  # so", {"a": 9}))
    # Parameters
    a = 9
    twice = a * 2  # so
    >>> print(write_cell("a = 1\nb = 2", {"b": "it's"}))
    # Parameters
    b = "it's"
    """
    codes = {name: write_value(value) for name, value in values.items()}
    if not _derives(declared, values):
        return "\n".join([_COMMENT, *(f"{name} = {code}" for name, code in codes.items())])
    return f"{_COMMENT}\n{replace_values(declared, codes)}"


def replace_values(declared: str, codes: Mapping[str, str]) -> str:
    r"""The declaring cell with other code in the places of values; what is not declared comes last.

    >>> replace_values("a = 1  # of all\nb = a", {"a": "options.a"})
    'a = options.a  # of all\nb = a'
    """
    code = to_python(declared)
    lines = code.encode().split(b"\n")
    placed = set()
    for statement in reversed(ast.parse(code).body):
        names = [name for name in _assigned(statement) if name in codes]
        placed.update(names)
        value = getattr(statement, "value", None)
        if not names:
            continue
        if value is not None and len(_targets(statement)) == 1:
            _replace(lines, value, codes[names[0]])
        else:
            row = statement.end_lineno or 0
            lines[row:row] = [f"{name} = {codes[name]}".encode() for name in names]
    rest = [f"{name} = {text}" for name, text in codes.items() if name not in placed]
    return "\n".join([b"\n".join(lines).decode(), *rest])


def write_value(value: Any) -> str:
    r"""Python code whose value is this one; it brings no name into the notebook.

    >>> [write_value(v) for v in ("a\n", None, float("nan"), [1, {"k": -math.inf}])]
    ["'a\\n'", 'None', "float('nan')", "[1, {'k': float('-inf')}]"]

    Raises
    ------
    Unfit
        There is none.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if type(value) in (bool, int, float, str, bytes) or value is None:
        return repr(value)
    if isinstance(value, Path):
        return f"__import__('pathlib').Path({str(value)!r})"
    if isinstance(value, date):
        kind = "datetime" if isinstance(value, datetime) else "date"
        return f"__import__('datetime').{kind}.fromisoformat({value.isoformat()!r})"
    if type(value) is dict:
        items = (f"{write_value(key)}: {write_value(item)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    if type(value) not in (list, tuple, set):
        raise Unfit(f"not a {type(value).__name__}, which no notebook can be given")
    return _write_items(type(value), [write_value(item) for item in value])


def _write_items(kind: type, items: list[str]) -> str:
    inside = ", ".join(items)
    if kind is list:
        return f"[{inside}]"
    if kind is set:
        return f"{{{inside}}}" if items else "set()"
    return f"({inside},)" if len(items) == 1 else f"({inside})"


def _derives(declared: str, values: Mapping[str, Any]) -> bool:
    """Whether anything in the declaring cell uses one of the values."""
    try:
        tree = ast.parse(to_python(declared))
    except SyntaxError:
        return False
    return any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in values
        for node in ast.walk(tree)
    )


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def _assigned(statement: ast.stmt) -> list[str]:
    return [target.id for target in _targets(statement) if isinstance(target, ast.Name)]


def _replace(lines: list[bytes], node: ast.expr, code: str) -> None:
    """Put code in an expression's place; parentheses around it stay."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head, tail = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
    lines[first : last + 1] = [head + code.encode("utf-8", "surrogatepass") + tail]


def _find(cells: list[Any], tag: str) -> int | None:
    for number, cell in enumerate(cells):
        if cell.cell_type == "code" and tag in cell.metadata.get("tags", ()):
            return number
    return None
