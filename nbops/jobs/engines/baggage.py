"""What a job takes along to a machine that does not share the project's folder: its code, and small inputs.

Code is the notebook and the modules of the project that it imports. Inputs are the files that its last runs were
seen to read, that a pipeline declares, and that code or parameters name. Larger ones go through the shared store.
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.capture.code.lines import split_mark, to_python
from nbops.capture.data.contents import path_of
from nbops.capture.secrets.privacy import is_private_path, set_private
from nbops.digests import digest_file
from nbops.errors import NbopsError, UsageError
from nbops.index.queries import Index
from nbops.jobs.parameters import read_notebook
from nbops.jobs.recorded import read_and_written
from nbops.replay import replay_folder
from nbops.store.shared import SharedStore
from nbops.workspace import FOLDER, Workspace

_SESSIONS = 5
"""So many runs back, what a notebook read tells what it will read: with other values it reads other files."""
_MOST_NAMED = 1_000
"""Files that one name, such as f"data/{part}.csv", may stand for."""
_LEFT_OUT = (FOLDER, ".git", "__pycache__", ".ipynb_checkpoints")


@dataclass(frozen=True)
class Baggage:
    """Files of a project, by their path in it.

    Parameters
    ----------
    files
        Content of those that travel.
    shared
        Digests of those that are fetched from the shared store.
    """

    files: Mapping[str, bytes] = field(repr=False)
    shared: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Needs:
    """What a notebook needs of its project.

    Parameters
    ----------
    inside
        Files of the project.
    outside
        Files that it was seen to read elsewhere, or that are declared.
    logs_to_mlflow
        Whether its code, or a module, imports MLflow.
    """

    inside: set[Path] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    logs_to_mlflow: bool = False


class Packer:
    """Packs for jobs of one project.

    Raises
    ------
    StoreUnreachable
        Of `pack`: the shared store is needed, and away.
    """

    def __init__(self, workspace: Workspace) -> None:
        settings = workspace.settings
        set_private(settings.private_columns, settings.private_paths, workspace.root)
        self._workspace = workspace
        self._limit = settings.keep_data * 1_000_000
        self._store = SharedStore(settings.store) if settings.store else None
        self._seen: dict[Path, set[Path]] = {}

    def needs(
        self, notebook: Path, values: Iterable[Any] = (), declared: Iterable[str] = ()
    ) -> Needs:
        """What a job needs.

        Parameters
        ----------
        values
            Of its parameters: texts among them may be paths.
        declared
            Files that it is said to read, as absolute paths.
        """
        if notebook not in self._seen:
            self._seen[notebook] = self._recorded(notebook)
        found = Needs()
        for path in (*self._seen[notebook], *map(Path, declared)):
            self._add(found, path)
        texts = [str(value) for value in values if isinstance(value, str | os.PathLike)]
        self._look(found, notebook, texts)
        return found

    def pack(self, needs: Needs) -> Baggage:
        """Read what is needed.

        Raises
        ------
        UsageError
            Something may not travel.
        """
        files, shared = {}, {}
        for path in sorted(needs.inside):
            name = path.relative_to(self._workspace.root).as_posix()
            if is_private_path(str(path)):
                raise UsageError(
                    f"{name} is private, so it does not travel to another machine.",
                    "Take it from private_paths in [tool.nbops], or run on machines that share the folder.",
                )
            size = path.stat().st_size
            if size <= self._limit or path.suffix in (".py", ".ipynb"):
                files[name] = path.read_bytes()
            elif self._store is not None:
                shared[name] = digest_file(path)
                self._store.put(path, shared[name])
            else:
                raise UsageError(
                    f"{name} ({size / 1e6:.0f} MB) is too large to travel to another machine:"
                    f" keep_data in [tool.nbops] is {self._limit // 1_000_000} MB.",
                    "Set store there to what all machines reach, or read it by URL.",
                )
        files.setdefault("pyproject.toml", _settings(self._workspace))
        return Baggage(files, shared)

    def _recorded(self, notebook: Path) -> set[Path]:
        """What its last runs imported and read, there now or not: a step before it may write it."""
        found: set[Path] = set()
        index = Index(self._workspace)
        index.wait()
        name = self._workspace.name_of(str(notebook))
        sessions = [each for each in index.sessions() if each.notebook == name]
        for session in sessions[:_SESSIONS]:
            folder = self._workspace.sessions / session.id
            if not folder.exists():
                continue
            document = replay_folder(folder).document()
            for run in document.cell_runs:
                for module in run.modules:
                    found.add(self._workspace.root / module.path)
            for ref in read_and_written(document)[0]:
                if not ref.uri.startswith("file:"):
                    continue
                path = Path(path_of(ref.uri))
                found.update(path.rglob("*") if ref.kind == "folder" else [path])
        return found

    def _look(self, found: Needs, notebook: Path, texts: list[str]) -> None:
        """Add what its code names, and what that code names in turn."""
        places = (notebook.parent, self._workspace.root, self._workspace.root / "src")
        self._add(found, notebook)
        scanned: set[Path] = set()
        while ahead := [path for path in found.inside if path not in scanned]:
            path = ahead[0]
            scanned.add(path)
            if path.suffix not in (".py", ".ipynb"):
                continue
            for tree in _trees(path):
                texts += _texts(tree)
                for module in _imports(tree):
                    found.logs_to_mlflow |= module.partition(".")[0] == "mlflow"
                    for file in _module_files(module, (path.parent, *places)):
                        self._add(found, file)
            for file in _named(texts, notebook.parent):
                self._add(found, file)

    def _add(self, found: Needs, path: Path) -> None:
        path = Path(os.path.abspath(path))
        if not path.is_file():
            return
        root = self._workspace.root
        if not path.is_relative_to(root):
            found.outside.add(str(path))
        elif not any(part in _LEFT_OUT for part in path.relative_to(root).parts):
            found.inside.add(path)


def _settings(workspace: Workspace) -> bytes:
    """What the record of a job depends on, as a `pyproject.toml`; where it is shipped is none of its business."""
    import json

    settings = workspace.settings
    lists = ("redact", "private_columns", "private_paths", "ignore_checks")
    lines = [
        f"{name} = {json.dumps(list(getattr(settings, name)), ensure_ascii=False)}"
        for name in lists
    ]
    lines.append(f"keep_data = {settings.keep_data}")
    if settings.hash_limit is not None:
        lines.append(f"hash_limit = {settings.hash_limit}")
    return "\n".join(["[tool.nbops]", *lines, ""]).encode()


def _trees(path: Path) -> Iterator[ast.AST]:
    try:
        if path.suffix == ".py":
            sources = [path.read_text("utf-8")]
        else:
            cells = read_notebook(path).cells
            sources = [cell.source for cell in cells if cell.cell_type == "code"]
    except (OSError, UnicodeDecodeError, NbopsError):
        return
    for source in sources:
        try:
            yield ast.parse(to_python(split_mark(source)[1]))
        except (SyntaxError, ValueError, RecursionError):
            continue


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield from (f"{base}.{each.name}".strip(".") for each in node.names)


def _module_files(module: str, places: Iterable[Path]) -> Iterator[Path]:
    """Source files of a module of the project; of a package, all."""
    top = module.partition(".")[0]
    for place in places:
        if (place / f"{top}.py").is_file():
            yield place / f"{top}.py"
        elif top and (place / top).is_dir():
            yield from (place / top).rglob("*.py")


def _texts(tree: ast.AST) -> list[str]:
    """Texts in code; of an f-string a pattern."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [each.value if isinstance(each, ast.Constant) else "*" for each in node.values]
            found.append("".join(map(str, parts)))
    return found


def _named(texts: Iterable[str], folder: Path) -> Iterator[Path]:
    """Files that texts name: by themselves, as words of a command, or below a folder that is named, too."""
    words = {word for text in texts for word in (text, *text.split()) if 1 < len(word) < 300}
    words = {word for word in words if "\n" not in word and "\0" not in word and "://" not in word}
    folders = [folder, *(folder / word for word in words if (folder / word).is_dir())]
    for word in words:
        if not re.search(r"\.\w|/", word) or not re.search(r"[^*?./\[\]]", word):
            continue
        for place in folders:
            path = place / os.path.expanduser(word)
            if path.is_file():
                yield path
            elif re.search(r"[*?[]", word) and not os.path.isabs(word):
                try:
                    yield from [*place.glob(word)][:_MOST_NAMED]
                except (ValueError, NotImplementedError, OSError):
                    continue
