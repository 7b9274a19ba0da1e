"""What `%load_ext nbops` installs, and takes away again."""

import atexit
from typing import Any

from nbops.capture.code.marks import strip_mark
from nbops.capture.notebook import read_kernel_id, read_notebook_path
from nbops.errors import NotTracking
from nbops.ipython.hooks import Hooks
from nbops.ipython.outputs import OutputWatch, can_be_watched
from nbops.recording.current import current, start, stop
from nbops.recording.recorder import Plan, Recorder

_SLOT = "_nbops_extension"


def extension_of(shell: Any) -> "Extension | None":
    """Extension that is installed in a shell."""
    found = getattr(shell, _SLOT, None)
    return found if isinstance(found, Extension) else None


class Extension:
    """nbops in one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.hooks = Hooks(shell)

    def install(self) -> None:
        self.shell.events.register("pre_run_cell", self.hooks.pre_run_cell)
        self.shell.events.register("post_run_cell", self.hooks.post_run_cell)
        cleanups = self.shell.input_transformers_cleanup
        after = [getattr(cleanup, "__name__", "") for cleanup in cleanups]
        position = after.index("leading_empty_lines") + 1 if "leading_empty_lines" in after else 0
        cleanups.insert(position, strip_mark)
        setattr(self.shell, _SLOT, self)
        atexit.register(self._at_exit)

    def remove(self) -> None:
        self.stop()
        self.shell.events.unregister("pre_run_cell", self.hooks.pre_run_cell)
        self.shell.events.unregister("post_run_cell", self.hooks.post_run_cell)
        self.shell.input_transformers_cleanup.remove(strip_mark)
        for kind in ("line", "cell"):
            self.shell.magics_manager.magics[kind].pop("track", None)
        self.shell.strdispatchers["complete_command"].strs.pop("%track", None)
        delattr(self.shell, _SLOT)
        atexit.unregister(self._at_exit)

    def start(self, plan: Plan) -> tuple[Recorder, bool, int]:
        """Open a session, or adopt into the open one.

        Returns
        -------
        The session, whether it is new, and how many cells ran before it.
        """
        recorder, is_new = start(self._completed(plan))
        if not is_new:
            return recorder, False, 0
        if can_be_watched(self.shell):
            recorder.outputs = OutputWatch(self.shell, recorder)
        cells = self.hooks.cells_before()
        recorder.record_before(cells)
        self.hooks.adopt_running_cell(recorder)
        return recorder, True, len(cells)

    def stop(self) -> Recorder | None:
        return stop()

    def recorder(self) -> Recorder:
        """The open session.

        Raises
        ------
        NotTracking
            There is none.
        """
        recorder = current()
        if recorder is None:
            raise NotTracking("Nothing is tracked in this kernel.", "Run %track start first.")
        return recorder

    def logging_recorder(self) -> Recorder:
        """The open session, to log to.

        Raises
        ------
        NotTracking
            There is none, or it is paused.
        """
        recorder = self.recorder()
        if recorder.is_paused:
            raise NotTracking("Tracking is paused.", "%track resume goes on.")
        return recorder

    def notebook(self) -> str | None:
        return read_notebook_path(self.shell.user_ns)

    def _completed(self, plan: Plan) -> Plan:
        from dataclasses import replace

        return replace(
            plan,
            notebook=plan.notebook or self.notebook(),
            kernel_id=plan.kernel_id or read_kernel_id(),
        )

    def _at_exit(self) -> None:
        stop("shutdown")
