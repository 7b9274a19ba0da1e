"""What SQL reads: files, told from its text (`from 'x.parquet'`), and results fetched from a database."""

import glob
import os
import re
from collections.abc import Mapping
from typing import Any

from nbops.capture.data.contents import Frame, describe_frame
from nbops.capture.secrets.privacy import hide_columns, hide_names
from nbops.capture.secrets.redaction import redact
from nbops.digests import RowsDigest, digest_frame
from nbops.journal.facts import Seen
from nbops.records import SeenBy

MOST_VALUES = 500_000
"""A result is hashed as it is fetched, within the user's call: about 30 ms for this many values."""

TOO_LARGE = "too large to be hashed as it was fetched: %track data VARIABLE hashes it"

_TEXT = re.compile(r"'((?:[^'\n]|''){1,1000})'|\"([^\"\n]{1,1000})\"")
_TARGET = re.compile(r"\b(?:to|export\s+database)\s*$", re.IGNORECASE)
_COMMENT = re.compile(r"('(?:[^']|'')*'|\"[^\"]*\")|--[^\n]*|/\*.*?\*/", re.DOTALL)
"""A comment, or a text that may look as if it held one: `'parts/**/*.parquet'`."""


def files_in_sql(query: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths and patterns that a statement reads, and those that it writes.

    A text counts as read when it names a file, a folder, or a pattern that fits one; other texts are
    values that a column is compared with.
    """
    if not isinstance(query, str):
        return (), ()
    text = _without_comments(query)
    reads, writes = [], []
    for found in _TEXT.finditer(text):
        path = os.path.expanduser((found[1] or found[2]).replace("''", "'"))
        is_target = found[1] and _TARGET.search(text, 0, found.start())
        if is_target:
            writes.append(path)
        elif _exists(path):
            reads.append(path)
    return tuple(dict.fromkeys(reads)), tuple(dict.fromkeys(writes))


def _without_comments(statement: str) -> str:
    return _COMMENT.sub(lambda found: found[1] or " ", statement)


def _exists(path: str) -> bool:
    if os.path.exists(path) or "://" in path:
        return True
    is_pattern = glob.has_magic(path) and ("/" in path or "." in path)
    return is_pattern and any(True for _ in glob.iglob(path, recursive=True))  # noqa: PTH207


def as_rows(name: str, result: Any) -> Any:
    """What a call of asyncpg gave, as rows; of any other as it is."""
    if name == "fetchrow":
        return [] if result is None else [result]
    return [{"fetchval": result}] if name == "fetchval" else result


def describe_result(
    statement: Any, values: Mapping[str, Any], result: Any, by: SeenBy
) -> Seen | None:
    """A query with the digest of what it fetched; None when the statement is no text.

    Parameters
    ----------
    values
        Arguments of the call; where it fetched from is among them.
    result
        A frame of pandas or polars, or something that is fetched piece by piece.
    """
    text = str(statement) if type(statement).__module__.startswith("sqlalchemy") else statement
    if not isinstance(text, str):
        return None
    keys = getattr(result[0], "keys", None) if isinstance(result, list) and result else None
    columns = tuple(map(str, keys())) if keys else ()
    return describe_fetched(text, _place(values), columns, result, by)


def describe_fetched(
    text: str, place: str, columns: tuple[str, ...], result: Any, by: SeenBy
) -> Seen:
    """What a statement fetched at once: a frame, or a list of rows with these columns."""
    shown = hide_values(text)
    frame = describe_frame(result)
    if isinstance(result, list):
        frame = Frame((len(result), len(columns)))
    shape, columns = frame.shape, frame.columns or columns
    digest, missing = None, None
    if shape is None:
        missing = "it was fetched piece by piece"
    elif shape[0] * max(shape[-1], 1) > MOST_VALUES:
        missing = TOO_LARGE
    else:
        try:
            digest = _digest_of(result, columns)
        except TypeError as error:
            missing = f"it has no digest: {error}"
    return Seen(
        uri=f"{place}#{shown}",
        name=shown,
        kind="query",
        digest=digest,
        seen_by=by,
        shape=shape,
        columns=hide_columns(columns) or None,
        types=frame.types,
        missing=missing,
    )


def _digest_of(result: Any, columns: tuple[str, ...]) -> str:
    if not isinstance(result, list):
        return digest_frame(result)
    rows = RowsDigest(columns)
    rows.add(result)
    return rows.digest()


def hide_values(statement: str) -> str:
    """A statement on one line, without comments, texts, secrets and private columns."""
    plain = _TEXT.sub(_hide_value, _without_comments(statement))
    return hide_names(redact(" ".join(plain.split())))


def _hide_value(found: re.Match[str]) -> str:
    return found[0] if found[2] else "'?'"  # a name in double quotes is no value


def _place(values: Mapping[str, Any]) -> str:
    connection = next(
        (values[name] for name in ("con", "connection", "uri", "self") if name in values), None
    )
    return place_of(connection)


def place_of(connection: Any) -> str:
    """Where a connection leads to, without its credentials."""
    if isinstance(connection, str):
        return redact(connection)
    engine = getattr(connection, "engine", connection)
    url = getattr(engine, "url", None)
    if url is not None and hasattr(url, "render_as_string"):
        return redact(url.render_as_string(hide_password=True).replace(":***@", "@"))
    about: Any = getattr(connection, "info", None)
    if all(hasattr(about, name) for name in ("host", "port", "dbname")):  # psycopg's
        return f"postgresql://{about.host}:{about.port}/{about.dbname}"
    driver = type(connection).__module__.partition(".")[0]
    where, given = getattr(connection, "_addr", None), getattr(connection, "_params", None)
    if driver == "asyncpg" and isinstance(where, tuple):
        return redact(f"postgresql://{where[0]}:{where[1]}/{getattr(given, 'database', '')}")
    return f"{driver.removeprefix('_')}:"
