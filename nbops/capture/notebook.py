"""Which notebook and which kernel this process is, without asking a server."""

import os
import sys
from pathlib import Path
from typing import Any


def read_kernel_id() -> str | None:
    """Kernel id from the connection file's name, `kernel-<id>.json`; None outside of a kernel."""
    application = sys.modules.get("ipykernel.kernelapp")
    if application is None or not application.IPKernelApp.initialized():
        return None
    stem = Path(application.IPKernelApp.instance().connection_file).stem
    return stem.partition("-")[2] or stem


def read_notebook_path(user_names: dict[str, Any]) -> str | None:
    """Absolute path of the notebook: what the driver, VS Code or Jupyter Server tells its kernel.

    Parameters
    ----------
    user_names
        The kernel's global names: VS Code puts the path there.
    """
    for told in (
        os.environ.get("NBOPS_NOTEBOOK"),
        user_names.get("__vsc_ipynb_file__"),
        os.environ.get("JPY_SESSION_NAME"),
    ):
        if told and str(told).endswith((".ipynb", ".py", ".md")):
            return os.path.abspath(told)
    return None
