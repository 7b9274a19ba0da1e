"""IPython's events, made into cell runs. Nothing that goes wrong here reaches the user's cell."""

import ast
import contextlib
import sys
from collections.abc import Callable
from typing import Any

from nbops.capture.code.marks import MarkWords, read_mark
from nbops.capture.code.skipping import find_skip_reason
from nbops.capture.data.outside import is_in_subshell
from nbops.capture.secrets.redaction import redact
from nbops.errors import NbopsError, UsageError
from nbops.journal.facts import Mark
from nbops.recording.current import current, stop
from nbops.recording.recorder import OpenCell, Recorder
from nbops.recording.scalars import as_scalar, numbers_in
from nbops.records import CellError

_PATIENCE = 5
"""Failures in a row after which tracking switches itself off."""

_COMMANDS = ("start", "stop", "pause", "resume", "status", "ls", "show", "why")


def say(text: str) -> None:
    """One line to the person at the notebook."""
    print(f"nbops: {text}", file=sys.stderr)  # noqa: T201


def evaluate(shell: Any, command: str, key: str, expression: str) -> Any:
    """Value of a `key=EXPRESSION` that stands behind a command.

    Raises
    ------
    UsageError
        The expression cannot be read, or raises an error.
    """
    try:
        return eval(expression, shell.user_global_ns, shell.user_ns)  # noqa: S307 - the user's own line
    except Exception as error:
        is_text = isinstance(error, NameError) and expression.isidentifier()
        hint = f"Write {key}='{expression}' if you mean the text." if is_text else ""
        said = error if is_text else f"{type(error).__name__}: {error}"
        raise UsageError(f"{command} {key}={expression}: {said}.", hint) from error


