"""A headless job carries its own session on, in a thread of its driver, before it returns."""

import sqlite3
import threading
import time
from typing import Any, Self

from nbops.capture.secrets.redaction import redact
from nbops.index.database import discard_index, file_sizes
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
_TRIES = 3
_HEALTHY_S = 60.0
"""After so long a failure counts as the first one."""


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
        self._is_held = True
        self._problem: str | None = None  # why nothing is followed any more

    def __enter__(self) -> Self:
        if not self._is_errand:
            be_quiet()
        self._courier = self._open()
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
        while not self._problem and not (
            self._courier and self._courier.note(self.session_id, kept)
        ):
            if time.monotonic() > deadline or self._has_finished:
                return  # it is being erased
            time.sleep(0.02)

    def finish(self, timeout_s: float) -> str | None:
        """Wait until everything is found out and in MLflow; returns what is left when it is not."""
        deadline = time.monotonic() + timeout_s
        self._tick_s = _LAST_TICKS_S
        self._is_held = False
        while time.monotonic() < deadline and not self._is_done and not self._is_hopeless:
            time.sleep(0.02)
        if self._is_done:
            return None
        if self._is_errand:
            return "The record lacks what was not found out in time."
        courier = self._courier
        waiting = show_waiting(courier.pending) if courier and courier.pending else "its runs wait"
        reason = self._problem or (courier and courier.error) or "MLflow is slow"
        return f"{waiting} for MLflow ({reason}); `nbops sync` ships what is left."

    @property
    def _is_done(self) -> bool:
        has_started = file_sizes(self.workspace.sessions / self.session_id)[0] > 0
        return not has_started or self._has_finished

    @property
    def _has_finished(self) -> bool:
        return self._courier is not None and self._courier.has_finished(self.session_id)

    @property
    def _is_hopeless(self) -> bool:
        courier = self._courier
        return bool(self._problem or (courier and courier.error and not courier.has_hope))

    def _open(self) -> Courier:
        return Courier(self.workspace, only=self.session_id, is_errand=self._is_errand)

    def _serve(self) -> None:
        tries = 0
        while tries < _TRIES:
            begun = time.monotonic()
            try:
                self._courier = self._courier or self._open()
                self._follow(self._courier)
            except Exception as error:  # noqa: BLE001 - told when somebody waits for the end
                tries = 1 if time.monotonic() - begun > _HEALTHY_S else tries + 1
                problem = redact(f"{type(error).__name__}: {error}")
                is_damaged = not isinstance(error, sqlite3.OperationalError)  # else it is locked
                if isinstance(error, sqlite3.DatabaseError) and is_damaged:
                    discard_index(self.workspace)
            else:
                return
        self._problem = problem

    def _follow(self, courier: Courier) -> None:
        try:
            while not self._stopping.is_set():
                courier.is_held = self._is_held
                courier.tick()
                self._stopping.wait(self._tick_s)
        except BaseException:
            self._courier = None
            raise
        finally:
            courier.close()
