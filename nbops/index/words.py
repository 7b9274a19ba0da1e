"""What a person's word for a run stands for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbops.errors import Ambiguous, NotFound, UsageError
from nbops.index.where import parse_field

Rows = Callable[[str, list[Any]], list[Any]]
"""Runs a query on the index."""


@dataclass(frozen=True)
class Found:
    """What a person's word for a run or a session stands for."""

    id: str
    session_id: str
    is_session: bool = False


def resolve(text: str, rows: Rows, *, sessions: bool = True) -> Found:
    """Find the run, or session, that a word stands for.

    Parameters
    ----------
    text
        `last`, `last~2`, `best:metrics.auc:max`, an id or a unique start of one (ours or MLflow's), or
        a name: of several with that name, the latest.

    Raises
    ------
    NotFound, Ambiguous
        Nothing fits, or ids of more than one start so.
    """
    if match := re.fullmatch(r"last(?:~(\d+))?", text):
        return _from_last(int(match[1] or 0), rows)
    if text.startswith("best:"):
        return _best(text, rows)
    found = _by_id(text, rows) or _by_name(text, rows)
    if found is None and sessions:
        found = _session(text, rows)
    if found is None:
        raise NotFound(f"There is no run {text!r}.", "`nbops ls` lists them.")
    return found


def _from_last(back: int, rows: Rows) -> Found:
    query = (
        "SELECT id, session_id FROM runs WHERE session_id <> ''"
        " ORDER BY started_at DESC, rowid DESC LIMIT 1 OFFSET ?"
    )
    for row in rows(query, [back]):
        return Found(row[0], row[1])
    raise NotFound(f"There are not {back + 1} runs yet." if back else "There is no run yet.")


def _best(text: str, rows: Rows) -> Found:
    match = re.fullmatch(r"best:(.+?)(?::(max|min))?", text)
    field = parse_field(match[1] if match else "")
    if field.kind != "metrics":
        raise UsageError(f"{text!r} names no metric.", "Write best:metrics.auc:max.")
    order = "ASC" if match and match[2] == "min" else "DESC"
    query = (
        "SELECT r.id, r.session_id FROM runs r JOIN run_values v ON v.run_id = r.id"  # noqa: S608
        " AND v.kind = 'metrics' AND v.name = ? WHERE v.number IS NOT NULL AND r.session_id <> ''"
        f" ORDER BY v.number {order}, r.started_at LIMIT 1"
    )
    for row in rows(query, [field.name]):
        return Found(row[0], row[1])
    raise NotFound(f"No run has a metric {field.name!r}.", "`nbops ls` shows what they have.")


def _by_id(text: str, rows: Rows) -> Found | None:
    if not re.fullmatch(r"[0-9a-f]{3,32}", text):
        return None
    query = "SELECT id, session_id FROM runs WHERE id GLOB ? OR mlflow_run_id GLOB ? LIMIT 20"
    found = rows(query, [f"{text}*", f"{text}*"])
    exact = [row for row in found if row[0] == text]
    if len(found) > 1 and not exact:
        ids = ", ".join(sorted(row[0] for row in found))
        raise Ambiguous(f"{len(found)} runs start with {text!r}: {ids}.")
    return next((Found(row[0], row[1]) for row in exact or found), None)


def _by_name(text: str, rows: Rows) -> Found | None:
    query = (
        "SELECT id, session_id FROM runs WHERE name = ?"
        " ORDER BY session_id = '', started_at DESC LIMIT 1"
    )
    return next((Found(row[0], row[1]) for row in rows(query, [text])), None)


def _session(text: str, rows: Rows) -> Found | None:
    query = "SELECT id FROM sessions WHERE id GLOB ? OR name = ? ORDER BY started_at DESC LIMIT 1"
    pattern = f"{text}*" if re.fullmatch(r"[0-9a-f]{3,}", text) else text
    found = rows(query, [pattern, text])
    return next((Found(row[0], row[0], is_session=True) for row in found), None)
