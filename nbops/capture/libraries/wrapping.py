"""Functions that take the place of a library's own while the extension is loaded, and report their calls."""

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from types import CodeType, TracebackType
from typing import Any, Protocol

from nbops.capture.libraries.table import Call
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


_replaced: list[tuple[Any, str, Any]] = []
_Read = Callable[[tuple[Any, ...], dict[str, Any]], Mapping[str, Any]]
"""Arguments of a call by name."""


def wrap_function(owner: Any, call: Call, function: Any, report: Report) -> None:
    """Replace a function, unless it was, or is of a type that cannot be changed."""
    if any(entry[0] is owner and entry[1] == call.name for entry in _replaced):
        return
    wrapper = _disguised(_wrapper_of(owner, call, function, report), call, function)
    try:
        setattr(owner, call.name, wrapper)
    except (AttributeError, TypeError):  # a type of C that cannot be changed
        return
    _replaced.append((owner, call.name, function))


def unwrap_functions() -> None:
    """Put every function back."""
    while _replaced:
        setattr(*_replaced.pop())


def _wrapper_of(owner: Any, call: Call, function: Any, report: Report) -> Any:
    is_awaited = inspect.iscoroutinefunction(inspect.unwrap(function))
    if call.does == "yields":
        make = _awaited_fetcher if is_awaited else _fetcher
        return make(call, function, report)
    read = _arguments_of(owner, call, function)
    if is_awaited:
        return _awaited_reader(call, function, read, report)
    if call.does == "queries":
        return _querier(call, function, read, report)
    return _reader(call, function, read, report)


def _reader(call: Call, function: Any, read: _Read, report: Report) -> Any:
    def reader(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if not report.is_wanted():
            return function(*args, **kwargs)
        values = read(args, kwargs)
        noted = report.before(call, values)
        result = function(*args, **kwargs)
        report.after(call, values, noted, result, "wrapper")
        return result

    return reader


def _awaited_reader(call: Call, function: Any, read: _Read, report: Report) -> Any:
    async def reader(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if not report.is_wanted():
            return await function(*args, **kwargs)
        values = read(args, kwargs)
        noted = report.before(call, values)
        result = await function(*args, **kwargs)
        report.after(call, values, noted, result, "wrapper")
        return result

    return reader


def _fetcher(call: Call, function: Any, report: Report) -> Any:
    place = 0 if call.argument == "self" else 1

    def fetcher(*args: Any, **kwargs: Any) -> Any:  # for every row, maybe
        __tracebackhide__ = True
        result = function(*args, **kwargs)
        report.yields(call.name, args[place], result, "wrapper")
        return result

    return fetcher


def _awaited_fetcher(call: Call, function: Any, report: Report) -> Any:
    async def fetcher(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        result = await function(*args, **kwargs)
        report.yields(call.name, args[0], result, "wrapper")
        return result

    return fetcher


_CALL = compile("__nbops__[0](*__nbops__[1], **__nbops__[2])", "<nbops>", "eval")


def _querier(call: Call, function: Any, read: _Read, report: Report) -> Any:
    """Call as if from the caller's frame: DuckDB takes variables of the one that calls it for tables."""

    def querier(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        caller = sys._getframe(1)  # noqa: SLF001 - there is no other way to it
        code = _CALL.replace(co_filename=caller.f_code.co_filename, co_firstlineno=caller.f_lineno)
        scope = {**caller.f_locals, "__nbops__": (function, args, kwargs)}
        is_wanted = report.is_wanted()
        values = read(args, kwargs) if is_wanted else {}
        noted = report.before(call, values) if is_wanted else None
        try:
            result = eval(code, caller.f_globals, scope)  # noqa: S307 - code of ours
        except BaseException as error:
            error.__traceback__ = _beyond(code, error.__traceback__)
            raise
        if is_wanted:
            report.after(call, values, noted, result, "wrapper")
        return result

    return querier


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


def _arguments_of(owner: Any, call: Call, function: Any) -> _Read:
    takes_self = isinstance(owner, type)
    try:
        signature = inspect.signature(inspect.unwrap(function))
        bind = signature.bind_partial if call.argument in signature.parameters else None
    except (TypeError, ValueError):  # a function of C that does not say what it takes
        bind = None

    def read(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Mapping[str, Any]:
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

    return read
