"""What a notebook says of its parameters, in the plain code of the cell tagged `parameters`.

depth = 4                                  # how deep a tree may grow
rate: float = 1                            # an annotation where the value does not tell
model: Literal["forest", "boosted"] = "forest"
share: Annotated[float, "0..1"] = 0.5      # a range; annotated-types' Ge, Lt, Interval, too
leaves = 2 ** depth                        # derived: computed anew for another depth
"""

import ast
import io
import re
import tokenize
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from nbops.capture.code.lines import to_python
from nbops.jobs.kinds import KINDS, Kind, kind_of

TAG = "parameters"


class _Unknown:
    """A default that only running the cell would tell."""

    def __repr__(self) -> str:
        return "computed"


COMPUTED = _Unknown()


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Parameters
    ----------
    default
        Its value; `COMPUTED` when its text does not tell.
    default_source
        Its value as written; None when it must be given.
    uses
        Names of other parameters that its value is computed from.
    """

    name: str
    kind: Kind
    default: Any
    default_source: str | None
    help: str = ""
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Declarations:
    """Parameters of a notebook, in their order.

    Parameters
    ----------
    source
        Text of the cell; None when no cell is tagged.
    problem
        Why the cell's text could not be read.
    """

    notebook: str
    source: str | None = None
    parameters: tuple[Parameter, ...] = ()
    problem: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        return next(parameter for parameter in self.parameters if parameter.name == name)


def read_declarations(cells: list[Any], notebook: str) -> Declarations:
    """What a notebook's cells declare.

    Parameters
    ----------
    cells
        As nbformat gives them.
    notebook
        What messages call it.
    """
    for cell in cells:
        if cell["cell_type"] == "code" and TAG in cell["metadata"].get("tags", ()):
            try:
                parameters = parse_parameters(cell["source"])
            except SyntaxError as error:
                return Declarations(notebook, cell["source"], problem=f"{error.msg}")
            return Declarations(notebook, cell["source"], parameters)
    return Declarations(notebook)


def parse_parameters(source: str) -> tuple[Parameter, ...]:
    """Parameters that a cell's text declares.

    Raises
    ------
    SyntaxError
    """
    code = to_python(source)
    statements = ast.parse(code).body
    comments = _comments(code)  # of what is Python: else tokenize has errors of its own
    found: dict[str, Parameter] = {}
    for statement in statements:
        for name, annotation, value in _assignments(statement):
            if name.startswith("_"):
                continue
            about = comments.get(statement.end_lineno or 0, "")
            uses = tuple(sorted(_names_in(value) & found.keys())) if value is not None else ()
            default = read_value(value) if value is not None else COMPUTED
            kind = _kind(annotation) if annotation is not None else None
            if kind is None:
                kind = Kind() if default is COMPUTED else kind_of(default)
            elif default is None and kind.names and not kind.is_optional:  # `day: date = None`
                kind = replace(kind, names=(*kind.names, "None"))
            if value is None and name in found:  # `depth: int` after `depth = 4` annotates it
                found[name] = replace(found[name], kind=kind)
                continue
            text = ast.get_source_segment(code, value) if value is not None else None
            found[name] = Parameter(name, kind, default, text, about, uses)
    return tuple(found.values())


def read_value(node: ast.expr) -> Any:
    """Value of an expression that needs no running: a literal, a path, a date, NaN; else `COMPUTED`."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError, SyntaxError):
        pass
    if isinstance(node, ast.Call) and not node.keywords:
        make = _MAKERS.get(ast.unparse(node.func))
        args = [read_value(arg) for arg in node.args]
        if make is not None and COMPUTED not in args:
            try:
                return make(*args)
            except (ValueError, TypeError):
                return COMPUTED
    return COMPUTED


_MAKERS: dict[str, Any] = {
    f"{module}{name}": make
    for module, name, make in (
        ("", "Path", Path),
        ("pathlib.", "Path", Path),
        ("", "float", float),
        ("", "date", date),
        ("datetime.", "date", date),
        ("", "datetime", datetime),
        ("datetime.", "datetime", datetime),
        ("", "date.fromisoformat", date.fromisoformat),
        ("datetime.", "date.fromisoformat", date.fromisoformat),
        ("", "datetime.fromisoformat", datetime.fromisoformat),
        ("datetime.", "datetime.fromisoformat", datetime.fromisoformat),
        # As they are injected: they bring no name into the notebook.
        ("__import__('pathlib').", "Path", Path),
        ("__import__('datetime').", "date.fromisoformat", date.fromisoformat),
        ("__import__('datetime').", "datetime.fromisoformat", datetime.fromisoformat),
    )
}


