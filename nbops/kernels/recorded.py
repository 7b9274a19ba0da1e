"""What each module does to the process as it is imported."""

import builtins
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Self

from nbops.kernels.hidden import (
    HiddenModules,
    Loaded,
    Step,
    add_filters,
    import_again,
    put_variable,
    replace_filters,
)


class ImportRecord(MetaPathFinder):
    """Notes, while it is entered, what every import does; afterwards hides what was imported.

    Finds nothing itself: it asks the other finders, and has their loaders watched. A module that was there
    before is asked for through `__import__`, or lies in the namespace of one that was written in C.

    Parameters
    ----------
    base
        Modules that stay: those that a kernel has anyway.
    """

    def __init__(self, base: set[str]) -> None:
        self._base = base
        self._loaded: dict[str, Loaded] = {}
        self._running: list[tuple[str, Loaded]] = [("", Loaded())]
        self._noted: set[tuple[str, str]] = set()
        self._filters = self._first_filters = list(warnings.filters)
        self._variables = self._first_variables = dict(os.environ)
        self._count = len(sys.modules)

    def __enter__(self) -> Self:
        self._import = builtins.__import__
        builtins.__import__ = self._note_import
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)
        builtins.__import__ = self._import

    def hide(self) -> HiddenModules:
        """Make it as if nothing had been imported."""
        hidden = HiddenModules(self._loaded)
        hidden.hide([name for name in sys.modules if name not in self._base])
        replace_filters(self._first_filters)
        os.environ.clear()
        os.environ.update(self._first_variables)
        sys.meta_path.insert(0, hidden)
        return hidden

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = (
                find(fullname, path, target) if find and finder is not self else None
            )
            if spec is not None:
                if spec.loader is not None and not isinstance(spec.loader, type):
                    self._watch(spec.loader, fullname)
                return spec
        return None

    def _watch(self, loader: Any, name: str) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module  # leave the loader as it was
            with self._within(name):
                execute(module)

        loader.exec_module = exec_module

    @contextmanager
    def _within(self, name: str) -> Iterator[None]:
        self._settle()
        loaded = Loaded()
        self._running.append((name, loaded))
        try:
            yield
        except BaseException:
            self._settle()
            self._running.pop()
            self._running[-1][1].steps.extend(
                loaded.steps
            )  # what it did before it failed stays done
            raise
        self._settle()
        loaded.names = dict(getattr(sys.modules[name], "__dict__", {}))
        for value in loaded.names.values():
            if type(value) is ModuleType:  # a lazy one would load when it is asked for its name
                self._note(value.__name__)
        self._running.pop()
        self._loaded[name] = loaded
        self._note(name)

    def _settle(self) -> None:
        """Credit what changed since the last call to the module whose code runs."""
        steps = self._running[-1][1].steps
        filters = list(warnings.filters)
        if filters != self._filters:
            steps.append(_difference(self._filters, filters))
            self._filters = filters
        variables = dict(os.environ)
        if variables != self._variables:
            for name in sorted(variables.keys() | self._variables.keys()):
                if variables.get(name) != self._variables.get(name):
                    steps.append(partial(put_variable, name, variables.get(name)))
            self._variables = variables
        if len(sys.modules) != self._count:
            new = list(sys.modules)[min(self._count, len(sys.modules)) :]
            self._count = len(sys.modules)
            for name in new:
                module = sys.modules[name]
                spec = getattr(module, "__spec__", None)
                if spec is None or spec.name != name:  # made by hand, or another name of one
                    steps.append(partial(sys.modules.__setitem__, name, module))

    def _note(self, name: str) -> None:
        importer, loaded = self._running[-1]
        is_new = (importer, name) not in self._noted
        if is_new and name != importer and name not in self._base and name in sys.modules:
            self._noted.add((importer, name))
            loaded.steps.append(partial(import_again, name))

    def _note_import(
        self,
        name: str,
        globals: Any = None,  # noqa: A002 - __import__'s own names
        locals: Any = None,  # noqa: A002
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        module = self._import(name, globals, locals, fromlist, level)
        asked = getattr(module, "__name__", name) if fromlist else name
        if fromlist or level == 0:
            self._note(asked)
        for part in fromlist or ():
            self._note(f"{asked}.{part}")
        return module


def _difference(before: list[Any], after: list[Any]) -> Step:
    """What makes the second list of the first: filters come to its beginning or its end."""
    new = [item for item in after if item not in before]
    old = [number for number, item in enumerate(after) if item in before]
    first_old = old[0] if old else len(after)
    last = [item for item in after[first_old:] if item in new]
    return partial(add_filters, after[:first_old], last)
