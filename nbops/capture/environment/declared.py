"""Which distributions a project says that it needs: in `pyproject.toml`, `requirements*.txt`, `environment.yml`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_CONDA = {
    "matplotlib-base": "matplotlib",
    "opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "pytorch": "torch",
}
"""Packages that conda calls otherwise than PyPI."""


@dataclass(frozen=True)
class Declared:
    """Names as indexes compare them, and the files that hold them; no files where nothing is declared."""

    names: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()


def read_declared(root: Path) -> Declared:
    """Read what the project in a folder declares; files that cannot be read declare nothing."""
    found: dict[str, set[str]] = {}
    for path in (root / "pyproject.toml", *sorted(root.glob("requirements*.txt"))):
        _add(found, path.name, _read(path))
    for path in sorted((*root.glob("environment*.yml"), *root.glob("environment*.yaml"))):
        _add(found, path.name, _read(path))
    names = {normalised(name) for some in found.values() for name in some}
    return Declared(frozenset(names), tuple(found))


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it.

    >>> normalised("Scikit_Learn")
    'scikit-learn'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def _add(found: dict[str, set[str]], name: str, some: set[str] | None) -> None:
    if some is not None:
        found[name] = some


def _read(path: Path) -> set[str] | None:
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError):
        return None
    if path.suffix == ".toml":
        return _in_pyproject(text)
    if path.suffix == ".txt":
        return _in_requirements(text, path.parent)
    return _in_conda(text)


def _in_pyproject(text: str) -> set[str] | None:
    """All its dependencies, optional and grouped ones, too; None when it has no such list."""
    import tomllib

    try:
        content: dict[str, Any] = tomllib.loads(text)
    except ValueError:
        return None
    project = _table(content, "project")
    lists = [project.get("dependencies"), *_table(project, "optional-dependencies").values()]
    lists += _table(content, "dependency-groups").values()
    poetry = _table(_table(content, "tool"), "poetry")
    groups = [poetry, *_table(poetry, "group").values()]
    lists += [list(_table(one, "dependencies")) for one in groups if isinstance(one, dict)]
    if project.get("dependencies") is None and not any(lists):
        return None
    needed = {
        match[1]
        for one in lists
        if isinstance(one, list)
        for entry in one
        if isinstance(entry, str) and (match := _NAME.match(entry))
    }
    return needed | {str(project["name"])} if "name" in project else needed


def _table(content: dict[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def _in_requirements(text: str, folder: Path, depth: int = 0) -> set[str]:
    needed = set[str]()
    for line in text.splitlines():
        if other := re.match(r"\s*(?:-r|--requirement)[ =]\s*(\S+)", line):
            path = folder / other[1]
            if depth < 5 and path.is_file():
                more = path.read_text("utf-8", "replace")
                needed |= _in_requirements(more, path.parent, depth + 1)
        elif egg := re.search(r"#egg=([\w.-]+)", line):
            needed.add(egg[1])
        elif (match := _NAME.match(line)) and "://" not in line.split("@")[0]:
            needed.add(match[1])
    return needed


def _in_conda(text: str) -> set[str]:
    _, _, after = text.partition("dependencies:")
    block = re.split(r"^\S", after, maxsplit=1, flags=re.MULTILINE)[0] if after else ""
    block = after if after.lstrip("\n").startswith("-") else block
    needed = set[str]()
    for entry in re.findall(r"^\s*-\s*['\"]?([^\s'\"#]+)", block, re.MULTILINE):
        name = entry.rpartition("::")[2]
        if match := _NAME.match(name):
            needed.add(_CONDA.get(match[1], match[1]))
    return needed
