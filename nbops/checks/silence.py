"""What a person has said not to mention: `# nbops: ignore[random]` in a cell, or a tag `nbops-ignore-random`."""

import re

from nbops.checks.cells import Cell
from nbops.checks.findings import KINDS

_COMMENT = re.compile(r"#\s*nbops:\s*ignore(?:\[([^\]]*)\])?")


def silenced_kinds(cell: Cell) -> frozenset[str]:
    """Kinds that are not to be mentioned of a cell."""
    kinds = {kind for kind in KINDS if f"nbops-ignore-{kind}" in cell.tags}
    if "nbops-ignore" in cell.tags:
        return frozenset(KINDS)
    for match in _COMMENT.finditer(cell.source):
        if match[1] is None:
            return frozenset(KINDS)
        kinds |= {word.strip() for word in match[1].split(",")}
    return frozenset(kinds)
