"""Records -> shipments: what of a session is to be in MLflow now, and is not yet."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from nbops.records import DataRef, Run, Session, instant
from nbops.replay.drafts import SYSTEM, RunDraft
from nbops.replay.edits import removed_tags
from nbops.tracking.following import FollowedSession
from nbops.tracking.shipments import Point, Shipment, state_of

CELLS_PER_SHARD = 50
"""Artifacts cannot be appended to, so cell runs go in pieces of this many."""


@dataclass(frozen=True)
class Place:
    """Where a run goes: a tracking URI as records show it, and an experiment the user's code chose."""

    uri: str
    experiment_id: str | None


class Packer:
    """Packs one session's shipments, each change once.

    Nothing is packed until the session has a run.
    """

    def __init__(self, followed: FollowedSession) -> None:
        self._followed = followed
        self._replay = followed.replay
        self._packed: dict[str, str] = {}
        self._sent_points: dict[tuple[str, str, str], int] = {}
        self._places: dict[str, Place] = {}

    def unshipped(self) -> int:
        """Runs whose latest state is not known to be in MLflow, those still looked for included.

        The session's own run is none that a person made: it counts only when nothing else waits.
        """
        shipped = self._replay.shipped
        states = self._states()
        made = self._replay.composition().runs
        undecided = sum(1 for key in made if key not in states)
        waiting = [key for key, state in states.items() if shipped.get(key) != state]
        return undecided + sum(1 for key in waiting if key in made) or min(1, len(waiting))

    def pack(self) -> Iterator[tuple[str, Shipment]]:
        """Yield `(tracking URI, shipment)` for what changed since the last call; parents first."""
        replay = self._replay
        states = self._states()
        for key, state in states.items():
            if self._packed.get(key) == state:
                continue
            is_first = key not in self._packed
            self._packed[key] = state
            if is_first and replay.shipped.get(key) == state:
                continue  # an earlier process did
            place = self._places[key]
            yield place.uri, self._shipment(key, state, place)

    def forget(self, key: str) -> None:
        """Pack a run again from the beginning: its shipment was lost on the way."""
        self._packed.pop(key, None)
        self._sent_points = {k: n for k, n in self._sent_points.items() if k[0] != key}

    # ---- inside -------------------------------------------------------------------------------------

    def _states(self) -> dict[str, str]:
        """State of everything that is to be in MLflow, parents first."""
        replay = self._replay
        made = replay.composition().runs
        parents = {run.parent for run in made.values()}
        runs = {k: run for k, run in made.items() if not run.is_undecided or k in parents}
        if not runs:
            return {}
        session = replay.session()
        states: dict[str, str] = {}
        for key, draft in runs.items():
            place = self._places[key] = self._place_of(key, draft)
            parent = self._parent_of(draft, place)
            if parent not in runs and parent not in states and parent != key:
                self._places[parent] = place
                states[parent] = self._session_state(session)
            states[key] = self._run_state(key, draft, parent, session)
        return states

    def _place_of(self, key: str, draft: RunDraft) -> Place:
        session_uri = self._session_uri
        if draft.link:
            return Place(draft.link.tracking_uri, draft.link.experiment_id)
        created = self._replay.lookup.mlflow_run_of(key)
        if created:
            return Place(created[2], created[1])
        if key in self._places:
            return self._places[key]
        uri, experiment_id = self._replay.destination or (session_uri, None)
        return Place(uri, experiment_id)

    @property
    def _session_uri(self) -> str:
        started = self._replay.started
        return started.tracking_uri if started else ""

    def _parent_of(self, draft: RunDraft, place: Place) -> str:
        """Key of the run above: the run it was made inside, the job, or the session in this place."""
        if draft.parent:
            return draft.parent
        if draft.origin == "job":
            return draft.id
        is_home = place.uri == self._session_uri and place.experiment_id in (
            None,
            self._home_experiment,
        )
        if is_home:
            return self._replay.id
        return f"{self._replay.id}@{state_of(place.uri, place.experiment_id)}"

    @property
    def _home_experiment(self) -> str | None:
        created = self._replay.lookup.mlflow_run_of(self._replay.id)
        return created[1] if created else None

    def _session_state(self, session: Session) -> str:
        replay = self._replay
        shards = len(replay.cells) // CELLS_PER_SHARD
        cells = len(replay.cells) if session.status != "running" else 0
        return state_of(_without_ids(session), shards, cells)

    def _run_state(self, key: str, draft: RunDraft, parent: str, session: Session) -> str:
        points = sum(len(p) for logged in draft.logged for p in logged.metrics.values())
        points += sum(len(cell.system_points) for cell in draft.cells)
        run = self._replay.run(key, full=False)
        inputs = [ref.digest for ref in self._inputs(run)]
        cells = len(self._replay.cells) if draft.origin == "job" else 0
        source = session.source.patch_digest, session.source.git_commit
        environment = self._environment_of(draft)
        if any(cell.awaits_outputs for cell in draft.cells):  # a moment later it is another state
            cells = -1 - cells
        found = self._replay.environments.get(environment) if environment else None
        late = [found.altered] if found and found.altered else []  # found after the rest
        return state_of(
            _without_ids(run), parent, points, inputs, cells, source, environment, *late
        )

    def _environment_of(self, draft: RunDraft | None) -> str | None:
        """Digest of the environment of a run's last cell; without one, of its session."""
        lookup, started = self._replay.lookup, self._replay.started
        if draft is not None and draft.cells:
            return lookup.environment_of(draft.cells[-1].stamp)
        return lookup.environment_of(started.environment_stamp) if started else None

    def _shipment(self, key: str, state: str, place: Place) -> Shipment:
        replay = self._replay
        session = replay.session()
        draft = replay.composition().runs.get(key)
        run = None
        if draft is not None:  # live, only the new points of its metrics travel
            run = replay.run(key, full=draft.status != "running")
        parent = self._parent_of(draft, place) if draft else None
        if run is None or run.origin == "job":
            cells = tuple(replay.cell_runs())
        else:
            wanted = {*run.imports_from, *run.depends_on, *run.cell_run_ids}
            cells = tuple(replay.cell_run(key) for key in replay.cells if key in wanted)
        environment = self._environment_of(draft)
        folders = {
            model.name: self._followed.folder / folder
            for model in (run.models if run else ())
            if (folder := replay.model_folder(key, model.name))
        }
        shipment = Shipment(
            key=key,
            session=session,
            run=run,
            parent=None if parent == key else parent,
            state=state,
            head=self._followed.head,
            points=self._new_points(key, draft) if draft else [],
            inputs=self._inputs(run) if run else (),
            cell_runs=cells,
            environment=replay.environments.get(environment) if environment else None,
            imported=replay.imported_by(key if draft else None),
            model_folders=folders,
            experiment_id=place.experiment_id,
            is_users=bool(draft and draft.link),
            is_edited=key in replay.edits,
            removed_tags=removed_tags(replay.edits.get(key, ())),
        )
        for known in (key, parent):
            ids = self._mlflow_ids(known) if known else None
            if known and ids:
                shipment.known[known] = ids
        return shipment

    def _mlflow_ids(self, key: str) -> tuple[str, str] | None:
        draft = self._replay.composition().runs.get(key)
        if draft and draft.link:
            return draft.link.mlflow_run_id, draft.link.experiment_id
        created = self._replay.lookup.mlflow_run_of(key)
        return created[:2] if created else None

    def _new_points(self, key: str, draft: RunDraft) -> list[Point]:
        new: list[Point] = []
        for logged in draft.logged:
            for name, points in logged.metrics.items():
                mark = (key, logged.key, name)
                new += [(name, *point) for point in points[self._sent_points.get(mark, 0) :]]
                self._sent_points[mark] = len(points)
        for cell in draft.cells:
            mark = (key, cell.id, SYSTEM)
            new += cell.system_points[self._sent_points.get(mark, 0) :]
            self._sent_points[mark] = len(cell.system_points)
        return new

    def _inputs(self, run: Run) -> tuple[DataRef, ...]:
        cells = self._replay.cells
        lookup = self._replay.lookup
        refs = {}
        for cell_id in (*run.depends_on, *run.cell_run_ids):
            for ref in lookup.data_refs(cells[cell_id].reads):
                if ref.digest:
                    refs[ref.uri, ref.digest] = ref
        return tuple(refs.values())


def _without_ids(record: Run | Session) -> Run | Session:
    """A record without what shipping itself adds to it."""
    if isinstance(record, Session):
        nothing = instant(0)
        return msgspec.structs.replace(
            record, mlflow_run_id=None, coverage={}, environment=None, started_at=nothing
        )
    return msgspec.structs.replace(record, mlflow_run_id=None, mlflow_experiment_id=None)
