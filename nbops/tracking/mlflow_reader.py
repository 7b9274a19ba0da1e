"""Reads back the MLflow runs that the user's own code starts."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbops.journal import facts
from nbops.records import Number, to_number
from nbops.tracking.context import TAG_STARTED_IN
from nbops.tracking.errors import mlflow_errors
from nbops.tracking.metric_names import from_mlflow_name

if TYPE_CHECKING:
    from mlflow import MlflowClient

_GIVE_UP_S = 20.0
_OURS = ("mlflow.", "nbops.")


@dataclass(frozen=True)
class LinkQuestion:
    """A cell in which `mlflow.start_run` was called.

    Parameters
    ----------
    expected
        How many runs it started by now.
    ended_at
        Seconds since the epoch; None while it runs.
    experiment_id
        What the user's code had set when the cell ended.
    """

    session_id: str
    cell_run: str
    expected: int
    known: tuple[facts.Linked, ...]
    ended_at: float | None
    experiment_id: str | None
    is_session_over: bool

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be expected of its runs."""
        is_found = len(self.known) >= self.expected
        return is_found and all(link.status != "RUNNING" for link in self.known)


class MlflowReader:
    """Answers questions from one store.

    Parameters
    ----------
    shown_uri
        As records name it.
    """

    def __init__(self, client: "MlflowClient", shown_uri: str) -> None:
        self._client = client
        self._uri = shown_uri

    def answer(self, question: LinkQuestion, home: str | None) -> Iterator[facts.Fact]:
        """Yield what is new about a cell's runs.

        Parameters
        ----------
        home
            Id of the session's experiment, when it exists.
        """
        known = {link.mlflow_run_id: link for link in question.known}
        with mlflow_errors():
            runs = [self._client.get_run(key) for key in known]
            if len(known) < question.expected:
                runs += [
                    run for run in self._search(question, home) if run.info.run_id not in known
                ]
            for run in runs:
                link = self._link(question.cell_run, run)
                if known.get(link.mlflow_run_id) != link:
                    yield link
        waited = time.time() - question.ended_at if question.ended_at else 0.0
        if len(runs) < question.expected and (waited > _GIVE_UP_S or question.is_session_over):
            yield facts.LinkMissing(
                cell_run=question.cell_run,
                reason="an MLflow run that this cell started was not found where runs go now",
            )

    def _search(self, question: LinkQuestion, home: str | None) -> list[Any]:
        """Runs that carry the cell's tag: where they should be first, then anywhere."""
        wanted = f"tags.`{TAG_STARTED_IN}` = '{question.cell_run}'"
        likely = [key for key in (question.experiment_id, home, "0") if key]
        found = self._client.search_runs(list(dict.fromkeys(likely)), wanted, max_results=500)
        if len(found) < question.expected:
            everywhere = [e.experiment_id for e in self._client.search_experiments(max_results=500)]
            found = self._client.search_runs(everywhere, wanted, max_results=500)
        return sorted(found, key=lambda run: run.info.start_time)

    def _link(self, cell_run: str, run: Any) -> facts.Linked:
        is_over = run.info.status != "RUNNING"
        metrics: dict[str, list[tuple[int, Number, float]]] = {}
        for key in run.data.metrics:
            points = self._client.get_metric_history(run.info.run_id, key)
            metrics[from_mlflow_name(key)] = [
                (point.step, to_number(point.value), point.timestamp / 1000)
                for point in (points if is_over else points[-1:])
            ]
        return facts.Linked(
            cell_run=cell_run,
            mlflow_run_id=run.info.run_id,
            experiment_id=run.info.experiment_id,
            tracking_uri=self._uri,
            name=run.info.run_name or run.info.run_id[:8],
            status=run.info.status,
            started_at=run.info.start_time / 1000,
            ended_at=run.info.end_time / 1000 if run.info.end_time else None,
            params=dict(run.data.params),
            metrics=metrics,
            tags={k: v for k, v in run.data.tags.items() if not k.startswith(_OURS)},
        )
