"""Kind `undeclared`: packages that cells import and the project does not declare.

Silent where the project declares nothing at all: then there is no list to be missing from, and the record of
each run names every package with its version anyway.
"""

import ast
import sys
from collections.abc import Iterator

from nbops.capture.environment.declared import normalised
from nbops.checks.findings import Finding, found_in, listed
from nbops.checks.subject import Subject
from nbops.checks.surroundings import Surroundings

_OTHER_NAMES = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "git": "gitpython",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
"""For packages that are not installed here: distributions that are called otherwise than their module."""

_OF_THE_NOTEBOOK = frozenset(["IPython", "ipykernel", "nbops"])
"""What a notebook that nbops tracks has by itself."""


def check_declared(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Imports whose distributions the project's lists do not name, each where it is first imported."""
    if not around.declared.files:
        return
    looked_at = set(sys.stdlib_module_names) | _OF_THE_NOTEBOOK
    cells = subject.cells
    for cell in cells:
        missing = []
        for module in sorted(imported_modules(cell.tree) - looked_at):
            looked_at.add(module)
            names = around.distributions(module) or {_OTHER_NAMES.get(module, module)}
            if {normalised(name) for name in names} & around.declared.names or around.is_local(
                module
            ):
                continue
            missing.append(min(names))
        if missing:
            where = " or ".join(around.declared.files)
            message = f"It imports {listed(missing)}, which {where} does not name."
            yield found_in(cell, "undeclared", message, f"Add {listed(missing)} there.")


def imported_modules(tree: ast.AST) -> set[str]:
    """First parts of the modules that code imports; in a `try`, an import may fail and is meant to."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Try):
            waiting += [*node.orelse, *node.finalbody]
        else:
            waiting += ast.iter_child_nodes(node)
    return found
