"""The kernel's side: IPython's events become facts, `%track` becomes calls.

Never imports what knows MLflow; the one exception is named in the layers' contract.
"""

import os
import sys
from typing import Any

from nbops.ipython.extension import Extension, extension_of
from nbops.recording.current import DRIVEN_VARIABLE

__all__ = ["Extension", "extension_of", "load", "unload"]


def load(shell: Any) -> Extension:
    """Make `%track` known to a shell; calling it again changes nothing."""
    extension = extension_of(shell)
    if extension is None:
        from nbops.ipython.completion import complete_track
        from nbops.ipython.magics import TrackMagics

        extension = Extension(shell)
        extension.install()
        shell.register_magics(TrackMagics(shell, extension))
        shell.set_hook("complete_command", complete_track, str_key="%track")
    return extension


def autostart(shell: Any) -> None:
    """Start tracking a kernel where `[tool.nbops] autostart` says so; quietly, and never in its way."""
    from nbops.capture.notebook import read_kernel_id, read_notebook_path
    from nbops.recording.recorder import Plan
    from nbops.workspace import find_workspace

    try:
        if os.environ.get(DRIVEN_VARIABLE):
            return
        notebook = read_notebook_path(shell.user_ns)
        if read_kernel_id() is None or not find_workspace(notebook).settings.autostart:
            return
        load(shell).start(Plan())
    except Exception as error:  # noqa: BLE001 - a kernel must start
        print(f"nbops: not tracking: {error}", file=sys.stderr)  # noqa: T201


def unload(shell: Any) -> None:
    """Stop tracking and leave the shell as it was."""
    from nbops.ipython.hooks import say
    from nbops.recording.current import current

    extension = extension_of(shell)
    if extension is not None:
        if current() is not None:
            say("tracking has stopped with the extension; %track start begins a new session.")
        extension.remove()
