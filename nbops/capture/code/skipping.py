"""Cells that are not to be looked into: by a tag, or by a comment that stands first."""

import re
from collections.abc import Iterable

TAG = "nbops-skip"

_COMMENT = re.compile(r"\s*(?:%%[^\n]*\n\s*)?#\s*nbops:\s*skip\b", re.IGNORECASE)


def find_skip_reason(source: str, tags: Iterable[object] = ()) -> str | None:
    r"""Why of a cell nothing is recorded but that it ran; None for any other cell.

    >>> find_skip_reason("# nbops: skip\nsecret()"), find_skip_reason("x", ["nbops-skip"])
    ('skipped by its first line', 'skipped by its tag')
    """
    if TAG in tags:
        return "skipped by its tag"
    if "skip" in source[:500] and _COMMENT.match(source):
        return "skipped by its first line"
    return None
