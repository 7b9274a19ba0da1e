"""A kernel of its own for each measurement, asked as JupyterLab asks it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import KernelManager

START = "%load_ext nbops\n%track start"


class Kernel:
    """A kernel that tells how long a cell took, and what came of an expression."""

    def __init__(self, project: Path, environment: dict[str, str]) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.transport, self._manager.ip = "ipc", str(project / "kernel")
        self._manager.start_kernel(cwd=str(project), env=environment)
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=300)

    def time(self, code: str) -> float:
        """Seconds until the kernel is idle again.

        Raises
        ------
        RuntimeError
            The cell failed.
        """
        before = time.perf_counter()
        reply = self._client.execute_interactive(code, output_hook=lambda _: None, timeout=3600)
        taken = time.perf_counter() - before
        if reply["content"]["status"] != "ok":
            raise RuntimeError(reply["content"].get("evalue"))
        return taken

    def value(self, expression: str) -> Any:
        """Value of an expression, as its text says it."""
        reply = self._client.execute("", user_expressions={"x": expression})
        while True:
            message = self._client.get_shell_msg(timeout=300)
            if message["parent_header"]["msg_id"] == reply:
                return message["content"]["user_expressions"]["x"]["data"]["text/plain"]

    def cpu_s(self) -> float:
        """CPU seconds that its process has used so far."""
        used = psutil.Process(self._manager.provisioner.pid).cpu_times()
        return float(used.user + used.system)

    def end(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


@contextmanager
def kernel_in(project: Path, environment: dict[str, str]) -> Iterator[Kernel]:
    """A fresh kernel in a folder."""
    kernel = Kernel(project, environment)
    try:
        yield kernel
    finally:
        kernel.end()
