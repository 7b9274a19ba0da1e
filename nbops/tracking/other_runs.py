"""Runs that were made in MLflow without this workspace: looked for a page at a time, between shipments."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nbops.index.database import IndexWriter
from nbops.index.entries import FoundRun
from nbops.records import Run, RunStatus, instant, to_number
from nbops.tracking.context import TAG_ID, TAG_SESSION
from nbops.tracking.errors import mlflow_errors
from nbops.tracking.metric_names import from_mlflow_name

if TYPE_CHECKING:
    from mlflow import MlflowClient

TAG_NOTE = "mlflow.note.content"
_PAGE = 200
_LOOK_EVERY_S = 30.0
_WHOLE_EVERY_S = 600.0
_SYSTEM = ("mlflow.", "nbops.")
_STATUS: dict[str, RunStatus] = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "finished",
}


class OtherRuns:
    """Keeps the index up to date with one store's runs.

    MLflow cannot tell what changed. So the newest page is looked at often, and those after it only until
    one brings nothing new; from time to time all are, which also finds what was edited or deleted.

    Parameters
    ----------
    shown_uri
        The store's URI as records name it.
    """

    def __init__(self, shown_uri: str, client: "MlflowClient", index: IndexWriter) -> None:
        self._uri = shown_uri
        self._client = client
        self._index = index
        self._pages: Iterator[None] | None = None
        self._looked_at = 0.0
        self._looked_whole_at = float(index.state(self._key) or 0)

    @property
    def _key(self) -> str:
        """Where the index keeps when all of this store was looked at: a new process need not."""
        return f"looked {self._uri}"

    def look_whole(self) -> None:
        """Have all runs looked at, from the next step on."""
        self._looked_at = self._looked_whole_at = 0.0
        self._pages = None

    def step(self) -> bool:
        """Look at one page, when it is time to; returns whether it was.

        Raises
        ------
        StoreUnreachable
            The store does not answer.
        """
        now = time.time()  # which may be set back
        if self._pages is None and abs(now - self._looked_at) < _LOOK_EVERY_S:
            return False
        if self._pages is None:
            is_whole = abs(now - self._looked_whole_at) >= _WHOLE_EVERY_S
            self._pages = self._look(is_whole=is_whole)
            self._looked_at = now
        try:
            next(self._pages)
        except StopIteration:
            self._pages = None
        except Exception:
            self.look_whole()  # what was not seen is not known to be gone
            raise
        return True

    def _look(self, *, is_whole: bool) -> Iterator[None]:
        with mlflow_errors():
            experiments = {e.experiment_id: e.name for e in self._client.search_experiments()}
        present: set[str] = set()
        token = None
        while True:
            with mlflow_errors():
                page = self._client.search_runs(
                    list(experiments),
                    order_by=["attributes.start_time DESC"],
                    max_results=_PAGE,
                    page_token=token,
                )
            present |= {run.info.run_id for run in page}
            found = [_found(run, experiments[run.info.experiment_id]) for run in page]
            count = self._index.put_found(self._uri, [run for run in found if run is not None])
            token = page.token
            if not token or not (is_whole or count):
                break
            yield
        if is_whole:
            self._index.forget_found(self._uri, present)
            self._looked_whole_at = time.time()
            self._index.put_state(**{self._key: str(self._looked_whole_at)})


def _found(run: Any, experiment: str) -> FoundRun | None:
    """An MLflow run as the index lists it; None for one that only stands for a session."""
    info, data = run.info, run.data
    made_in = data.tags.get(TAG_SESSION)
    if made_in and data.tags.get(TAG_ID) == made_in and not (data.metrics or data.params):
        return None
    started_at = instant(info.start_time / 1000)
    ended_at = instant(info.end_time / 1000) if info.end_time else None
    note = data.tags.get(TAG_NOTE)
    is_notebook = data.tags.get("mlflow.source.type") == "NOTEBOOK"
    record = Run(
        id=info.run_id,
        session_id="",
        name=info.run_name or info.run_id[:8],
        status=_STATUS.get(info.status, "failed"),
        origin="mlflow",
        started_at=started_at,
        ended_at=ended_at,
        parent_id=data.tags.get("mlflow.parentRunId"),
        params=dict(data.params),
        metrics={
            from_mlflow_name(name): [(0, to_number(value), ended_at or started_at)]
            for name, value in data.metrics.items()
        },
        tags={name: text for name, text in data.tags.items() if not name.startswith(_SYSTEM)},
        notes=(note,) if note else (),
        mlflow_run_id=info.run_id,
        mlflow_experiment_id=info.experiment_id,
    )
    return FoundRun(
        record,
        experiment,
        user=data.tags.get("mlflow.user") or info.user_id or "",
        notebook=data.tags.get("mlflow.source.name") if is_notebook else None,
        made_in=made_in,
    )
