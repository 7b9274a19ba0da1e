"""The one setting that has jupyter-scheduler ask nbops: in the user's `jupyter_server_config.json`."""

import json
from pathlib import Path
from typing import Any

from nbops.errors import UsageError
from nbops.writing import putting

MANAGER = "nbops.scheduling.execution_manager.NbopsExecutionManager"
_KEY = "execution_manager_class"
_CLASSES = ("Scheduler", "BaseScheduler")


def use_manager() -> Path:
    """Have jobs of jupyter-scheduler that ask for it run by nbops; returns the file that says so.

    Raises
    ------
    UsageError
        The file cannot be read, or names another manager.
    """
    path, settings = _read()
    for name in _CLASSES:
        other = settings.get(name, {}).get(_KEY)
        if other not in (None, MANAGER):
            raise UsageError(
                f"{path} names another execution manager: {other}.", "Take it out first."
            )
    settings.setdefault(_CLASSES[0], {})[_KEY] = MANAGER
    _write(path, settings)
    return path


def leave_manager() -> Path:
    """Undo `use_manager`; another manager stays."""
    path, settings = _read()
    for name in _CLASSES:
        if settings.get(name, {}).get(_KEY) == MANAGER:
            del settings[name][_KEY]
            if not settings[name]:
                del settings[name]
            _write(path, settings)
    return path


def _read() -> tuple[Path, dict[str, Any]]:
    from jupyter_core.paths import jupyter_config_dir

    path = Path(jupyter_config_dir()) / "jupyter_server_config.json"
    try:
        settings = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Mend it, or move it away.") from error
    if not isinstance(settings, dict):
        raise UsageError(f"{path} holds no settings.", "Mend it, or move it away.")
    return path, settings


def _write(path: Path, settings: dict[str, Any]) -> None:
    with putting(path, "Make it writable.") as part:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
