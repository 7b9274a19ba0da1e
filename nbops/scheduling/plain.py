"""A notebook's cells as plain Python: marks and `%track` become calls of nbops, what only looks is left out."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbops.capture.code.lines import to_python
from nbops.capture.code.marks import MarkWords, read_mark, split_assignments, split_words
from nbops.errors import UsageError
from nbops.jobs.declarations import TAG
from nbops.jobs.injection import replace_values
from nbops.jobs.parameters import is_python

_FOR_SCREENS = {
    "matplotlib",
    "config",
    "autoreload",
    "load_ext",
    "reload_ext",
    "pip",
    "conda",
    "time",
}
"""Magics that change nothing of the result: the environment is the lock's, and there is no screen."""

_RECORDS = ("metric", "param", "note", "data", "file", "model")


@dataclass
class PlainCode:
    """Code of a notebook.

    Parameters
    ----------
    left_out
        Lines that a script does not need.
    """

    text: str
    left_out: list[str] = field(default_factory=list)


def write_plain(notebook: Any, name: str, codes: Mapping[str, str]) -> PlainCode:
    """A notebook's code cells, one below the other.

    Parameters
    ----------
    notebook
        As nbformat gives it.
    name
        What messages call it.
    codes
        Code that stands for a parameter's value, by its name.

    Raises
    ------
    UsageError
        A cell needs Jupyter; the message names it.
    """
    if not is_python(notebook):
        raise UsageError(f"{name} is not in Python.", "Export it to a target that runs notebooks.")
    made = PlainCode("")
    parts = []
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    is_first = True
    for number, cell in enumerate(cells, 1):
        source = cell.source
        if is_first and TAG in cell.metadata.get("tags", ()):
            source, is_first = replace_values(source, codes), False
        try:
            text = _write_cell(source, made.left_out)
        except SyntaxError as error:
            raise UsageError(f"{name}: code cell {number} is no Python: {error.msg}.") from error
        except _NeedsJupyter as error:
            raise UsageError(
                f"{name}: code cell {number} needs Jupyter: {error}.",
                "Write it in Python (subprocess.run for programs), or export to another target.",
            ) from error
        if text.strip():
            parts.append(f"# %% [{number}]\n{text.strip(chr(10))}")
    made.text = "\n\n".join(parts)
    return made


class _NeedsJupyter(Exception):
    pass


def _write_cell(source: str, left_out: list[str]) -> str:
    mark = read_mark(source)
    lines = source.split("\n")
    while lines and (not lines[0].strip() or lines[0].startswith("%%")):
        word = lines.pop(0).strip()
        if word and not re.match(r"%%(track|time|capture)\b", word):
            raise _NeedsJupyter(word)
    if mark is not None and mark.is_comment:
        del lines[0]
    code = "\n".join(lines)
    tree = ast.parse(to_python(code))
    if any(isinstance(node, ast.Await) for node in _outside_functions(tree)):
        raise _NeedsJupyter("it awaits outside of a function")
    written = _replace_magics(to_python(code), left_out)
    written = _show_last(written, is_marked=mark is not None, is_quiet=_is_quiet(code))
    return _wrap(written, mark) if mark is not None else written


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _is_quiet(code: str) -> bool:
    return code.rstrip().endswith(";")


def _replace_magics(code: str, left_out: list[str]) -> str:
    """Put Python in the places of magics, which IPython made calls of."""
    lines = code.split("\n")
    statements = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.stmt)]
    for node in sorted(statements, key=lambda node: -node.lineno):
        called = _magic_of(node)
        if called is None:
            continue
        magic, words = called
        text = _translate(magic, words)
        if not text:
            left_out.append(f"%{magic} {words}".strip())
        lines[node.lineno - 1 : node.end_lineno] = [
            " " * node.col_offset + line for line in (text or "pass").split("\n")
        ]
    written = "\n".join(line for line in lines if line != "pass")
    if "get_ipython(" in written:
        raise _NeedsJupyter("it calls get_ipython()")
    return written


