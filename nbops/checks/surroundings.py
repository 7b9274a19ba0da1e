"""What checks must be told of the world around a notebook."""

from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from nbops.capture.environment.declared import Declared
from nbops.records import DataRef, Listing, ModuleRef

_NOTHING = Declared()


@dataclass(frozen=True)
class Surroundings:
    """Questions that only the caller can answer; by default the answer is that nothing is known.

    Parameters
    ----------
    has_changed
        Whether data is now another than its digest says; None when that is not known.
    has_other_names
        The same of a folder's names, but for files that the run itself wrote, whose URIs are given.
    has_changed_module
        The same of a local module.
    is_there
        Whether a path, absolute or relative to the notebook's folder, exists.
    is_local
        Whether a module of this name lies in the project.
    distributions
        Names of the distributions that an import name comes from; empty when not known.
    declared
        What the project says that it needs.
    """

    has_changed: Callable[[DataRef], bool | None] = lambda _: None
    has_other_names: Callable[[Listing, Collection[str]], bool | None] = lambda _listing, _own: None
    has_changed_module: Callable[[ModuleRef], bool | None] = lambda _: None
    is_there: Callable[[str], bool] = lambda _: True
    is_local: Callable[[str], bool] = lambda _: False
    distributions: Callable[[str], AbstractSet[str]] = lambda _: frozenset()
    declared: Declared = _NOTHING
