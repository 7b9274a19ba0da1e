"""A real kernel, asked as JupyterLab asks it."""

import os
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from processes import PATIENCE_S, end_process


@dataclass
class Answer:
    """What one cell gave back."""

    text: str = ""  # streams
    results: list[dict[str, Any]] = field(default_factory=list)  # mime bundles
    error: str = ""  # "ZeroDivisionError: division by zero"
    traceback: list[str] = field(default_factory=list)
    execution_count: int | None = None

    @property
    def result(self) -> str:
        """Last result as text."""
        return str(self.results[-1]["text/plain"]) if self.results else ""


class Kernel:
    """One kernel process.

    Parameters
    ----------
    folder
        Its working folder.
    environment
        Variables on top of this process's.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.transport = "ipc"
        self.manager.ip = f"{tempfile.gettempdir()}/nbops-test-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.environment = environment
        self.client = self._start()

    def _start(self) -> BlockingKernelClient:
        notebook = str(self.folder / "notebook.ipynb")
        env = {**os.environ, "JPY_SESSION_NAME": notebook, **self.environment}
        self.manager.start_kernel(cwd=str(self.folder), env=env)
        return self._connect()

    def _connect(self) -> BlockingKernelClient:
        client = self.manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE_S)
        return client

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)

    def send(
        self,
        code: str,
        cell_id: str | None = None,
        tags: Sequence[str] = (),
        subshell: str | None = None,
        **options: Any,
    ) -> str:
        """Ask for a cell, and do not wait for it."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
            **options,
        }
        metadata: dict[str, Any] = {"cellId": cell_id} if cell_id else {}
        if tags:
            metadata["tags"] = list(tags)
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def run(
        self, code: str, cell_id: str | None = None, timeout_s: float = PATIENCE_S, **options: Any
    ) -> Answer:
        """Run a cell to its end."""
        message_id = self.send(code, cell_id, **options)
        answer = Answer()
        while True:
            message = self.client.get_iopub_msg(timeout=timeout_s)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    answer.text += content["text"]
                case "execute_result" | "display_data":
                    answer.results.append(content["data"])
                case "error":
                    answer.error = f"{content['ename']}: {content['evalue']}"
                    answer.traceback = content["traceback"]
                case "execute_input":
                    answer.execution_count = content["execution_count"]
                case "status" if content["execution_state"] == "idle":
                    return answer

    def ask_control(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Answer of the control channel, which is heard while a cell runs."""
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return dict(reply["content"])

    def restart(self) -> None:
        self.client.stop_channels()
        self.manager.restart_kernel()
        self.client = self._connect()

    def shutdown(self) -> None:
        """End it as JupyterLab does."""
        self.client.stop_channels()
        self.manager.shutdown_kernel()

    def kill(self) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            end_process(self.pid)
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
