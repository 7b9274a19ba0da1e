"""Which files are data, by where they lie: not those that a program reads without its author thinking of it."""

import os
import sys
from collections.abc import Callable, Iterable
from importlib.util import source_from_cache
from pathlib import Path

from nbops.capture.data.account import Account
from nbops.capture.secrets.privacy import is_private_path
from nbops.workspace import Workspace, cache_home, config_home, runtime_home

NO_DATA = (".py", ".pyc", ".ipynb", ".so", ".pyd")
"""Endings of files that are code: of them others tell."""
_TEMPORARY = tuple(
    f"{folder.rstrip(os.sep)}{os.sep}"
    for folder in (os.environ.get("TMPDIR"), "/tmp", "/var/tmp")  # noqa: S108 - nothing is put there
    if folder
)
"""What is there bears names that nobody gave it."""
_BYTECODE = f"{os.sep}__pycache__{os.sep}"  # reading it tells of a module, writing it of nothing
_PARTS = ("site-packages", "dist-packages", "/.git/", "/.ipynb_checkpoints/", "/.nbops/")


class Places:
    """What may be told of the files of a session, by their absolute paths."""

    def __init__(self, workspace: Workspace) -> None:
        self._inside = f"{workspace.root}{os.sep}"
        self._is_excluded = data_filter(workspace)

    def is_data(self, path: str) -> bool:
        """Whether a file is data."""
        return not self._is_excluded(path)

    def is_listed(self, folder: str) -> bool:
        """Whether the names in a folder are data."""
        path = f"{folder}{os.sep}"
        is_temporary = path.startswith(_TEMPORARY) and not path.startswith(self._inside)
        return not (is_temporary or self._is_excluded(path))

    def may_tell(
        self, path: str, account: Account, *, reads: bool = False, writes: bool = False
    ) -> bool:
        """Whether a file is data, and not private: of that the account is told, and no more."""
        if self._is_excluded(path) or (writes and _BYTECODE in path):
            return False
        if not is_private_path(path):
            return True
        if writes or (reads and os.path.exists(path)):
            account.note_private(is_write=writes)
        return False

    def module_of(self, path: str) -> str | None:
        """Source file of the workspace that this is, or is the bytecode of; None for anything else."""
        if not path.startswith(self._inside):
            return None
        if not path.endswith(".pyc"):
            return path if path.endswith(".py") else None
        try:
            return source_from_cache(path)
        except ValueError:
            return None


def data_filter(workspace: Workspace) -> Callable[[str], bool]:
    """Tell absolute paths that are no data of the user's: packages, caches, settings, our own files."""
    folders = _excluded_folders(workspace)

    def is_excluded(path: str) -> bool:
        return path.startswith(folders) or any(part in path for part in _PARTS)

    return is_excluded


def _excluded_folders(workspace: Workspace) -> tuple[str, ...]:
    home = Path.home()
    folders: Iterable[str | Path] = (
        *(sys.prefix, sys.base_prefix, sys.exec_prefix),
        *("/proc", "/sys", "/dev", "/usr", "/etc", "/run", "/lib", "/opt/conda"),
        *(home / name for name in (".cache", ".config", ".ipython", ".jupyter", ".matplotlib")),
        *(home / ".local" / name for name in ("lib", "share/jupyter", "state")),
        Path(__file__).parents[2],  # nbops, in a checkout of its own
        *(workspace.state, cache_home().parent, config_home().parent, runtime_home()),
        *(os.environ[name] for name in _CONFIG_VARIABLES if os.environ.get(name)),
    )
    root = f"{workspace.root}{os.sep}"
    prefixes = {f"{Path(folder).absolute()}{os.sep}" for folder in folders}
    return tuple(sorted(prefix for prefix in prefixes if not root.startswith(prefix)))


_CONFIG_VARIABLES = (
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "MPLCONFIGDIR",
)
