"""How a call of a library's function is noticed.

From Python 3.12 on `sys.monitoring` watches the code of functions that are written in Python: no frame
is added, nothing is replaced, names bound earlier are seen. On 3.11, and for functions of C, a wrapper
takes their place while the extension is loaded; it poses as the library's code, so that warnings keep
pointing at the user's line, and shows as one hidden frame in a traceback.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from types import CodeType, TracebackType
from typing import Any, Protocol

from nbops.capture.libraries import OTHER_ARGUMENTS, Call
from nbops.records import SeenBy


class Report(Protocol):
    """Is told of calls; must let nothing but Ctrl-C out."""

    def is_wanted(self) -> bool: ...

    def before(self, call: Call, values: Mapping[str, Any]) -> Any:
        """Called with the arguments by name; what it returns comes back with `after`."""

    def after(
        self, call: Call, values: Mapping[str, Any], noted: Any, result: Any, by: SeenBy
    ) -> None: ...

    def yields(self, name: str, cursor: Any, result: Any, by: SeenBy) -> None:
        """Called for all that a cursor gives, a row each, maybe."""


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
        _wrap(owner, call, function, report)


def release_functions() -> None:
    """Leave every function as it was."""
    while _replaced:
        setattr(*_replaced.pop())
    if sys.version_info >= (3, 12):
        _release_monitor()


# ---- wrappers ---------------------------------------------------------------------------------------

_replaced: list[tuple[Any, str, Any]] = []


def _wrap(owner: Any, call: Call, function: Any, report: Report) -> None:
    if any(entry[0] is owner and entry[1] == call.name for entry in _replaced):
        return
    wrapper = _wrapper_of(owner, call, function, report)
    try:
        setattr(owner, call.name, wrapper)
    except (AttributeError, TypeError):  # a type of C that cannot be changed
        return
    _replaced.append((owner, call.name, function))


def _wrapper_of(owner: Any, call: Call, function: Any, report: Report) -> Any:
    takes_self = isinstance(owner, type)
    try:
        signature = inspect.signature(inspect.unwrap(function))
        bind = signature.bind_partial if call.argument in signature.parameters else None
    except (TypeError, ValueError):  # a function of C that does not say what it takes
        bind = None

    def reader(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if not report.is_wanted():
            return function(*args, **kwargs)
        values = _values(call, takes_self, bind, args, kwargs)
        noted = report.before(call, values)
        result = function(*args, **kwargs)
        report.after(call, values, noted, result, "wrapper")
        return result

    def querier(*args: Any, **kwargs: Any) -> Any:  # looks for names among its caller's variables
        __tracebackhide__ = True
        caller = sys._getframe(1)  # noqa: SLF001 - there is no other way to it
        code = _CALL.replace(co_filename=caller.f_code.co_filename, co_firstlineno=caller.f_lineno)
        scope = {**caller.f_locals, "__nbops__": (function, args, kwargs)}
        is_wanted = report.is_wanted()
        values = _values(call, takes_self, bind, args, kwargs) if is_wanted else {}
        noted = report.before(call, values) if is_wanted else None
        try:
            result = eval(code, caller.f_globals, scope)  # noqa: S307 - code of ours
        except BaseException as error:
            error.__traceback__ = _beyond(code, error.__traceback__)
            raise
        if is_wanted:
            report.after(call, values, noted, result, "wrapper")
        return result

    place = 0 if call.argument == "self" else 1

    def fetcher(*args: Any, **kwargs: Any) -> Any:  # for every row, maybe
        __tracebackhide__ = True
        result = function(*args, **kwargs)
        report.yields(call.name, args[place], result, "wrapper")
        return result

    if call.does == "yields":
        return _disguised(fetcher, call, function)
    if call.does == "queries":
        return _disguised(querier, call, function)
    return _disguised(reader, call, function)


_CALL = compile("__nbops__[0](*__nbops__[1], **__nbops__[2])", "<nbops>", "eval")
"""Calls a function as if from another frame: DuckDB takes variables of the one that calls it for tables."""


def _beyond(code: CodeType, traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_frame.f_code is not code:
        traceback = traceback.tb_next
    return traceback.tb_next if traceback else None


def _disguised(reader: Any, call: Call, function: Any) -> Any:
    inner = getattr(inspect.unwrap(function), "__code__", None)
    reader.__code__ = reader.__code__.replace(
        co_filename=inner.co_filename if inner else f"<{call.name}>",
        co_name=call.name,
        co_qualname=inner.co_qualname if inner else call.name,
    )
    return functools.update_wrapper(reader, function)


def _values(
    call: Call,
    takes_self: bool,
    bind: Callable[..., Any] | None,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Mapping[str, Any]:
    if bind is not None:
        try:
            bound: Mapping[str, Any] = bind(*args, **kwargs).arguments
        except TypeError:  # the call is wrong, and the library will say so
            return {}
        return bound
    values = dict(kwargs)
    if takes_self and args:
        values["self"], args = args[0], args[1:]
    if len(args) > call.position:
        values.setdefault(call.argument, args[call.position])
    if call.writes and args:
        values.setdefault(call.subject, args[0])
    return values


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
