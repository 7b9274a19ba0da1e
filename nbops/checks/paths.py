"""Kind `path`: text that is used as a file's path, and that other machines do not have."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nbops.capture.code.randomness import dotted_name
from nbops.checks.cells import Cell
from nbops.checks.findings import Finding, found_in
from nbops.checks.subject import Subject
from nbops.checks.surroundings import Surroundings

_READS = re.compile(
    r"(?:pd|pandas|pl|polars|gpd|geopandas|dd)\.(?:read|scan)_(?!sql|html|clipboard|gbq|database|json)\w+"
    r"|(?:np|numpy)\.(?:load|loadtxt|genfromtxt|fromfile|memmap)|joblib\.load|torch\.load"
    r"|(?:Image|rasterio)\.open|xr\.open_\w+|pq\.read_\w+|load_workbook|(?:h5py\.)?File"
)
_WRITES = re.compile(
    r"\w+(?:\.\w+)*\.(?:to_(?:csv|parquet|pickle|json|excel|feather|hdf|stata|orc|html|markdown)"
    r"|write_(?:csv|parquet|ipc|json|excel)|savefig|write_text|write_bytes)"
    r"|(?:np|numpy)\.(?:save|savez|savez_compressed|savetxt)|joblib\.dump|torch\.save|\w+\.save"
)
_PATHS = re.compile(r"(?:pathlib\.)?Path|(?:os\.)?(?:chdir|listdir|makedirs|mkdir|scandir)")
_ABSOLUTE = re.compile(r"/[^/]|[A-Za-z]:[\\/]|\\\\")
_EVERYWHERE = re.compile(r"/(?:dev|proc|sys|etc|tmp|usr/share|var/tmp)(?:/|$)")
_MOVES = re.compile(r"^\s*%cd\b|\bchdir\(", re.MULTILINE)


RELATIVE = "Write it relative to the notebook's folder."
"""The way out of an absolute path, which works on this machine; one that is lacking does not."""


@dataclass(frozen=True)
class PathUse:
    """A text that is used as a path.

    Parameters
    ----------
    shown
        What a sentence calls it.
    """

    path: str
    is_read: bool
    shown: str


def check_paths(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Absolute paths, and files to be read that are not there and that no cell makes."""
    cells = subject.cells
    has_moved = any(_MOVES.search(cell.source) for cell in cells)
    told = set[tuple[int | None, str]]()
    for cell, use in find_uses(cells):
        if (cell.position, use.path) in told or _EVERYWHERE.match(use.path):
            continue
        if _ABSOLUTE.match(use.path):
            told.add((cell.position, use.path))
            message = f"{use.shown} is an absolute path: it is there on this machine only."
            yield found_in(cell, "path", message, RELATIVE)
        elif use.is_read and not has_moved and _is_lacking(use, cell, cells, around):
            told.add((cell.position, use.path))
            message = f"{use.shown} is not there, and no cell makes it."
            yield found_in(cell, "path", message, "Add the file, or the cell that gets it.")


def find_uses(cells: tuple[Cell, ...]) -> Iterator[tuple[Cell, PathUse]]:
    """Texts of these cells that are used as paths, and where."""
    constants = _constants(cells)
    for cell in cells:
        for use in _uses(cell.tree, constants):
            yield cell, use


def _is_lacking(use: PathUse, cell: Cell, cells: tuple[Cell, ...], around: Surroundings) -> bool:
    """Whether a file is missing and no other cell, nor a line of this one, speaks of it."""
    if around.is_there(use.path):
        return False
    name = re.split(r"[\\/]", use.path)[-1]
    others = any(name in other.source for other in cells if other is not cell)
    return not others and cell.source.count(name) == 1


def _constants(cells: tuple[Cell, ...]) -> dict[str, str]:
    """Names that are given one text, once."""
    found: dict[str, list[str | None]] = {}
    for cell in cells:
        for node in ast.walk(cell.tree):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                    found.setdefault(name, []).append(text)
                case ast.Name(id=name, ctx=ast.Store()):
                    found.setdefault(name, []).append(None)
    # An assignment is met twice: as a whole and as the name on its left.
    return {
        name: texts[0] or texts[1] or ""
        for name, texts in found.items()
        if len(texts) == 2 and len([text for text in texts if text]) == 1
    }


def _uses(tree: ast.Module, constants: dict[str, str]) -> Iterator[PathUse]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = dotted_name(node.func)
        is_open = called in ("open", "io.open")
        is_read = (is_open and _mode(node) == "r") or bool(_READS.fullmatch(called))
        if not (is_open or is_read or _PATHS.fullmatch(called) or _WRITES.fullmatch(called)):
            continue
        for argument in node.args[:2]:
            text = _text(argument, constants)
            if text and "://" not in text and "\n" not in text:
                is_first = argument is node.args[0]
                shown = f"`{text}`" if len(text) < 80 else f"`{text[:79]}…`"
                if is_first or _ABSOLUTE.match(text):
                    yield PathUse(text, is_read and is_first and "*" not in text, shown)


def _text(node: ast.expr, constants: dict[str, str]) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return constants.get(name)
        case _:
            return None


def _mode(node: ast.Call) -> str:
    words = {word.arg: word.value for word in node.keywords}
    mode = node.args[1] if len(node.args) > 1 else words.get("mode", ast.Constant("r"))
    text = mode.value if isinstance(mode, ast.Constant) else "?"
    return "r" if isinstance(text, str) and text.startswith("r") and "+" not in text else "w"


def files_read(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Paths, as written, of files that code reads."""
    for tree in trees:
        yield from (use.path for use in _uses(tree, {}) if use.is_read)
