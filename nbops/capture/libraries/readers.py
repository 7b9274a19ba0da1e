"""Libraries that read and write data report what they read and wrote, and the shape of the frame.

`table.py` lists their functions, `interception.py` notices the calls; here is what a call means.
"""

import glob
import importlib.abc
import importlib.machinery
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from nbops.capture.data.audit import active_watch
from nbops.capture.data.contents import Stat, stat_file
from nbops.capture.libraries.interception import release_functions, watch_function
from nbops.capture.libraries.remote import (
    details_of,
    is_remote,
    urls_of_coroutine,
    urls_of_request,
    urls_of_visit,
)
from nbops.capture.libraries.sql import as_rows, describe_result, files_in_sql
from nbops.capture.libraries.table import CALLS, Call
from nbops.capture.libraries.tables import read_version
from nbops.records import SeenBy

_MOST_SCANS = 1_000
_OF_CURSORS = ("executes", "yields", "hides")
_OF_QUERIES = ("fetches", "relates")
_OF_REMOTE = ("requests", "visits", "awaits")


def watch_readers() -> None:
    """Watch the libraries that are imported, and those that will be."""
    for name in CALLS:
        if name in sys.modules:
            _watch_module(sys.modules[name])
    if not any(isinstance(finder, _ImportWatch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _ImportWatch())


def release_readers() -> None:
    """Leave every library as it was."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _ImportWatch)]
    release_functions()


class _ImportWatch(importlib.abc.MetaPathFinder):
    """Finds nothing itself; asks the other finders, and watches the module once it has run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in CALLS:
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    _watch_after(spec.loader)
                return spec
        return None


def _watch_after(loader: Any) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module  # leave the loader as it was
        execute(module)
        try:
            _watch_module(module)
        except Exception:  # noqa: BLE001 - a library changed; its files are not seen, that is all
            return

    loader.exec_module = exec_module


def _watch_module(module: ModuleType) -> None:
    for call in CALLS[module.__name__]:
        owner = getattr(module, call.owner, None) if call.owner else module
        watch_function(owner, call, _report)


class _Report:
    """What a call means for the cell that is running."""

    def __init__(self) -> None:
        self._scanned: dict[str, tuple[str, ...]] = {}  # first path of a lazy frame: all its paths

    def is_wanted(self) -> bool:
        return active_watch() is not None

    def before(self, call: Call, values: Mapping[str, Any]) -> Any:
        if call.does in _OF_CURSORS:  # a row each, maybe
            return None
        return _quietly(self._note_before, call, values)

    def after(
        self, call: Call, values: Mapping[str, Any], noted: Any, result: Any, by: SeenBy
    ) -> None:
        if call.does in _OF_CURSORS:
            _quietly(_note_cursor, call, values, result, by)
        elif call.does in _OF_QUERIES:
            _quietly(_note_query, call, values, result, by)
        elif call.does in _OF_REMOTE:
            _quietly(_note_remote, noted, result, by)
        elif call.does == "versions":
            _quietly(_note_table, values.get(call.argument), by)
        else:
            _quietly(self._note_after, call, values, noted, result, by)

    def yields(self, name: str, cursor: Any, result: Any, by: SeenBy) -> None:
        watch = active_watch()
        if watch is None:
            return
        try:
            watch.cursors.yields(name, cursor, result, by)
        except Exception:  # noqa: BLE001 - whatever goes wrong here must not reach the user's call
            watch.failures += 1

    def _note_before(
        self, call: Call, values: Mapping[str, Any]
    ) -> tuple[dict[str, Stat | None], tuple[str, ...]]:
        """Paths that are read, with what is there now, and paths that are written."""
        reads, writes = self._paths(call, values)
        watch = active_watch()
        for path in writes:
            if watch is not None and not is_remote(path):
                watch.about_to_write(path)
        now = (0, 0, time.time_ns())
        return {path: now if is_remote(path) else stat_file(path) for path in reads}, writes

    def _note_after(
        self, call: Call, values: Mapping[str, Any], noted: Any, result: Any, by: SeenBy
    ) -> None:
        watch = active_watch()
        if watch is None or noted is None:
            return
        if call.does == "spawns":
            watch.invite(result)
            return
        if call.does == "connects":
            watch.cursors.connects(result, next(iter(noted[0]), None))
        elif call.does == "queries" and call.name == "execute":
            watch.cursors.executes({"self": result, **values}, call.argument)
        reads, writes = noted
        frame = result if call.does in ("reads", "collects") and len(reads) == 1 else None
        for path, stat in reads.items():
            watch.read_frame(path, stat, frame, by)
        for path in writes:
            watch.wrote_frame(path, values.get(call.subject) if call.writes else None, by)

    def _paths(  # noqa: C901, PLR0911 - one kind of call a line
        self, call: Call, values: Mapping[str, Any]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        paths = _as_paths(values.get(call.argument))
        match call.does:
            case "reads":
                return paths, ()
            case "writes":
                return (), paths
            case "opens":
                return _opened(paths, values)
            case "connects":
                for path in paths:
                    _keep_eye_on(path)
                return paths, ()
            case "queries":
                return files_in_sql(values.get(call.argument))
            case "fetches" | "relates" | "spawns" | "versions":
                return (), ()
            case "scans":
                if paths and len(self._scanned) < _MOST_SCANS:
                    self._scanned[paths[0]] = paths
                return (), ()
            case "collects":
                return self._collected(values.get(call.argument)), ()
            case "sinks":
                return self._collected(values.get("self")), paths
            case _:
                return _remote_paths(call, values)

    def _collected(self, lazy: Any) -> tuple[str, ...]:
        """Paths of the scans that a lazy frame's plan names."""
        if not self._scanned:
            return ()
        frames = lazy if isinstance(lazy, list | tuple) else [lazy]
        plans = "\n".join(frame.explain(optimized=False) for frame in frames)
        found = [paths for first, paths in self._scanned.items() if _names(plans, first)]
        return tuple(path for paths in found for path in paths)


def _names(plans: str, path: str) -> bool:
    """Whether plans name a path, or a file that it fits if it is a pattern."""
    if not glob.has_magic(path):
        return path in plans
    signs = {"**/": "(?:[^],]*/)?", "**": "[^],]*", "*": "[^],/]*", "?": "[^],/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", path)
    return path in plans or bool(
        re.search("".join(signs.get(one) or re.escape(one) for one in parts), plans)
    )


_report = _Report()


def _note_cursor(call: Call, values: Mapping[str, Any], result: Any, by: SeenBy) -> None:
    watch = active_watch()
    if watch is None:
        return
    if call.does == "executes":
        watch.cursors.executes(values, call.argument)
    else:
        driver = type(result).__module__.partition(".")[0]
        watch.cursors.hides(driver, result, by)


def _note_query(call: Call, values: Mapping[str, Any], result: Any, by: SeenBy) -> None:
    watch = active_watch()
    if watch is None:
        return
    if call.does == "relates":
        seen = watch.cursors.relation(values.get(call.argument), result, by)
    else:
        rows = as_rows(call.name, result)
        seen = describe_result(values.get(call.argument), values, rows, by)
    if seen is not None:
        watch.fetched(seen)


def _note_table(reader: Any, by: SeenBy) -> None:
    watch = active_watch()
    read = read_version(reader) if watch is not None else None
    if watch is not None and read is not None:
        watch.read_table(read, by)


def _note_remote(noted: Any, result: Any, by: SeenBy) -> None:
    watch = active_watch()
    if watch is None or noted is None:
        return
    reads, writes = noted
    details = details_of(result)
    for url, looked_at in reads.items():
        watch.read_remote(url, looked_at, by, details=details)
    for url in writes:
        watch.wrote_remote(url, by)


def _remote_paths(call: Call, values: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    argument = values.get(call.argument)
    if call.does == "requests":
        return urls_of_request(argument), ()
    if call.does == "visits":
        return _opened(urls_of_visit(values.get("self"), argument), values)
    return urls_of_coroutine(argument, values.get(call.subject))


def _opened(
    paths: tuple[str, ...], values: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whether an `open(path, mode)` reads, writes, or does both."""
    if values.get("read_only") or not set(str(values.get("mode") or "r")) & set("wax+"):
        return paths, ()
    mode = str(values.get("mode"))
    for path in paths:
        if not is_remote(path):
            _keep_eye_on(path)
    return (paths if "r" in mode or "a" in mode else ()), paths


def _keep_eye_on(path: str) -> None:
    watch = active_watch()
    if watch is not None:
        watch.keep_eye_on(path)


def _as_paths(value: Any) -> tuple[str, ...]:
    """Paths and patterns in an argument; none where it holds a buffer, or the data itself."""
    if isinstance(value, list | tuple):
        return tuple(path for one in value for path in _as_paths(one))
    path = getattr(value, "__fspath__", None)
    text = path() if path else value
    if not isinstance(text, str) or "\n" in text or text == ":memory:":
        return ()
    text = text.removeprefix("file://")
    return (os.path.expanduser(text),)


def _quietly(report: Any, *args: Any) -> Any:
    try:
        return report(*args)
    except Exception:  # noqa: BLE001 - whatever goes wrong here must not reach the user's call
        watch = active_watch()
        if watch is not None:
            watch.failures += 1
        return None
