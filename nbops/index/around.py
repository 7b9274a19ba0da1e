"""What checks ask of the world around a notebook, looked up on this machine."""

import functools
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from nbops.capture.data.contents import path_of, stat_file
from nbops.capture.data.folders import has_folder_changed
from nbops.capture.data.listings import has_other_names
from nbops.capture.environment.declared import read_declared
from nbops.checks import Surroundings
from nbops.digests import digest_file
from nbops.index.queries import Index
from nbops.records import DataRef, ModuleRef


def look_around(index: Index, folder: Path, *, max_bytes: int) -> Surroundings:
    """What lies around a notebook.

    Parameters
    ----------
    folder
        The notebook's own.
    max_bytes
        Larger files whose digest is not known are not hashed: whether they changed is not known.
    """
    root = index.workspace.root
    places = (folder, root, root / "src")

    def has_changed(ref: DataRef) -> bool | None:
        if not ref.uri.startswith("file:") or ref.digest is None:
            return None
        if ref.kind == "folder" and ref.size_bytes is not None:
            path = path_of(ref.uri)
            return has_folder_changed(path, ref.digest, ref.size_bytes, max_bytes)
        if ref.kind != "file":
            return None
        return _is_other(index, path_of(ref.uri), ref, max_bytes)

    def has_changed_module(ref: ModuleRef) -> bool | None:
        return None if ref.digest is None else _digest(root / ref.path) != ref.digest

    def is_local(module: str) -> bool:
        return any(
            (place / f"{module}.py").exists() or (place / module).is_dir() for place in places
        )

    return Surroundings(
        has_changed=has_changed,
        has_other_names=has_other_names,
        has_changed_module=has_changed_module,
        is_there=lambda path: os.path.exists(folder / os.path.expanduser(path)),
        is_local=is_local,
        distributions=lambda module: frozenset(_distributions().get(module, ())),
        declared=read_declared(root),
    )


def _is_other(index: Index, path: str, ref: DataRef, max_bytes: int) -> bool | None:
    content = stat_file(path)
    if content is None:
        return True
    if ref.size_bytes is not None and content[1] != ref.size_bytes:
        return True
    known = index.digest_of(path, content)
    if known is None and content[1] <= max_bytes:
        known = _digest(path)
    return None if known is None else known != ref.digest


def _digest(path: str | Path) -> str | None:
    try:
        return digest_file(path)
    except OSError:
        return None


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    """Distributions by the modules they bring; listing them takes a quarter of a second."""
    return metadata.packages_distributions()
