"""Grammars that jsonschema, and so nbformat, builds when it is imported, though no notebook asks for them.

They take a second of a processor, more than all else that reading a notebook takes.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

_NAME = "rfc3987_syntax"


def defer_grammars() -> None:
    """Have them built once something is checked by them. For processes that are nbops' own."""
    if _NAME not in sys.modules and find_spec(_NAME) is not None:
        stand_in = ModuleType(_NAME)
        vars(stand_in)["is_valid_syntax"] = _is_valid_syntax
        sys.modules[_NAME] = stand_in


def _is_valid_syntax(term: str, value: str) -> bool:
    if getattr(sys.modules.get(_NAME), "is_valid_syntax", None) is _is_valid_syntax:
        sys.modules.pop(_NAME, None)
    return bool(import_module(_NAME).is_valid_syntax(term, value))
