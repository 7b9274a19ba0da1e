"""Modules of the project that notebooks import, told from their text; nothing is imported for it."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nbops.checks.declared import imported_modules

_OURS = "nbops"


def find_modules(
    root: Path, codes: Mapping[Path, Sequence[ast.Module]]
) -> tuple[list[Path], list[Path]]:
    """Source files of modules that lie in the project, and folders of it that they are imported from.

    Parameters
    ----------
    codes
        Cells by notebook.

    Returns
    -------
    Files, sorted; and those folders that no notebook lies in.
    """
    files: set[Path] = set()
    folders: set[Path] = set()
    for notebook, trees in codes.items():
        places = tuple(dict.fromkeys((notebook.parent, root, root / "src")))
        waiting = list(trees)
        looked_at = {_OURS}
        while waiting:
            for name in sorted(imported_modules(waiting.pop()) - looked_at):
                looked_at.add(name)
                found = next(filter(None, (_sources(place, name) for place in places)), None)
                if found is None:
                    continue
                folder, sources = found
                if folder != notebook.parent:
                    folders.add(folder)
                files.update(sources)
                waiting += _parse(sources)
    return sorted(files), sorted(folders)


def _sources(place: Path, name: str) -> tuple[Path, list[Path]] | None:
    """Where a module was found, and its files; a package's are all that lie in it."""
    package = place / name
    if package.is_dir():
        sources = [p for p in package.rglob("*.py") if "__pycache__" not in p.parts]
        if sources:
            return place, sorted(sources)
    module = place / f"{name}.py"
    return (place, [module]) if module.is_file() else None


def _parse(sources: Sequence[Path]) -> Iterator[ast.Module]:
    for path in sources:
        try:
            yield ast.parse(path.read_text("utf-8"))
        except (SyntaxError, ValueError, OSError):
            continue
