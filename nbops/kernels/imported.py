"""What a notebook's kernel will import: as its last run has shown, else as its cells say."""

import ast
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from nbops.capture.code.lines import split_mark, to_python
from nbops.index.queries import Index
from nbops.journal import facts
from nbops.journal.reader import JOURNAL, Tail
from nbops.workspace import Workspace, find_workspace

_NOTEBOOKS = 10
_OURS = "nbops.ipython.job"
"""What records a kernel: of all that a notebook of a recorded project imports, the first."""
_CHANGES_IMPORTS = re.compile(
    r"environ\s*\[[^\]\n]*\]\s*=(?!=)|environ\.(?:update|setdefault|pop|clear)\b|environ\s*\|="
    r"|\bputenv\(|\bload_dotenv\(|^[ \t]*%(?:(?:set_)?env[ \t]+\w+[ \t=]|dotenv\b)"
    r"|^(?![ \t]*#).*\b(?:(?:pip|conda|mamba)\W+install|uv\W+add)\b"
    r"|\bsys\.path\s*(?:\.insert\(|\[[^\]\n]*\]\s*=|=)(?!=)|\bos\.chdir\(|^[ \t]*%cd\b",
    re.MULTILINE,
)
"""Variables are read as libraries are loaded; what is installed, or comes first on the path, is another one afterwards."""
_NEVER = ("pydev", "debugpy", "nbops")
"""Every kernel has imported the debugger; of our own modules the rest is imported when it is asked for."""


def modules_to_import(variables: Mapping[str, str], folder: Path) -> list[str]:
    """Modules to import ahead, in the order in which cells import them.

    Parameters
    ----------
    variables
        Of the kernel. `NBOPS_PRELOAD` names the modules; `NBOPS_NOTEBOOK`, or `JPY_SESSION_NAME`, the
        notebook. Without one all notebooks count that were recorded in the folder.
    """
    named = variables.get("NBOPS_PRELOAD")
    if named is not None:
        return [name for name in named.replace(" ", "").split(",") if name]
    with suppress(OSError, ValueError):
        notebook = variables.get("NBOPS_NOTEBOOK") or variables.get("JPY_SESSION_NAME")
        start = folder / notebook if notebook else folder
        workspace = find_workspace(start)
        found: dict[str, None] = {}
        sessions = _last_sessions(workspace, start, is_known=bool(notebook))
        for session in sessions:
            found |= dict.fromkeys(_imported_in(workspace, session))
        if notebook and not sessions:
            found = dict.fromkeys(_imported_by(start))
        return [_OURS, *(name for name in found if not _lies_in(folder, name))]
    return [_OURS]


def _last_sessions(workspace: Workspace, start: Path, *, is_known: bool) -> list[str]:
    name = workspace.name_of(str(start))
    query = "SELECT id, notebook FROM sessions WHERE status != 'running' ORDER BY started_at DESC"
    latest: dict[str, str] = {}
    for session, notebook in Index(workspace).rows(query):
        if notebook and (
            notebook == name if is_known else (workspace.root / notebook).parent == start
        ):
            latest.setdefault(notebook, session)
    return list(latest.values())[:_NOTEBOOKS]


def _imported_in(workspace: Workspace, session: str) -> Iterator[str]:
    """What cells, and the project's modules that they import, import by name; nothing that failed."""
    written: list[str] = []
    present: set[str] = set()
    sources: dict[str, list[str]] = {}  # of each cell run, the modules' before its own
    for fact in Tail(workspace.sessions / session / JOURNAL, chained=True).read():
        if isinstance(fact, facts.CellStarted):
            sources[fact.cell_run] = [fact.source]
        elif isinstance(fact, facts.CellEnded):
            present |= {name for name in fact.imported if not name.startswith(_NEVER)}
        elif isinstance(fact, facts.DataSeen):
            for module in fact.modules:
                with suppress(OSError, UnicodeDecodeError):
                    text = (workspace.root / module.path).read_text("utf-8")
                    sources.setdefault(fact.cell_run, []).insert(0, text)
    for source in _before_changes(text for texts in sources.values() for text in texts):
        written += _imports(source)
    for name in written:
        if name.partition(".")[0] in present:
            yield name


def _imported_by(notebook: Path) -> Iterator[str]:
    """What the cells of a notebook that never ran import whenever they run."""
    text = notebook.read_text("utf-8")
    sources = [text]
    if notebook.suffix == ".ipynb":
        with suppress(AttributeError, KeyError, TypeError):  # else it is no notebook
            cells = json.loads(text)["cells"]
            sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    for source in _before_changes(sources):
        yield from _imports(to_python(split_mark(source)[1]), is_certain=True)


def _before_changes(sources: Iterable[str]) -> Iterator[str]:
    """Code up to the line after which imports may give something else."""
    for source in sources:
        found = _CHANGES_IMPORTS.search(source)
        if found:
            yield source[: source.rfind("\n", 0, found.end()) + 1]
            return
        yield source


def _imports(source: str, *, is_certain: bool = False) -> list[str]:
    """Names of modules, and of what may be one: `from a import b` gives `a` and `a.b`.

    Parameters
    ----------
    is_certain
        Whether only what is always imported counts, and nothing of branches, functions and attempts.

    >>> _imports("import a.b as c; from d import e, f")
    ['a.b', 'd', 'd.e', 'd.f']
    """
    code = "\n".join(
        line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))
    )
    found: list[str] = []
    with suppress(SyntaxError):
        tree = ast.parse(code)
        for node in tree.body if is_certain else ast.walk(tree):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [alias.name for alias in node.names if alias.name != "*"]
                found += [node.module, *(f"{node.module}.{name}" for name in names)]
    return found


def _lies_in(folder: Path, name: str) -> bool:
    top = name.partition(".")[0]
    return os.path.exists(folder / f"{top}.py") or os.path.exists(folder / top / "__init__.py")