class Hooks:
    """What happens around each cell of one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._running: Any = None  # ExecutionInfo of the outermost cell, recorded or not
        self._message: str | None = None
        self._open: OpenCell | None = None
        self._marked: MarkWords | None = None
        self._failures = 0
        self._problem: str | None = None
        self._interruption = _Interruption()
        self._had_subshell = False
        self._recorded: set[int] = set()  # execution counts of the cells of any session

    def pre_run_cell(self, info: Any) -> None:
        self._guard(self._before, info)

    def post_run_cell(self, result: Any) -> None:
        self._guard(self._after, result)

    def adopt_running_cell(self, recorder: Recorder) -> None:
        """Record the cell that `%track start` itself stands in, from here on."""
        history = self.shell.history_manager.input_hist_raw
        if self._running is not None:
            self._begin(recorder, self._running.raw_cell, None, count=len(history) - 1)
        elif self._is_in_a_cell() and len(history) > 1:
            self._begin(recorder, history[-1], None, count=len(history) - 1)

    def cells_before(self) -> list[tuple[int, str]]:
        """Execution count and source of the cells that ran before this one, in no session."""
        history = self.shell.history_manager.input_hist_raw
        end = len(history) - 1 if self._is_in_a_cell() else len(history)
        cells = [(n, history[n]) for n in range(1, end) if history[n].strip()]
        return [(n, source) for n, source in cells if n not in self._recorded]

    # ---- inside -------------------------------------------------------------------------------------

    def _before(self, info: Any) -> None:
        if is_in_subshell():  # beside a cell, maybe, whose record goes on
            self._had_subshell |= info.store_history and not info.silent
            return
        message = self._parent_message()
        if self._running is not None and message == self._message:
            return  # a cell that a cell runs, such as %%capture's: it belongs to the outer one
        self._running, self._message = info, message
        if self._open is not None:  # its end was never told
            recorder = current()
            if recorder is not None and recorder.open_cell is self._open:
                recorder.end_cell(self._open, status="interrupted")
            self._open = None
        mark = self._read_mark(info.raw_cell)
        recorder = current()
        if recorder is None or recorder.is_paused or info.silent or not info.store_history:
            if mark is not None and not mark.is_comment:
                command = "%track start" if recorder is None else "%track resume"
                say(f"this cell is not tracked: run {command} first.")
            return
        count = len(self.shell.history_manager.input_hist_raw)  # this cell's own is not there yet
        cell_id = getattr(info, "cell_id", None)
        self._begin(recorder, info.raw_cell, mark, count=count, cell_id=cell_id)

    def _begin(
        self,
        recorder: Recorder,
        source: str,
        mark: MarkWords | None,
        *,
        count: int,
        cell_id: str | None = None,
    ) -> None:
        metadata = self._metadata_of_message()
        skipped = find_skip_reason(source, _tags_in(metadata))
        self._marked = None if skipped else mark
        fact = None
        if mark is not None and not skipped:
            bound = {key: self.shell.user_ns.get(key) for key in mark.values}
            params = {key: as_scalar(key, value) for key, value in bound.items()}
            fact = Mark(
                name=redact(mark.name) if mark.name else None, params=params, names=mark.names
            )
        self._recorded.add(count)
        self._open = recorder.begin_cell(
            source,
            cell_id=cell_id or _cell_id_in(metadata),
            execution_count=count,
            mark=fact,
            skipped=skipped,
        )

    def _read_mark(self, source: str) -> MarkWords | None:
        """Read a cell's mark and bind its values, also where nothing is tracked."""
        if "track" not in source[:2000]:
            return None
        try:
            mark = read_mark(source)
            if mark is None:
                return None
            for key, expression in mark.values.items():
                self.shell.user_ns[key] = evaluate(self.shell, "%%track", key, expression)
        except UsageError as error:
            say(str(error))
            return None
        except KeyboardInterrupt:
            self._interruption.place(self.shell)
            return None
        if mark.name in _COMMANDS and not mark.is_comment:
            say(
                f"%%track {mark.name} marks this cell as a run named {mark.name!r};"
                f" the command is %track {mark.name}."
            )
        return mark

    def _after(self, result: Any) -> None:
        if is_in_subshell():
            return
        if result is not None and self._running is not None and result.info is not self._running:
            return  # an inner cell
        self._interruption.take_away(self.shell)
        cell, self._open, self._running = self._open, None, None
        recorder = current()
        if cell is None or recorder is None or recorder.open_cell is not cell:
            return
        error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
        mark, self._marked = self._marked, None
        if self._had_subshell:
            self._had_subshell = False
            recorder.warn("code that ran in a sub-shell since the cell before is not recorded")
        recorder.end_cell(
            cell,
            status=_status(result, error),
            error=_describe(error),
            params=self._named_values(recorder, mark),
            result=numbers_in(result.result) if mark and result is not None else None,
        )
        self._failures = 0
        self._tell_of(recorder.problem)

    def _tell_of(self, problem: str | None) -> None:
        """Say once that the disk is full, and once that it is not any more."""
        if problem != self._problem:
            self._problem = problem
            say(
                f"nothing can be written: {problem}. What is recorded waits in memory: make room"
                " before the kernel ends."
                if problem
                else "what waited in memory is written."
            )

    def _named_values(self, recorder: Recorder, mark: MarkWords | None) -> dict[str, Any]:
        """Values that the variables named on a mark have when the cell ends."""
        values = {}
        for name in mark.names if mark else ():
            if name in self.shell.user_ns:
                values[name] = self.shell.user_ns[name]
            elif recorder.warn(f"{name} is named as a param, but there is no such variable"):
                say(f"there is no variable {name!r} to record as a param.")
        return values

    def _is_in_a_cell(self) -> bool:
        """Whether a numbered cell is running, whoever has told of its start."""
        return self._running is not None or self._parent_message() is not None

    def _parent_message(self) -> str | None:
        """Id of the request that is being served; None in a terminal."""
        get_parent = getattr(self.shell, "get_parent", None)
        header = get_parent().get("header", {}) if get_parent else {}
        return header.get("msg_id")

    def _metadata_of_message(self) -> dict[str, Any]:
        """The cell's own metadata, as JupyterLab and nbops' jobs send it along."""
        get_parent = getattr(self.shell, "get_parent", None)
        return get_parent().get("metadata", {}) if get_parent else {}

    def _guard(self, hook: Callable[[Any], None], argument: Any) -> None:
        try:
            hook(argument)
        except Exception as error:  # noqa: BLE001 - capture may fail; the user's cell may not
            self._failures += 1
            recorder = current()
            if recorder is not None:
                recorder.warn(f"nbops: {type(error).__name__}: {error}")
            if self._failures == _PATIENCE:
                with contextlib.suppress(Exception):
                    stop("gave up", "finished")
                say(f"tracking is off after {_PATIENCE} failures in a row, the last: {error!r}.")


class _Interruption(ast.NodeTransformer):
    """Ctrl-C while a mark was evaluated, raised where the cell's code would run: it has no values."""

    def place(self, shell: Any) -> None:
        shell.ast_transformers = [*shell.ast_transformers, self]

    def take_away(self, shell: Any) -> None:
        if self in shell.ast_transformers:
            shell.ast_transformers = [one for one in shell.ast_transformers if one is not self]

    def visit(self, _tree: ast.AST) -> ast.AST:
        return ast.parse("raise KeyboardInterrupt")


def _cell_id_in(metadata: dict[str, Any]) -> str | None:
    cell_id = metadata.get("cellId")
    return cell_id if isinstance(cell_id, str) else None


def _tags_in(metadata: dict[str, Any]) -> list[object]:
    tags = metadata.get("tags")
    return tags if isinstance(tags, list) else []


def _status(result: Any, error: BaseException | None) -> str:
    if result is None or isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return "error" if error is not None or not result.success else "ok"


def _describe(error: BaseException | None) -> CellError | None:
    if error is None:
        return None
    try:
        message = error.message if isinstance(error, NbopsError) else str(error)
    except Exception as inner:  # noqa: BLE001 - the user's own __str__
        message = f"<no message: {inner!r}>"
    return CellError(name=type(error).__name__, message=redact(message[:2000]))
