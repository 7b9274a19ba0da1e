"""Names that MLflow refuses, mapped to some that it takes, and back.

MLflow allows letters, digits, `_`, `-`, `.`, `:`, `/` and spaces, and no name that would be another
path. Every other character becomes `_x<hex>_`.
"""

import posixpath
import re

from nbops.digests import digest_bytes

_LONGEST = 250
_REFUSED = re.compile(r"[^/\w.\- :]")
_ESCAPED = re.compile(r"_x([0-9a-f]+)_")


def to_mlflow_name(name: str) -> str:
    """Make a name that MLflow takes; one that it takes anyway stays.

    >>> to_mlflow_name("auc@1"), to_mlflow_name("f1 (macro)"), to_mlflow_name("val/loss")
    ('auc_x40_1', 'f1 _x28_macro_x29_', 'val/loss')
    """
    text = _ESCAPED.sub(lambda match: f"_x5f_{match[0][1:]}", name)
    text = _REFUSED.sub(lambda match: f"_x{ord(match[0]):x}_", text)
    if posixpath.normpath(text) != text or text.startswith(("..", "/")) or text == ".":
        text = re.sub(r"[/.]", lambda match: f"_x{ord(match[0]):x}_", text)
    if len(text) > _LONGEST:
        tail = digest_bytes(name.encode()).partition(":")[2][:12]
        text = f"{text[: _LONGEST - 13]}_{tail}"
    return text


def from_mlflow_name(name: str) -> str:
    """Undo `to_mlflow_name`, except for names that were cut.

    >>> from_mlflow_name("auc_x40_1"), from_mlflow_name(to_mlflow_name("a_x40_b"))
    ('auc@1', 'a_x40_b')
    """
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name)
