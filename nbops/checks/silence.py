"""What a person has said not to mention: `# nbops: ignore[random]` in a cell, or a tag `nbops-ignore-random`."""

import re
from collections.abc import Collection

from nbops.checks.cells import Cell
from nbops.checks.findings import KINDS
from nbops.errors import UsageError

_COMMENT = re.compile(r"#\s*nbops:\s*ignore(?:\[([^\]]*)\])?")


def check_kinds(ignore: Collection[str], known: Collection[str] = KINDS) -> None:
    """Refuse to ignore what there is not.

    Raises
    ------
    UsageError
        There is no such kind.
    """
    for kind in ignore:
        if kind not in known:
            raise UsageError(
                f"There is no kind {kind!r} to ignore.", f"There are {', '.join(known)}."
            )


def silenced_kinds(cell: Cell, known: Collection[str] = KINDS) -> frozenset[str]:
    """Of all kinds that there are, those that are not to be mentioned of a cell."""
    kinds = {kind for kind in known if f"nbops-ignore-{kind}" in cell.tags}
    if "nbops-ignore" in cell.tags:
        return frozenset(known)
    for match in _COMMENT.finditer(cell.source):
        if match[1] is None:
            return frozenset(known)
        kinds |= {word.strip() for word in match[1].split(",")}
    return frozenset(kinds)
