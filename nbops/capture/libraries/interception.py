"""How a call of a library's function is noticed.

From Python 3.12 on `sys.monitoring` watches the code of functions that are written in Python: no frame
is added, nothing is replaced, names bound earlier are seen. On 3.11, and for functions of C, a wrapper
takes their place while the extension is loaded; it poses as the library's code, so that warnings keep
pointing at the user's line, and shows as one hidden frame in a traceback.
"""

import inspect
import sys
from collections.abc import Mapping
from types import CodeType
from typing import Any

from nbops.capture.libraries.table import OTHER_ARGUMENTS, Call
from nbops.capture.libraries.wrapping import Report, unwrap_functions, wrap_function


def watch_function(owner: Any, call: Call, report: Report) -> None:
    """Have a function's calls reported from now on; one that the library does not have is skipped."""
    function = inspect.getattr_static(owner, call.name, None)
    if function is None:
        return
    inner = inspect.unwrap(function)  # of C, maybe, where the outer one is our wrapper
    is_python = inspect.isfunction(function) and inspect.isfunction(inner)
    if is_python and sys.version_info >= (3, 12):
        _monitor(inner.__code__, call, report)
    elif callable(function) and not isinstance(function, type):
        wrap_function(owner, call, function, report)


def release_functions() -> None:
    """Leave every function as it was."""
    unwrap_functions()
    if sys.version_info >= (3, 12):
        _release_monitor()


# ---- sys.monitoring ----------------------------------------------------------------------------------

if sys.version_info >= (3, 12):
    _TOOL = 4  # of sys.monitoring's six; 0 to 3 and 5 are set aside for debuggers and profilers
    _watched: dict[CodeType, tuple[Call, Report]] = {}
    _open_calls: dict[int, tuple[Mapping[str, Any], Any]] = {}
    _MOST_OPEN = 100
    """A call that raised never returns."""

    def _monitor(code: CodeType, call: Call, report: Report) -> None:
        monitoring = sys.monitoring
        if monitoring.get_tool(_TOOL) is None:
            monitoring.use_tool_id(_TOOL, "nbops")
            monitoring.register_callback(_TOOL, monitoring.events.PY_START, _on_start)
            monitoring.register_callback(_TOOL, monitoring.events.PY_RETURN, _on_return)
        elif monitoring.get_tool(_TOOL) != "nbops":
            return
        _watched[code] = (call, report)
        monitoring.set_local_events(
            _TOOL, code, monitoring.events.PY_START | monitoring.events.PY_RETURN
        )

    def _on_start(code: CodeType, _offset: int) -> None:
        call, report = _watched[code]
        if not report.is_wanted():
            return
        frame = sys._getframe(1)  # noqa: SLF001 - the documented way to a callback's frame
        names = ("self", call.argument, call.subject, *OTHER_ARGUMENTS)
        values = {name: frame.f_locals[name] for name in names if name in frame.f_locals}
        if len(_open_calls) > _MOST_OPEN:
            _open_calls.clear()
        _open_calls[id(frame)] = (values, report.before(call, values))

    def _on_return(code: CodeType, _offset: int, result: Any) -> None:
        call, report = _watched[code]
        begun = _open_calls.pop(id(sys._getframe(1)), None)  # noqa: SLF001
        if begun is None:
            return
        values, noted = begun
        if call.does == "yields":
            report.yields(call.name, values.get(call.argument), result, "monitor")
        elif report.is_wanted():
            report.after(call, values, noted, result, "monitor")

    def _release_monitor() -> None:
        monitoring = sys.monitoring
        if monitoring.get_tool(_TOOL) == "nbops":
            for code in _watched:
                monitoring.set_local_events(_TOOL, code, 0)
            monitoring.free_tool_id(_TOOL)
        _watched.clear()
        _open_calls.clear()
