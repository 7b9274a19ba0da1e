"""Reproducible experimentation for Jupyter: every cell run recorded, compared, explained.

In a notebook, `%load_ext nbops` and `%track start`; in Python, the functions below, which take their
arguments in MLflow's order. Importing this package is light: what a name needs is imported with it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbops.api.jobs import pipeline, run, sweep
    from nbops.api.look import compare, panel, runs, show, why
    from nbops.api.schedules import export, schedule
    from nbops.api.track import (
        log_data,
        log_figure,
        log_file,
        log_metric,
        log_metrics,
        log_model,
        log_param,
        log_params,
        note,
        set_tag,
        start,
        stop,
        track,
    )

__version__ = "0.1.0"

__all__ = [
    "compare",
    "export",
    "log_data",
    "log_figure",
    "log_file",
    "log_metric",
    "log_metrics",
    "log_model",
    "log_param",
    "log_params",
    "note",
    "panel",
    "pipeline",
    "run",
    "runs",
    "schedule",
    "set_tag",
    "show",
    "start",
    "stop",
    "sweep",
    "track",
    "why",
]


_ROOMS = {
    **dict.fromkeys(("compare", "panel", "runs", "show", "why"), "look"),
    **dict.fromkeys(("pipeline", "run", "sweep"), "jobs"),
    **dict.fromkeys(("export", "schedule"), "schedules"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'nbops' has no attribute {name!r}")
    value = getattr(import_module(f"nbops.api.{_ROOMS.get(name, 'track')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext nbops`."""
    import_module("nbops.ipython").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext nbops`."""
    import_module("nbops.ipython").unload(shell)


def _autostart(shell: Any) -> None:
    """Called by the startup file that `nbops enable` writes."""
    import_module("nbops.ipython").autostart(shell)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "nbops.server"}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "@nbops/labextension"}]
