"""Writes shipments to one MLflow store, so that writing one twice changes nothing."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nbops.journal import facts
from nbops.records import RunStatus, SessionStatus, to_float
from nbops.replay import Replay
from nbops.tracking.context import TAG_CELL_RUN, TAG_ID, TAG_RECORD, TAG_SESSION
from nbops.tracking.datasets import as_input
from nbops.tracking.errors import Refusal, mlflow_errors
from nbops.tracking.experiments import find_or_create_experiment
from nbops.tracking.metric_names import to_mlflow_name
from nbops.tracking.mlflow_files import FileWriter, is_local
from nbops.tracking.other_runs import TAG_NOTE
from nbops.tracking.parents import PARENT
from nbops.tracking.shipments import Point, Shipment
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

Note = Callable[[facts.Fact], None]
"""Writes a finding down."""

_METRICS_A_CALL = 1000
_ENTRIES_A_CALL = 100
_LONGEST_PARAM = 6000
_LONGEST_TAG = 5000
_ENDED: dict[RunStatus | SessionStatus, str] = {
    "finished": "FINISHED",
    "failed": "FAILED",
    "died": "FAILED",
}


class MlflowWriter:
    """One MLflow store.

    Parameters
    ----------
    shown_uri
        Tracking URI as records name it.
    """

    def __init__(self, workspace: Workspace, shown_uri: str, client: "MlflowClient") -> None:
        self.shown_uri = shown_uri
        self.client = client
        self._files = FileWriter(workspace, client, is_local=is_local(shown_uri))
        self._workspace = workspace
        self._experiments: dict[str, str] = {}
        self._ids: dict[str, tuple[str, str]] = {}  # key -> MLflow run id, experiment id
        self._params: dict[str, set[str]] = {}
        self._sent: set[tuple[str, ...]] = set()
        self._ended: dict[str, str] = {}

    def experiment_of(self, replay: Replay) -> str | None:
        """Id of a session's experiment, when it exists."""
        name = replay.experiment
        if name in self._experiments:
            return self._experiments[name]
        with mlflow_errors():
            found = self.client.get_experiment_by_name(name)
        return str(found.experiment_id) if found else None

    def forget_experiments(self) -> None:
        """Look them up again: one may have been deleted meanwhile."""
        self._experiments.clear()

    def has_run(self, key: str | None) -> bool:
        """Whether a run was made in MLflow, or found there."""
        return key in self._ids

    def answers(self) -> bool:
        """Whether the store takes a question at all."""
        try:
            self.client.search_experiments(max_results=1)
        except Exception:  # noqa: BLE001 - whatever keeps it from answering
            return False
        return True

    def write(self, shipment: Shipment, note: Note) -> None:
        """Bring a run to the shipment's state.

        Raises
        ------
        StoreUnreachable
            Part of it may be written; writing it again completes it.
        """
        for key, ids in shipment.known.items():
            self._ids.setdefault(key, ids)
        with mlflow_errors():
            mlflow_id, experiment_id = self._ensure_run(shipment, note)
            refuse = _refuser(shipment.key, note)
            self._write_params_and_tags(shipment, mlflow_id, refuse)
            self._write_metrics(mlflow_id, shipment.points, refuse)
            self._write_inputs(mlflow_id, shipment, refuse)
            self._files.write(mlflow_id, experiment_id, shipment)
            self._terminate(mlflow_id, shipment)
        note(facts.Shipped(run=shipment.key, state=shipment.state))

    # ---- runs ---------------------------------------------------------------------------------------

    def _ensure_run(self, shipment: Shipment, note: Note) -> tuple[str, str]:
        key = shipment.key
        if key in self._ids:
            return self._ids[key]
        experiment_id = shipment.experiment_id or self._experiment(shipment.session.experiment)
        found = self._find(key, experiment_id)
        if found is None:
            found = self._create(shipment, experiment_id)
        self._ids[key] = (found, experiment_id)
        note(
            facts.Created(
                run=key,
                mlflow_run_id=found,
                experiment_id=experiment_id,
                tracking_uri=self.shown_uri,
            )
        )
        return found, experiment_id

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            is_embedded = self.shown_uri == self._workspace.embedded_uri
            root = self._workspace.artifacts if is_embedded else None
            self._experiments[name] = find_or_create_experiment(self.client, name, root)
        return self._experiments[name]

    def _find(self, key: str, experiment_id: str) -> str | None:
        """Look for a run whose creation was not confirmed; of two, the younger goes."""
        found = self.client.search_runs(
            [experiment_id],
            f"tags.`{TAG_ID}` = '{key}'",
            order_by=["attributes.start_time ASC"],
            max_results=10,
        )
        for twin in found[1:]:
            self.client.delete_run(twin.info.run_id)
        return str(found[0].info.run_id) if found else None

    def _create(self, shipment: Shipment, experiment_id: str) -> str:
        run, session = shipment.run, shipment.session
        started = run.started_at if run else session.started_at
        tags = {TAG_ID: shipment.key, TAG_SESSION: session.id, "mlflow.user": session.user}
        created = self.client.create_run(
            experiment_id,
            start_time=int(started.timestamp() * 1000),
            tags={**tags, **self._system_tags(shipment)},
            run_name=run.name if run else session.name,
        )
        self._params[created.info.run_id] = set()
        return str(created.info.run_id)

    def _terminate(self, mlflow_id: str, shipment: Shipment) -> None:
        if not shipment.is_over or shipment.is_users:
            return
        ended = (shipment.run or shipment.session).ended_at
        status = _ENDED[(shipment.run or shipment.session).status]
        if self._ended.get(mlflow_id) != status:
            at = int(ended.timestamp() * 1000) if ended else None
            self.client.set_terminated(mlflow_id, status, end_time=at)
            self._ended[mlflow_id] = status

    # ---- params, tags, metrics ------------------------------------------------------------------------

    def _write_params_and_tags(
        self, shipment: Shipment, mlflow_id: str, refuse: Callable[[str, str], None]
    ) -> None:
        from mlflow.entities import Param, RunTag

        known = self._known_params(mlflow_id)
        params = []
        for name, value in (shipment.run.params if shipment.run else {}).items():
            key = to_mlflow_name(name)
            if key not in known:  # one that is there stays: MLflow's params do not change
                params.append(Param(key, str(value)[:_LONGEST_PARAM]))
        tags = [
            RunTag(key[:250], value[:_LONGEST_TAG])
            for key, value in self._tags(shipment).items()
            if ("tag", mlflow_id, key, value) not in self._sent
        ]
        entries: list[Any] = [*params, *tags]
        for start in range(0, len(entries), _ENTRIES_A_CALL):
            self._log(mlflow_id, entries[start : start + _ENTRIES_A_CALL], refuse)
        self._remove_tags(mlflow_id, shipment)
        known |= {param.key for param in params}
        self._sent |= {("tag", mlflow_id, tag.key, tag.value) for tag in tags}

    def _remove_tags(self, mlflow_id: str, shipment: Shipment) -> None:
        """Take away what a person took away, notes included, where it is still there."""
        gone = set(shipment.removed_tags)
        if shipment.is_edited and shipment.run and not shipment.run.notes:
            gone.add(TAG_NOTE)
        if gone:
            there = self.client.get_run(mlflow_id).data.tags
            for name in gone & there.keys():
                self.client.delete_tag(mlflow_id, name)

    def _known_params(self, mlflow_id: str) -> set[str]:
        if mlflow_id not in self._params:
            self._params[mlflow_id] = set(self.client.get_run(mlflow_id).data.params)
        return self._params[mlflow_id]

    def _tags(self, shipment: Shipment) -> dict[str, str]:
        run, session = shipment.run, shipment.session
        tags = self._system_tags(shipment)
        tags |= {TAG_ID: shipment.key, TAG_SESSION: session.id, TAG_RECORD: shipment.head}
        if run and run.cell_run_ids and run.origin != "job":
            tags[TAG_CELL_RUN] = run.cell_run_ids[0]
        if run and run.status == "died":
            tags["nbops.status"] = "died"
        notes = run.notes if run else session.notes
        if notes:
            tags[TAG_NOTE] = "\n\n".join(notes)
        inherited = session.tags
        if not shipment.stands_for_session:  # what is in a job hangs below it, not below its sweep
            inherited = {key: value for key, value in inherited.items() if key != PARENT}
        return tags | inherited | (run.tags if run else {})

    def _system_tags(self, shipment: Shipment) -> dict[str, str]:
        session, source = shipment.session, shipment.session.source
        tags = {
            "mlflow.source.type": "NOTEBOOK" if session.kind != "script" else "LOCAL",
            "mlflow.source.name": session.notebook,
            "mlflow.source.git.commit": source.git_commit,
            "mlflow.source.git.branch": source.git_branch,
            "mlflow.source.git.repoURL": source.git_remote,
        }
        if shipment.parent and shipment.parent in self._ids:
            tags["mlflow.parentRunId"] = self._ids[shipment.parent][0]
        return {key: value for key, value in tags.items() if value}

    def _write_metrics(
        self, mlflow_id: str, points: Sequence[Point], refuse: Callable[[str, str], None]
    ) -> None:
        from mlflow.entities import Metric

        metrics = [
            Metric(to_mlflow_name(name), to_float(value), int(at * 1000), step)
            for name, step, value, at in points
        ]
        for start in range(0, len(metrics), _METRICS_A_CALL):
            self._log(mlflow_id, metrics[start : start + _METRICS_A_CALL], refuse)

    def _log(
        self, mlflow_id: str, entries: Sequence[Any], refuse: Callable[[str, str], None]
    ) -> None:
        """Log a batch; when the store refuses it, find the entry that is to blame."""
        from mlflow.entities import Metric, Param, RunTag

        if not entries:
            return
        try:
            with mlflow_errors():
                self.client.log_batch(
                    mlflow_id,
                    metrics=[e for e in entries if isinstance(e, Metric)],
                    params=[e for e in entries if isinstance(e, Param)],
                    tags=[e for e in entries if isinstance(e, RunTag)],
                    synchronous=True,
                )
        except Refusal as refusal:
            if len(entries) == 1:
                refuse(entries[0].key, str(refusal))
                return
            middle = len(entries) // 2
            self._log(mlflow_id, entries[:middle], refuse)
            self._log(mlflow_id, entries[middle:], refuse)

    # ---- data ------------------------------------------------------------------------------------------

    def _write_inputs(
        self, mlflow_id: str, shipment: Shipment, refuse: Callable[[str, str], None]
    ) -> None:
        new = [
            ref
            for ref in shipment.inputs
            if ("input", mlflow_id, ref.uri, ref.digest or "") not in self._sent
        ]
        for ref in new:
            try:
                with mlflow_errors():
                    self.client.log_inputs(mlflow_id, [as_input(ref)])
            except Refusal as refusal:
                refuse(f"data {ref.name}", str(refusal))
            self._sent.add(("input", mlflow_id, ref.uri, ref.digest or ""))


def _refuser(key: str, note: Note) -> Callable[[str, str], None]:
    def refuse(entry: str, reason: str) -> None:
        note(facts.Refused(run=key, entry=entry, reason=reason))

    return refuse