def _assignments(statement: ast.stmt) -> list[tuple[str, ast.expr | None, ast.expr | None]]:
    """Name, annotation and value of each plain variable that a statement assigns."""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [(statement.target.id, statement.annotation, statement.value)]
    if isinstance(statement, ast.Assign):
        return [
            (target.id, None, statement.value)
            for target in statement.targets
            if isinstance(target, ast.Name)
        ]
    return []


def _names_in(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _comments(code: str) -> dict[int, str]:
    """Comments behind code, by line."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT and token.line[: token.start[1]].strip():
            text = token.string.lstrip("#").strip()
            if not text.startswith(("type:", "noqa", "pragma")):
                found[token.start[0]] = text
    return found


# ---- annotations ------------------------------------------------------------------------------------


def _kind(node: ast.expr) -> Kind | None:
    """Kind that an annotation names; None when it is none of ours."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return _kind(ast.parse(node.value, mode="eval").body)
        except SyntaxError:
            return None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([node.left, node.right])
    if isinstance(node, ast.Constant) and node.value is None:
        return Kind(("None",))
    if isinstance(node, ast.Subscript):
        return _subscript(_last_word(node.value), _elements(node.slice))
    name = {"List": "list", "Dict": "dict", "Tuple": "tuple"}.get(
        _last_word(node), _last_word(node)
    )
    return Kind((name,)) if name in KINDS else None


def _subscript(name: str, args: list[ast.expr]) -> Kind | None:
    if name == "Literal":
        return _literal(args)
    if name == "Optional":
        return _union([args[0], ast.Constant(None)])
    if name == "Union":
        return _union(args)
    if name in ("Annotated", "Final"):
        kind = _kind(args[0]) or Kind()
        for arg in args[1:]:
            kind = _bounded(kind, arg)
        return kind
    lower = name.lower()
    if lower not in ("list", "dict", "tuple", "set"):
        return None
    is_mixed = lower == "tuple" and not (len(args) == 2 and ast.unparse(args[1]) == "...")
    item = args[0] if lower == "tuple" else args[-1]
    return Kind((lower,), items=None if is_mixed else _kind(item))


def _literal(args: list[ast.expr]) -> Kind | None:
    values = [read_value(arg) for arg in args]
    if COMPUTED in values:
        return None
    choices = tuple(value for value in values if value is not None)
    names = tuple(dict.fromkeys(type(choice).__name__ for choice in choices))
    return Kind((*names, "None") if None in values else names, choices=choices)


def _union(nodes: list[ast.expr]) -> Kind | None:
    kinds = [_kind(node) for node in nodes]
    known = [kind for kind in kinds if kind is not None]
    if len(known) < len(kinds):
        return None
    names = tuple(dict.fromkeys(name for kind in known for name in kind.names))
    others = [kind for kind in known if kind.names != ("None",)]
    return replace(others[0], names=names) if len(others) == 1 else Kind(names)


_LIMITS = {"ge", "gt", "le", "lt"}
_OTHER_LIMITS = {"MultipleOf", "Len", "MinLen", "MaxLen", "Predicate", "multiple_of", "pattern"}
_RANGE = re.compile(r"\s*(-?[\d.eE+-]*?)\s*\.\.\s*(-?[\d.eE+-]*)\s*")


def _bounded(kind: Kind, node: ast.expr) -> Kind:
    """A kind with the bounds that one argument of `Annotated` states."""
    value = read_value(node)
    if isinstance(value, str) and (match := _RANGE.fullmatch(value)):
        try:
            low, high = (float(text) if text else None for text in match.groups())
        except ValueError:
            return _unchecked(kind, node)
        return replace(kind, minimum=low, maximum=high)
    if not isinstance(node, ast.Call):
        return kind
    word = _last_word(node.func)
    stated = {key.arg: read_value(key.value) for key in node.keywords}
    if word in ("Ge", "Gt", "Le", "Lt") and node.args:
        stated = {word.lower(): read_value(node.args[0])}
    if word == "range" and node.args:
        ends = [read_value(arg) for arg in node.args[:2]]
        stated = {"ge": ends[0] if len(ends) > 1 else 0, "lt": ends[-1]}
    is_known = word not in _OTHER_LIMITS and not _OTHER_LIMITS & stated.keys()
    for key, number in stated.items():
        is_known &= key not in _LIMITS or isinstance(number, int | float)
        if isinstance(number, int | float) and key in ("ge", "gt"):
            kind = replace(kind, minimum=number, is_open_below=key == "gt")
        if isinstance(number, int | float) and key in ("le", "lt"):
            kind = replace(kind, maximum=number, is_open_above=key == "lt")
    return kind if is_known else _unchecked(kind, node)


def _unchecked(kind: Kind, node: ast.expr) -> Kind:
    return replace(kind, unchecked=(*kind.unchecked, ast.unparse(node)))


def _elements(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _last_word(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]
