"""What DuckDB fetches of tables: by its relations, which run when they are read, and by its connections.

A statement over files counts as these files, and one over variables of the notebook as nothing of its own.
"""

import os
import re
from types import FrameType
from typing import Any

from nbops.capture.libraries.sql import describe_fetched
from nbops.journal.facts import Seen
from nbops.records import SeenBy

_TABLE = re.compile(
    r"""\b(?:from|join)\s+("[^"]+"|[a-z_][\w$]*)((?:\s*\.\s*(?:"[^"]+"|[\w$]+))*)(?![\w$]|\s*\()""",
    re.IGNORECASE,
)
_CTE = re.compile(
    r"""("[^"]+"|\w+)(?:\s*\([^()]*\))?\s+as\s+(?:(?:not\s+)?materialized\s+)?\(""", re.IGNORECASE
)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_VARIABLE = "__duckdb_source_"
_PASSING = re.compile(r"(unnamed_relation|__duckdb_source)_\w+")
"""Names that DuckDB makes up anew each time."""


def names_table(statement: str, frame: FrameType | None) -> bool:
    """Whether a statement reads a table of the database, as far as its text tells.

    Parameters
    ----------
    frame
        Of the code that runs it: its variables are no tables.

    >>> names_table("from 'x.csv' join t using (a)", None), names_table("from read_csv('x')", None)
    (True, False)
    """
    text = _TEXT.sub("''", statement)
    own = {found[1].strip('"').lower() for found in _CTE.finditer(text)}
    for found in _TABLE.finditer(text):
        name = found[1].strip('"')
        is_known = name.lower() in own or name.startswith(_VARIABLE) or os.path.exists(name)
        if found[2] or not (is_known or _is_variable(name, frame)):
            return True
    return False


def _is_variable(name: str, frame: FrameType | None) -> bool:
    return frame is not None and (name in frame.f_locals or name in frame.f_globals)


def describe_relation(
    relation: Any, place: str, frame: FrameType | None, result: Any, by: SeenBy
) -> Seen | None:
    """A query with the digest of what a relation fetched; None when it read no table."""
    text = relation.sql_query()
    if not names_table(text, frame):
        return None
    columns = tuple(map(str, relation.columns))
    return describe_fetched(_PASSING.sub(r"\1", text), place, columns, result, by)