def _magic_of(node: ast.stmt) -> tuple[str, str] | None:
    """Name and line of a magic that stands as a statement."""
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=attr),
                args=[ast.Constant(value=first), *rest],
            )
        ):
            if attr == "system":
                raise _NeedsJupyter(f"!{first!s}")
            words = rest[0].value if rest and isinstance(rest[0], ast.Constant) else ""
            return str(first), str(words)
    return None


def _translate(magic: str, words: str) -> str:
    """Python that does what a magic does; empty when nothing is to be done."""
    if magic == "time":
        return words
    if magic in _FOR_SCREENS:
        return ""
    if magic != "track":
        raise _NeedsJupyter(f"%{magic}")
    command, _, rest = words.strip().partition(" ")
    if command not in _RECORDS:
        return ""
    return _record(command, rest.strip())


def _record(command: str, rest: str) -> str:
    if command in ("metric", "param"):
        step = re.search(r"\s--step[\s=]+(\S+)", f" {rest}")
        rest = re.sub(r"\s--step[\s=]+\S+", "", f" {rest}").strip()
        values, names = split_assignments(" ".join(split_words(rest)))
        pairs = {**values, **{name: name for name in names}}
        more = f", step={step[1]}" if step else ""
        return "\n".join(
            f"nbops.log_{command}({name!r}, {code}{more})" for name, code in pairs.items()
        )
    if command == "note":
        text = rest.strip("\"'")
        return f"nbops.note({text!r})"
    subject, _, name = rest.partition(" as ")
    subject, name = subject.strip(), name.strip()
    is_code = command == "model" or (command == "data" and subject.isidentifier())
    thing = subject if is_code else repr(subject.strip("\"'"))
    named = name or (subject if is_code else "")
    return f"nbops.log_{command}({thing}{f', {named!r}' if named else ''})"


def _show_last(code: str, *, is_marked: bool, is_quiet: bool) -> str:
    """Print what the last expression gives, as a notebook would show it."""
    body = ast.parse(code).body
    if not body or not isinstance(body[-1], ast.Expr) or _is_record(body[-1].value):
        return code
    value = body[-1].value
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and len(body) == 1:
        return code
    if is_quiet and not is_marked:
        return code
    opening = b"_score(" if is_marked else b"_show("
    closing = b")"
    if isinstance(value, ast.Tuple):
        opening, closing = opening + b"(", b"))"
    lines = code.encode().split(b"\n")
    first, last = value.lineno - 1, (value.end_lineno or value.lineno) - 1
    end, begin = value.end_col_offset or 0, value.col_offset
    lines[last] = lines[last][:end] + closing + lines[last][end:]
    lines[first] = lines[first][:begin] + opening + lines[first][begin:]
    return b"\n".join(lines).decode()


def _is_record(node: ast.expr) -> bool:
    """Whether it says something anyway, and gives nothing."""
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    return called == "print" or called.startswith("nbops.log_")


def _wrap(code: str, mark: MarkWords) -> str:
    """A marked cell as a block that is a run."""
    binds = [f"{key} = {expression}" for key, expression in mark.values.items()]
    given = "".join(f", {key}={key}" for key in mark.values)
    name = repr(mark.name) if mark.name else "None"
    after = [f"nbops.log_param({key!r}, {key})" for key in mark.names]
    body = indent("\n".join([code.strip("\n"), *after]))
    return "\n".join([*binds, f"with nbops.track({name}{given}):", body])


def indent(code: str) -> str:
    r"""Code one level deeper; lines inside of texts stay as they are.

    >>> print(indent("if a:\n    b = '''x\ny'''"))
        if a:
            b = '''x
    y'''
    """
    inside: set[int] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        ):
            inside |= set(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    lines = code.split("\n")
    return "\n".join(
        line if number in inside or not line.strip() else f"    {line}"
        for number, line in enumerate(lines, 1)
    )
