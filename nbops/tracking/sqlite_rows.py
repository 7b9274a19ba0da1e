"""Rows of MLflow's SQLite store that are to go for good: its API only hides a run, and keeps what a run has.

Tables are found by the names of their columns, so that a version of MLflow with more of them loses these rows,
too.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_PATIENCE_S = 60.0


class SqliteRows:
    """MLflow's database file; what is deleted is overwritten, in free pages, too.

    Parameters
    ----------
    path
        File that exists.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
        self._db.execute("PRAGMA secure_delete = ON")
        self._columns = {
            str(name): {str(row[1]) for row in self._db.execute(f"PRAGMA table_info({name})")}
            for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }

    def close(self) -> None:
        """Overwrite what earlier changes left in the file, and close it."""
        try:
            self._db.execute("VACUUM")
        finally:
            self._db.close()

    def runs_tagged(self, key: str, values: Iterable[str]) -> set[str]:
        """Runs with one of these values under a tag, those that were deleted by the API included."""
        return set(self._select("tags", "run_uuid", "value", values, f"key = '{key}'"))

    def delete_runs(self, runs: Sequence[str]) -> None:
        """Delete runs with all that hangs on them: models, traces, and datasets that no other run has."""
        self._db.execute("BEGIN IMMEDIATE")
        models = self._select("logged_models", "model_id", "source_run_id", runs)
        about_run = "key = 'mlflow.sourceRun'"
        traces = self._select("trace_request_metadata", "request_id", "value", runs, about_run)
        self._delete_inputs([*runs, *models])
        for table, columns in self._columns.items():
            for column, keys in (
                *(("run_uuid", runs), ("run_id", runs), ("source_run_id", runs)),
                *(("model_id", models), ("request_id", traces), ("trace_id", traces)),
            ):
                if column in columns:
                    self._delete(table, column, keys)
        self._db.execute("COMMIT")

    def delete_values(self, run: str, table: str, keys: Iterable[str]) -> None:
        """Delete metrics, params or tags of a run that stays."""
        tables = (table, "latest_metrics") if table == "metrics" else (table,)
        for name in tables:
            query = f"DELETE FROM {name} WHERE run_uuid = ? AND key = ?"  # noqa: S608 - from constants
            self._db.executemany(query, [(run, key) for key in keys])

    def delete_model(self, model: str) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._delete_inputs([model])
        for table, columns in self._columns.items():
            if "model_id" in columns:
                self._delete(table, "model_id", [model])
        self._db.execute("COMMIT")

    def delete_datasets(self, run: str, digests: Iterable[str]) -> None:
        """Take datasets with these digests from a run's inputs."""
        wanted = self._select("datasets", "dataset_uuid", "digest", digests)
        inputs = self._select(
            "inputs", "input_uuid", "source_id", wanted, f"destination_id = '{run}'"
        )
        self._delete("inputs", "input_uuid", inputs)
        self._drop_unused(wanted)

    # ---- inside -------------------------------------------------------------------------------------

    def _delete_inputs(self, keys: Sequence[str]) -> None:
        datasets = self._select("inputs", "source_id", "destination_id", keys)
        for table in ("inputs", "entity_associations"):
            for column in ("source_id", "destination_id"):
                self._delete(table, column, keys)
        self._drop_unused(datasets)

    def _drop_unused(self, datasets: Sequence[str]) -> None:
        used = set(self._select("inputs", "source_id", "source_id", datasets))
        unused = [key for key in datasets if key not in used]
        for table in self._columns:
            if table != "inputs" and "dataset_uuid" in self._columns[table]:
                self._delete(table, "dataset_uuid", unused)
        if "input_tags" in self._columns:
            self._db.execute(
                "DELETE FROM input_tags WHERE input_uuid NOT IN (SELECT input_uuid FROM inputs)"
            )

    def _select(
        self, table: str, what: str, column: str, keys: Iterable[str], also: str = "1"
    ) -> list[str]:
        if not {what, column} <= self._columns.get(table, set()):
            return []
        query = f"SELECT {what} FROM {table} WHERE {column} = ? AND {also}"  # noqa: S608 - from constants
        found: list[Any] = [row[0] for key in keys for row in self._db.execute(query, [key])]
        return list(dict.fromkeys(map(str, found)))

    def _delete(self, table: str, column: str, keys: Iterable[str]) -> None:
        if column in self._columns.get(table, ()):
            query = f"DELETE FROM {table} WHERE {column} = ?"  # noqa: S608 - from constants
            self._db.executemany(query, [(key,) for key in keys])
