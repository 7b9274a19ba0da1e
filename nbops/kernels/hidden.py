"""Modules that are loaded, and seem not to be until somebody imports them.

So a forked kernel has the `sys.modules` of a fresh one: what asks whether pandas was imported is told the
truth, and a cell that forgot an import fails as it would anywhere. Importing a hidden module puts it in its
place and does again what its own code did to the process: its imports, filters of warnings, variables.
"""

import contextlib
import importlib
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

Step = Callable[[], object]

_READ_AS_LOADED = re.compile(
    "(OMP|KMP|GOMP|MKL|OPENBLAS|BLIS|VECLIB|NUMEXPR|NUMBA|POLARS|ARROW|CUDA|CUBLAS|NVIDIA"
    "|PYTORCH|TORCH|TF|XLA|JAX|HF|TRANSFORMERS|TOKENIZERS)_[A-Z0-9_]+"
)
"""Variables that libraries read once, as they are imported."""


@dataclass
class Loaded:
    """What is known of the import of one module.

    Parameters
    ----------
    steps
        What its code did, in this order.
    names
        Its namespace when its code had run: submodules that others imported later are none of it.
    """

    steps: list[Step] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)


def import_again(name: str) -> None:
    """Import a module, without importlib's own work where it makes no difference: half of the time."""
    if name in sys.modules:
        return
    package = name.rpartition(".")[0]
    if package:
        import_again(package)
    if name not in sys.modules and not (package and _put_back_at_once(name, sys.modules[package])):
        importlib.import_module(name)


def _put_back_at_once(name: str, package: ModuleType) -> bool:
    """Put a hidden submodule in its place, unless somebody else has something to do with its import."""
    path = getattr(package, "__path__", None)
    for finder in sys.meta_path:
        if isinstance(finder, HiddenModules):
            return finder.put_in_place(name, package)
        if not hasattr(finder, "find_spec") or finder.find_spec(name, path) is not None:
            return False
    return False


def add_filters(first: Sequence[Any], last: Sequence[Any]) -> None:
    """Put filters of warnings before and behind those that there are."""
    new = (*first, *last)
    replace_filters([*first, *(old for old in warnings.filters if old not in new), *last])


def replace_filters(filters: Sequence[Any]) -> None:
    warnings.resetwarnings()  # tells the interpreter, too, that they changed
    warnings.filters.extend(filters)  # type: ignore[attr-defined]


class HiddenModules(MetaPathFinder):
    """Finds the modules that it hides.

    Parameters
    ----------
    loaded
        What is known of each module's import.
    """

    def __init__(self, loaded: Mapping[str, Loaded]) -> None:
        self._loaded = loaded
        self._modules: dict[str, Any] = {}
        self._children: dict[str, list[str]] = {}
        self._has_warned = False

    def hide(self, names: Iterable[str]) -> None:
        """Take modules out of `sys.modules`."""
        for name in names:
            module = self._modules[name] = sys.modules.pop(name)
            package, _, child = name.rpartition(".")
            self._children.setdefault(package, []).append(child)
            if package in sys.modules and vars(sys.modules[package]).get(child) is module:
                delattr(sys.modules[package], child)

    def get(self, name: str) -> Any:
        """A module that is still hidden, or None."""
        return self._modules.get(name)

    def folders(self) -> dict[str, str | None]:
        """Where each top-level module was found; None where no folder tells."""
        found = {}
        for name, module in self._modules.items():
            if "." not in name:
                places = getattr(module, "__path__", None) or [getattr(module, "__file__", None)]
                place = next(iter(places), None)
                found[name] = os.path.dirname(place) if place else None
        return found

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del target
        original = self._spec_of(fullname)
        if original is None:
            return None
        if path is None and original.has_location:
            found = PathFinder.find_spec(fullname)
            if found is None or not _is_same(found.origin, original.origin):
                where = found.origin if found else None
                raise ImportError(
                    f"This kernel was started warm, with {fullname} of {original.origin}, and sys.path"
                    f" leads to {where} now: start it cold.",
                    name=fullname,
                )
        if path is None and fullname not in sys.stdlib_module_names:
            self._warn_of_variables(fullname)
        spec = ModuleSpec.__new__(type(original))
        vars(spec).update(
            vars(original), loader=_Returner(self, original)
        )  # a tenth of `copy.copy`
        return spec

    def _warn_of_variables(self, module: str) -> None:
        given = sorted(filter(_READ_AS_LOADED.fullmatch, filter(_was_set_by_cell, os.environ)))
        if given and not self._has_warned:
            self._has_warned = True
            with contextlib.suppress(RuntimeWarning):  # no import fails of it
                warnings.warn(
                    f"This kernel was started warm, with {module} loaded before"
                    f" {', '.join(given)} was set: that may have no effect this time.",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def put_in_place(self, name: str, package: ModuleType) -> bool:
        """Have a submodule imported; False when it is none of those that are hidden."""
        module = self._modules.get(name)  # another thread may import it, too
        if module is None or self._spec_of(name) is None:
            return False
        sys.modules[name] = module
        try:
            self.put_back(name, module)
        except BaseException:
            sys.modules.pop(name, None)
            raise
        setattr(package, name.rpartition(".")[2], module)
        return True

    def _spec_of(self, name: str) -> ModuleSpec | None:
        spec: ModuleSpec | None = getattr(self._modules.get(name), "__spec__", None)
        return spec if spec is not None and spec.name == name else None

    def put_back(self, name: str, module: Any) -> None:
        """Do to the process what the import of a module did to it."""
        self._modules.pop(name, None)
        loaded = self._loaded.get(name) or Loaded(names=dict(vars(module)))
        for step in loaded.steps:
            step()
        for child in self._children.get(name, ()):
            if child in loaded.names:
                setattr(module, child, loaded.names[child])
            elif child in vars(module):
                delattr(module, child)


class _Returner(Loader):
    """Gives the module that is there; else it is the module's own loader."""

    def __init__(self, hidden: HiddenModules, spec: ModuleSpec) -> None:
        self._hidden = hidden
        self._spec = spec

    def create_module(self, spec: ModuleSpec) -> Any:
        return self._hidden.get(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        with contextlib.suppress(AttributeError):
            module.__spec__ = self._spec
            module.__loader__ = self._spec.loader
        self._hidden.put_back(self._spec.name, module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._spec.loader, name)


_known_variables: dict[str, str | None] = {}
"""As the kernel began with them, and modules have set them since."""


def note_variables() -> None:
    """Take note of the variables that a kernel begins with."""
    _known_variables.clear()
    _known_variables.update(os.environ)


def _was_set_by_cell(name: str) -> bool:
    return os.environ.get(name) != _known_variables.get(name)


def put_variable(name: str, value: str | None) -> None:
    """Set a variable as a module did, unless a cell has set it: most modules give defaults only."""
    if _was_set_by_cell(name):
        return
    _known_variables[name] = value
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _is_same(one: str | None, other: str | None) -> bool:
    return one == other or bool(one and other and os.path.samefile(one, other))
