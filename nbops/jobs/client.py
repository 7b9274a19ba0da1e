"""papermill's client, whose requests carry the cell's id and metadata, as JupyterLab's do."""

import asyncio
import contextlib
import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError
from nbclient.util import ensure_async, run_sync
from papermill.clientwrap import PapermillNotebookClient

from nbops.jobs.interrupts import Interrupts, group_of, send
from nbops.jobs.plan import JobPlan
from nbops.recording.current import DRIVEN_VARIABLE
from nbops.views.text import show_duration

_START = "__import__('nbops.ipython.job', fromlist=['job']).start(get_ipython(), {order!r})"
_FINISH = "__import__('nbops.ipython.job', fromlist=['job']).finish({status!r}, {reason!r})"
_WARM = {"provisioner_name": "nbops-warm"}
_FINISH_WITHIN_S = 120.0
_IDLE_WITHIN_S = 10.0
_REAPED_WITHIN_S = 5.0
_SHUTDOWN_S = 3.0
"""ipykernel sometimes hangs in its own shutdown; the default would be to wait 5 s for it."""


class TrackedClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client; its requests carry the cell's id and metadata, as JupyterLab's do."""

    def __init__(
        self, nb_man: Any, *, job: JobPlan, order: dict[str, Any], sockets: Path, **kwargs: Any
    ) -> None:
        super().__init__(nb_man, **kwargs)
        self._job = job
        self.shell_timeout_interval = 1  # how soon a dead kernel is noticed
        self.interrupts = Interrupts(self)
        self.is_tracked = False
        self.has_executed = False
        self.group: int | None = None
        self._is_executing = False
        self._order = order
        self._sockets = sockets
        self._cell: Any = None
        self._process: Any = None
        self.on_cell_execute = self._remember_cell

    def create_kernel_manager(self) -> Any:
        """Talk to the kernel through sockets in a private folder: no ports, so no race for them."""
        manager = super().create_kernel_manager()
        manager.transport = "ipc"
        manager.ip = str(self._sockets)
        manager.kernel_spec.env = {**manager.kernel_spec.env, DRIVEN_VARIABLE: "1"}
        if self._job.is_warm:
            manager.kernel_spec.metadata.setdefault("kernel_provisioner", _WARM)
        return manager

    def papermill_execute_cells(self) -> None:
        self.km.shutdown_wait_time = _SHUTDOWN_S
        self._process = getattr(self.km.provisioner, "process", None)
        self.group = group_of(self.kernel_pid())
        self._send_cell_ids()
        self.is_tracked = self._ask(_START.format(order=json.dumps(self._order)))
        status, is_dead = "failed", False
        limit = self._job.timeout_s
        timer = self.interrupts.end_after(limit, f"Stopped after {show_duration(limit)}")
        try:
            self._is_executing = True
            self._tell("begun", [cell for cell in self.nb.cells if self._will_run(cell)])
            super().papermill_execute_cells()
            self.has_executed = True
            failed = any(
                cell.metadata.get("papermill", {}).get("exception") for cell in self.nb.cells
            )
            status = "failed" if failed else "finished"
        except DeadKernelError:
            is_dead = True
            raise
        finally:
            timer.cancel()
            self._tell("ended")
            finish = _FINISH.format(status=status, reason=self.interrupts.reason)
            is_there = self.is_tracked and not is_dead
            if is_there and not self._ask(finish, _FINISH_WITHIN_S):
                self._kill()  # the session is judged by that

    def execute_cell(self, cell: Any, cell_index: int, **kwargs: Any) -> Any:
        """Execute a cell, unless the job was interrupted, or need not."""
        self.interrupts.raise_if_any()
        if cell.id in self._job.skipped:
            cell.outputs = self._job.skipped[cell.id]
            return cell
        if not self._will_run(cell):
            return super().execute_cell(cell, cell_index, **kwargs)
        limit = self._job.cell_timeout_s
        timer = self.interrupts.end_after(limit, f"Its cell stopped after {show_duration(limit)}")
        self._tell("cell_begun", cell)
        try:
            return super().execute_cell(cell, cell_index, **kwargs)
        finally:
            timer.cancel()
            self._tell("cell_ended", cell)

    def log_output_message(self, output: Any) -> None:
        """Hand on what a cell printed, as papermill does with what it logs."""
        super().log_output_message(output)
        if output.output_type == "stream":
            self._tell("wrote", "".join(output.text))

    def process_message(self, *args: Any, **kwargs: Any) -> Any:
        """Process a message, and hand on what it prints."""
        output = super().process_message(*args, **kwargs)
        is_logged = self.log_output or self.stdout_file or self.stderr_file
        if output and self._job.listener is not None and not is_logged:
            self.log_output_message(output)
        return output

    async def _async_check_alive(self) -> None:
        """As nbclient does, without a line in the log: what the kernel died of is said in the end."""
        if not await ensure_async(self.kc.is_alive()):
            raise DeadKernelError("Kernel died")

    def _will_run(self, cell: Any) -> bool:
        is_code = cell.cell_type == "code" and bool(cell.source.strip())
        is_left_out = self.skip_cells_with_tag in cell.metadata.get("tags", ())
        return is_code and not is_left_out and cell.id not in self._job.skipped

    def _tell(self, event: str, *about: Any) -> None:
        if self._job.listener is not None:
            getattr(self._job.listener, event)(*about)

    def kernel_pid(self) -> int | None:
        provisioner = getattr(self.km, "provisioner", None)
        pid = getattr(provisioner, "pid", None)
        return pid if isinstance(pid, int) else None

    def kernel_returncode(self) -> int | None:
        """Exit code of a kernel that is gone, negative for a signal; None when it is not known."""
        process: Any = self._process
        try:
            return None if process is None else int(process.wait(_REAPED_WITHIN_S))
        except (subprocess.TimeoutExpired, TypeError):
            return None

    def is_executing(self) -> bool:
        return self._is_executing

    def place(self) -> Callable[[], str]:
        cell, has_executed = self._cell, self.has_executed

        def where() -> str:
            if has_executed:
                return "after its last cell"
            count = cell.execution_count if cell is not None else None
            return f"in [{count}]" if count else "before its first cell"

        return where

    def _kill(self) -> None:
        pid = self.kernel_pid()
        if pid is not None:
            send(pid, signal.SIGKILL)

    def _remember_cell(self, cell: Any, cell_index: int) -> None:  # noqa: ARG002 - nbclient's call
        self._cell = cell

    def _send_cell_ids(self) -> None:
        """Have requests made with metadata: `KernelClient.execute` knows none."""
        kc = self.kc

        def execute(
            code: str,
            silent: bool = False,
            store_history: bool = True,
            user_expressions: dict[str, Any] | None = None,
            allow_stdin: bool | None = None,
            stop_on_error: bool = True,
        ) -> str:
            content = {
                "code": code,
                "silent": silent,
                "store_history": store_history,
                "user_expressions": user_expressions or {},
                "allow_stdin": kc.allow_stdin if allow_stdin is None else allow_stdin,
                "stop_on_error": stop_on_error,
            }
            cell = self._cell
            metadata = {**cell.metadata, "cellId": cell.id} if cell is not None else {}
            message = kc.session.msg("execute_request", content, metadata=metadata)
            kc.shell_channel.send(message)
            return str(message["header"]["msg_id"])

        kc.execute = execute

    def _ask(self, code: str, within_s: float | None = None) -> bool:
        """Run a line of nbops' own; False, with a warning, when it fails."""
        try:
            message_id = self.kc.execute(code, silent=True, store_history=False)
            reply = run_sync(self._wait_for_reply_within)(message_id, within_s)
        except Exception as error:  # noqa: BLE001 - the kernel died: the session is judged by that
            if not self.interrupts.came:
                self.log.warning("nbops: %r", error)
            return False
        content = (reply or {}).get("content", {})
        if content.get("status") != "ok":
            reason = content.get("evalue", "no answer")
            if not self.interrupts.came:
                self.log.warning("nbops: this run is not tracked: %s", reason)
            return False
        return True

    async def _wait_for_reply_within(self, message_id: str, within_s: float | None) -> Any:
        return await asyncio.wait_for(self.async_wait_for_reply(message_id), within_s)

    def wait_for_reply(self, message_id: str, cell: Any = None) -> Any:
        """Wait until the kernel has ended a request, which is after its reply.

        papermill's last one is followed by a shutdown, whose SIGINT would be an error within it.
        """
        reply = super().wait_for_reply(message_id, cell)
        with contextlib.suppress(TimeoutError):
            run_sync(asyncio.wait_for)(self._wait_until_idle(message_id), _IDLE_WITHIN_S)
        return reply

    async def _wait_until_idle(self, message_id: str) -> None:
        while True:
            message = await ensure_async(self.kc.iopub_channel.get_msg(timeout=None))
            is_ours = message["parent_header"].get("msg_id") == message_id
            if is_ours and message["content"].get("execution_state") == "idle":
                return
