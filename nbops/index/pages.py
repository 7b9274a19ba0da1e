"""Pages of all runs, filtered, searched and sorted, as a table shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nbops.capture.environment.machine import user_name
from nbops.errors import UsageError
from nbops.index.queries import Index
from nbops.index.where import compile_where
from nbops.records import (
    FORMAT,
    Number,
    Record,
    Run,
    RunOrigin,
    RunStatus,
    Scalar,
    from_json,
    last_value,
)

_MOST_ROWS = 500
_KINDS = ("metrics", "params", "tags")


@dataclass(frozen=True)
class PageQuestion:
    """Which runs, in which order.

    Parameters
    ----------
    experiment
        None for those of all.
    where
        A condition, see `nbops.index.where`.
    text
        Words that a run's name, id, notebook, user, notes, params or tags hold, all of them.
    sort
        As in `Index.runs`.
    user
        Only this one's; None for everybody's.
    everywhere
        Also runs that were found in MLflow, which no session of this workspace made.
    columns
        Which values to send, such as `metrics.auc`; None for all.
    page
        From 1.
    since
        Version that the caller has.
    """

    experiment: str | None = None
    where: str | None = None
    text: str | None = None
    sort: str | None = None
    user: str | None = None
    everywhere: bool = True
    columns: tuple[str, ...] | None = None
    page: int = 1
    limit: int = 100
    since: int = 0


class RunRow(Record, frozen=True, kw_only=True):
    """One run in a table."""

    id: str
    session_id: str  # empty: found in MLflow, not made by a session of this workspace
    name: str
    status: RunStatus
    origin: RunOrigin
    experiment: str
    notebook: str | None
    user: str
    started_at: datetime
    duration_s: float | None
    parent_id: str | None = None
    mlflow_run_id: str | None = None
    mlflow_experiment_id: str | None = None
    tracking_uri: str = ""  # credentials removed
    notes: tuple[str, ...] = ()
    values: dict[str, Scalar | Number]  # by field: metrics.auc (the last value), params.depth


class RunsPage(Record, frozen=True, kw_only=True):
    """What `GET /nbops/runs` sends when something changed."""

    format: int = FORMAT
    unchanged: bool = False
    version: int
    rows: tuple[RunRow, ...] = ()
    total: int = 0  # of runs that fit, on all pages
    page: int = 1
    limit: int = 100
    fields: tuple[str, ...] = ()  # every metrics.*, params.*, tags.* that a run has
    experiments: tuple[str, ...] = ()  # the one with the newest run first
    users: tuple[str, ...] = ()
    me: str = ""  # who asks, as records name users
    unshipped: int = 0
    error: str | None = None  # why runs do not reach MLflow now


class UnchangedRuns(Record, frozen=True, kw_only=True):
    """What it sends when no run changed since the caller asked."""

    format: int = FORMAT
    unchanged: bool = True
    version: int
    unshipped: int = 0
    error: str | None = None


def list_page(index: Index, asked: PageQuestion) -> RunsPage | UnchangedRuns:
    """Answer which runs there are.

    Raises
    ------
    UsageError
        `where`, `sort`, `page` or `limit` cannot be meant.
    """
    if asked.page < 1 or not 1 <= asked.limit <= _MOST_ROWS:
        raise UsageError(
            f"There is no page {asked.page} of {asked.limit} runs.",
            f"Pages count from 1 and hold 1 to {_MOST_ROWS} runs.",
        )
    state = index.state()
    version = int(state.get("runs_version", 0))
    unshipped, error = index.unshipped(), state.get("error") or None
    if asked.since and asked.since == version:
        return UnchangedRuns(version=version, unshipped=unshipped, error=error)
    condition, args = _condition(asked)
    counted = index.rows(f"SELECT COUNT(*) FROM runs r WHERE {condition}", args)  # noqa: S608 - from constants
    return RunsPage(
        version=version,
        rows=tuple(_rows(index, asked, condition, args)),
        total=counted[0][0] if counted else 0,
        page=asked.page,
        limit=asked.limit,
        fields=_fields(index),
        experiments=_names(index, "experiment"),
        users=_names(index, "user"),
        me=user_name(),
        unshipped=unshipped,
        error=error,
    )


def list_rows(index: Index, ids: Sequence[str]) -> list[RunRow]:
    """Runs by their ids, as far as they are known."""
    marks = ",".join("?" * len(ids))
    asked = PageQuestion(limit=max(len(ids), 1))
    return _rows(index, asked, f"r.id IN ({marks})", list(ids))


def _condition(asked: PageQuestion) -> tuple[str, list[Any]]:
    conditions, args = ["1" if asked.everywhere else "r.session_id <> ''"], list[Any]()
    for column in ("experiment", "user"):
        value = getattr(asked, column)
        if value is not None:
            conditions.append(f"r.{column} = ?")
            args.append(value)
    for word in (asked.text or "").lower().split():
        conditions.append("instr(r.search, ?)")
        args.append(word)
    if asked.where and asked.where.strip():
        sql, more = compile_where(asked.where)
        conditions.append(sql)
        args += more
    return " AND ".join(conditions), args


def _rows(index: Index, asked: PageQuestion, condition: str, args: list[Any]) -> list[RunRow]:
    rows = index.rows_in_order(
        "experiment, notebook, user, duration_s, tracking_uri, record",
        condition,
        args,
        sort=asked.sort,
        limit=asked.limit,
        skip=(asked.page - 1) * asked.limit,
    )
    wanted = None if asked.columns is None else frozenset(asked.columns)
    return [_row(tuple(row), from_json(row["record"], Run), wanted) for row in rows]


def _row(facts: tuple[Any, ...], run: Run, wanted: frozenset[str] | None) -> RunRow:
    experiment, notebook, user, duration_s, tracking_uri, _ = facts
    values: dict[str, Scalar | Number] = {
        **{f"metrics.{name}": last_value(points) for name, points in run.metrics.items()},
        **{f"params.{name}": value for name, value in run.params.items()},
        **{f"tags.{name}": text for name, text in run.tags.items()},
    }
    return RunRow(
        id=run.id,
        session_id=run.session_id,
        name=run.name,
        status=run.status,
        origin=run.origin,
        experiment=experiment,
        notebook=notebook,
        user=user,
        started_at=run.started_at,
        duration_s=duration_s,
        parent_id=run.parent_id,
        mlflow_run_id=run.mlflow_run_id,
        mlflow_experiment_id=run.mlflow_experiment_id,
        tracking_uri=tracking_uri,
        notes=run.notes,
        values={key: values[key] for key in values if wanted is None or key in wanted},
    )


def _fields(index: Index) -> tuple[str, ...]:
    """Every name that a run has a value under: one step along the index each, whatever the number of runs."""
    step = (
        "SELECT kind, name FROM run_values INDEXED BY run_values_by_name"
        " WHERE kind = {kind} AND name > {name} ORDER BY name LIMIT 1"
    )
    query = (
        "WITH RECURSIVE names(kind, name) AS ("  # noqa: S608 - from constants
        f"SELECT * FROM ({step.format(kind='?', name='?')}) UNION ALL"
        " SELECT n.kind, (SELECT name FROM run_values INDEXED BY run_values_by_name"
        " WHERE kind = n.kind AND name > n.name ORDER BY name LIMIT 1) FROM names n"
        " WHERE n.name IS NOT NULL) SELECT kind, name FROM names WHERE name IS NOT NULL"
    )
    found = [row for kind in _KINDS for row in index.rows(query, [kind, ""])]
    return tuple(f"{row[0]}.{row[1]}" for row in found)


def _names(index: Index, column: str) -> tuple[str, ...]:
    query = f"SELECT {column}, MAX(started_at) m FROM runs GROUP BY 1 ORDER BY m DESC"  # noqa: S608 - a constant
    return tuple(row[0] for row in index.rows(query))
