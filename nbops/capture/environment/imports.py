"""Which installed packages a process has imported.

The kernel tells the names of modules, when there are new ones; which packages these belong to is told
from what is installed, in the background.
"""

import sys
from importlib.metadata import Distribution

from nbops.capture.environment.packages import Distributions


class LoadedModules:
    """Top-level modules of this process, each told once."""

    def __init__(self) -> None:
        self._count = 0
        self._told: set[str] = set()

    def take_new(self) -> list[str]:
        """Names that are new since the last call, sorted; 0.1 us while nothing is imported."""
        if len(sys.modules) == self._count:
            return []
        names = list(sys.modules)  # at once: other threads import, too
        self._count = len(names)
        tops = {name for name in names if "." not in name and not name.startswith("_")}
        new = tops - self._told - sys.stdlib_module_names
        self._told |= new
        return sorted(new)


def find_providers(distributions: Distributions) -> dict[str, str]:
    """Package by top-level module; a module that several share (`google`) tells none of them."""
    providers: dict[str, str | None] = {}
    for package, (_, distribution) in distributions.items():
        for module in _modules_of(package, distribution):
            providers[module] = None if module in providers else package
    return {module: package for module, package in providers.items() if package is not None}


def _modules_of(package: str, distribution: Distribution) -> set[str]:
    listed = distribution.read_text("RECORD") or ""
    tops = {line.partition(",")[0].partition("/")[0] for line in listed.splitlines()}
    modules = {top.partition(".")[0] for top in tops if not top.endswith((".dist-info", ".pth"))}
    declared = (distribution.read_text("top_level.txt") or "").split()
    # Of an editable package RECORD names no module; its own name is a good guess.
    return {*modules, *declared, package.replace("-", "_").replace(".", "_")} - {"", "__pycache__"}
