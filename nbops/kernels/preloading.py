"""Importing ahead what kernels will import."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from nbops.kernels.hidden import HiddenModules
from nbops.kernels.recorded import ImportRecord
from nbops.kernels.traces import read_traces, why_unsafe

INSTALLED = ("site-packages", "dist-packages")


@dataclass
class Preloaded:
    """Modules that were imported, and hidden.

    Parameters
    ----------
    left_out
        Why a module may not be imported ahead, by name.
    missing
        Why a module could not be imported at all, by name: it may be there the next time.
    files
        Of the modules, and folders of packages, with what tells that they are still the same.
    folder_names
        Where modules keep the folder in which they were imported: namespace, and name in it.
    """

    hidden: HiddenModules
    left_out: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    folder_names: list[tuple[dict[str, Any], str]] = field(default_factory=list)

    def what_changed(self) -> str | None:
        """A file of a loaded module, or a folder of packages, that is not as it was."""
        for path, stamp in self.files.items():
            if _stamp(path) != stamp:
                return path
        return None


class Unsafe(Exception):
    """A module must not be imported ahead; this process is spoilt by it."""

    def __init__(self, module: str, reason: str) -> None:
        super().__init__(f"{module}: {reason}")
        self.module = module
        self.reason = reason


def preload(modules: Sequence[str], left_out: Mapping[str, str], base: set[str]) -> Preloaded:
    """Import modules, and hide them and all that came with them.

    One that is not installed is none that a notebook could import, either.

    Raises
    ------
    Unsafe
        A module leaves more in the process than itself.
    """
    missing = {}
    with ImportRecord(base) as record:
        for module in modules:
            if module in left_out:
                continue
            before = read_traces()
            try:
                _import(module)
            except Exception as error:  # whatever a package does as it is imported
                if module.partition(".")[0] not in sys.modules:
                    missing[module] = str(error)
                    continue
                raise Unsafe(module, f"{type(error).__name__}: {error}") from error
            reason = why_unsafe(before, read_traces())
            if reason:
                raise Unsafe(module, reason)
    files, folder_names = _files_of_modules(), _names_of_folder(os.getcwd())
    return Preloaded(record.hide(), dict(left_out), missing, files, folder_names)


def _import(name: str) -> None:
    """Import `a.b`, which may be a name that `a` has."""
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        package, _, last = name.rpartition(".")
        if error.name != name or not package or not hasattr(import_module(package), last):
            raise


def _files_of_modules() -> dict[str, tuple[int, int]]:
    modules = list(sys.modules.values())
    paths = {getattr(module, "__file__", None) for module in modules} - {None}
    folders = {path for path in sys.path if path.endswith(INSTALLED) and os.path.isdir(path)}
    return {path: _stamp(path) for path in sorted(map(str, paths | folders))}


def _names_of_folder(folder: str) -> list[tuple[dict[str, Any], str]]:
    spaces = [getattr(module, "__dict__", {}) for module in list(sys.modules.values())]
    return [
        (names, name)
        for names in spaces
        for name, value in list(names.items())
        if isinstance(value, str) and value == folder
    ]


def _stamp(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
