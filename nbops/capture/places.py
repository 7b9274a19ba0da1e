"""Where files lie that a program reads without its author thinking of them as data."""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from nbops.workspace import Workspace, cache_home, config_home, runtime_home

_PARTS = ("site-packages", "dist-packages", "/.git/", "/.ipynb_checkpoints/", "/.nbops/")


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
        Path(__file__).parents[1],  # nbops, in a checkout of its own
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
