"""Texts in a cell's code that may be paths: a file may have been read that nothing else tells of."""

import ast
import os
from collections.abc import Iterator

from nbops.capture.code.lines import split_mark, to_python

_LONGEST = 1_000
_MOST = 100


def texts_like_paths(source: str) -> list[str]:
    """Constants of a cell that look like a path: with a separator, or a name with an ending.

    >>> texts_like_paths("open_elsewhere('/mnt/x.nc', mode='r', url='s3://b/x')")
    ['/mnt/x.nc']
    """
    try:
        tree = ast.parse(to_python(split_mark(source)[1]))
    except (SyntaxError, ValueError, RecursionError):
        return []
    found = dict.fromkeys(text for text in _texts(tree) if _is_like_path(text))
    return list(found)[:_MOST]


def _texts(tree: ast.AST) -> Iterator[str]:
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif not isinstance(node, ast.JoinedStr):  # whose parts are no whole paths
            nodes.extend(ast.iter_child_nodes(node))


def _is_like_path(text: str) -> bool:
    if not 1 < len(text) < _LONGEST or "\n" in text or "://" in text:
        return False
    return os.sep in text or bool(os.path.splitext(text)[1])
