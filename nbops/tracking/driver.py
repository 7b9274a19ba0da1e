"""A headless job carries its own session on, in a thread of its driver, before it returns."""

import threading
import time
from typing import Any, Self

from nbops.index.database import file_sizes
from nbops.index.executed import EXECUTED_NOTEBOOK
from nbops.journal import facts
from nbops.recording.words import make_id
from nbops.store import Store
from nbops.tracking.courier import Courier
from nbops.tracking.store import be_quiet
from nbops.views.text import show_waiting
from nbops.workspace import Workspace

_TICK_S = 0.1
_LAST_TICKS_S = 0.02
"""Once somebody waits for the end."""
_FOLLOWED_WITHIN_S = 60.0


class Driver:
    """Follows one session from before its kernel starts until it is shipped.

    Parameters
    ----------
    session_id
        Id that the kernel will be told to use; made up when None.
    is_errand
        Whether another machine will ship it: then it is only found out what its record lacks.
    """

    def __init__(
        self, workspace: Workspace, session_id: str | None = None, *, is_errand: bool = False
    ) -> None:
        self.workspace = workspace
        self.session_id = session_id or make_id()
        self._is_errand = is_errand
        self._stopping = threading.Event()
        self._tick_s = _TICK_S
        self._thread = threading.Thread(target=self._serve, name="nbops-driver", daemon=True)
        self._courier: Courier | None = None

    def __enter__(self) -> Self:
        if not self._is_errand:
            be_quiet()
        self._courier = Courier(self.workspace, only=self.session_id, is_errand=self._is_errand)
        self._courier.is_held = True
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(10.0)

    def keep_notebook(self, notebook: Any) -> None:
        """Keep the notebook as executed with the job's run.

        Parameters
        ----------
        notebook
            A copy that holds no secrets.
        """
        import nbformat

        data = nbformat.writes(notebook).encode()
        digest = Store(self.workspace.store).put_bytes(data)
        kept = facts.FileKept(
            cell_run=None,
            name=EXECUTED_NOTEBOOK,
            digest=digest,
            size_bytes=len(data),
            mime="application/x-ipynb+json",
        )
        deadline = time.monotonic() + _FOLLOWED_WITHIN_S
        while self._courier and not self._courier.note(self.session_id, kept):
            if time.monotonic() > deadline or self._courier.has_finished(self.session_id):
                return  # it is being erased
            time.sleep(0.02)

    def finish(self, timeout_s: float) -> str | None:
        """Wait until everything is found out and in MLflow; returns what is left when it is not."""
        courier = self._courier
        deadline = time.monotonic() + timeout_s
        if courier is None:
            return None
        self._tick_s = _LAST_TICKS_S
        courier.is_held = False
        while time.monotonic() < deadline and not self._is_done(courier):
            if courier.error and not courier.has_hope:
                break
            time.sleep(0.02)
        if self._is_done(courier):
            return None
        if self._is_errand:
            return "The record lacks what was not found out in time."
        reason = courier.error or "MLflow is slow"
        return f"{show_waiting(courier.pending)} for MLflow ({reason}); `nbops sync` ships what is left."

    def _is_done(self, courier: Courier) -> bool:
        has_started = file_sizes(self.workspace.sessions / self.session_id)[0] > 0
        return not has_started or courier.has_finished(self.session_id)

    def _serve(self) -> None:
        if self._courier is None:
            return
        while not self._stopping.is_set():
            self._courier.tick()
            self._stopping.wait(self._tick_s)
        self._courier.close()
