"""One notebook at many points: each a job of its own, all below one run in MLflow."""

import math
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError, UsageError
from nbops.index.queries import Index
from nbops.jobs.crew import Crew
from nbops.jobs.declarations import Declarations, read_declarations
from nbops.jobs.engines import Engine, Worker, open_engine
from nbops.jobs.memory import peak_of
from nbops.jobs.metrics import curve_of, metrics_of
from nbops.jobs.parameters import as_json, check_parameters, read_notebook
from nbops.jobs.plan import id_of_try
from nbops.jobs.recorded import Recorded, key_of
from nbops.jobs.search import Optimized
from nbops.jobs.space import Point, point_of
from nbops.jobs.sweep_plan import SEARCH, Result, SweepPlan, tell_missing
from nbops.recording.words import make_id
from nbops.records import Document
from nbops.replay import replay_folder
from nbops.tracking.parents import ParentRun
from nbops.workspace import Workspace, find_workspace

TAG = "nbops.sweep"
_LOOK_EVERY_S = 1.0
_MOST_WITHOUT_METRIC = 3


@dataclass(frozen=True)
class Sweep:
    """A sweep that is over.

    Parameters
    ----------
    id
        Its children carry it as the tag `nbops.sweep`.
    exit_code
        Of what interrupted it; 0 when nothing did.
    problem
        Why its own run is not in MLflow.
    left
        What its engine left to do.
    stopped
        Why it ended before its time, though nothing interrupted it.
    """

    id: str
    results: list[Result]
    best: Result | None
    exit_code: int
    problem: str | None
    left: str | None = None
    stopped: str | None = None

    @property
    def was_interrupted(self) -> bool:
        return self.exit_code != 0

    @property
    def failures(self) -> int:
        return sum(result.outcome == "failed" for result in self.results)


def run_sweep(plan: SweepPlan) -> Sweep:
    """Run a notebook at every point that the search gives. A failure at one does not stop the others.

    What is recorded already, with the same code, data and environment, is not run again: so a sweep that
    was interrupted goes on where it was when it is started again. All points run the notebook as it is now:
    who saves it meanwhile changes the next sweep.

    Raises
    ------
    UsageError, NotFound
        What was given cannot be meant; nothing was run.
    """
    path = plan.notebook.resolve()
    notebook = read_notebook(path)
    declared = read_declarations(notebook.cells, path.name)
    workspace = find_workspace(path)
    workspace.prepare()
    recorded = Recorded(Index(workspace), path, notebook, plan.options.workdir)
    sweep_id = make_id()
    for cell in notebook.cells:
        if cell.cell_type == "code":  # it goes to each job
            cell.outputs = []
    plan = replace(plan, options=replace(plan.options, content=notebook))
    tags = {TAG: sweep_id, "nbops.kind": "sweep"}
    if isinstance(plan.search, Optimized) and not plan.is_forced:
        plan.search.begin_with(_points_before(plan, plan.search, declared, recorded))
    need = recorded.peak_bytes() if plan.need_bytes is None else plan.need_bytes
    with closing(open_engine(plan.engine, need)) as engine:
        engine.prepare([path])
        about = as_json(plan.about)
        with ParentRun(workspace, str(path), f"{path.stem} sweep", tags, about) as parent:
            running = _Running(
                plan,
                declared,
                workspace,
                recorded,
                tags=lambda: {TAG: sweep_id, **parent.tags},
                engine=engine,
            )
            running.run()
            if not running.crew.was_interrupted:
                parent.open()  # all may have come from the record
            if running.best and plan.objective and running.best.value is not None:
                point = as_json(running.best.point)
                best = {f"best.{name}": value for name, value in point.items()}
                parent.log(best, {f"best.{plan.objective.metric}": running.best.value})
            if running.crew.was_interrupted:
                parent.end("KILLED")
    results = sorted(running.results, key=lambda result: result.number)
    code = running.crew.exit_code
    return Sweep(
        sweep_id, results, running.best, code, parent.problem, engine.left, running.stopped
    )


def _points_before(
    plan: SweepPlan, search: Optimized, declared: Declarations, recorded: Recorded
) -> list[Point]:
    """Those that this search has tried before, in their order, whose results still count."""
    found: dict[str, Point] = {}
    for session in recorded.tagged(SEARCH, plan.options.tags[SEARCH]):
        point = point_of(search.dimensions, session.params)
        if point is None or (key := key_of(as_json(point))) in found or len(found) == search.count:
            continue
        if recorded.find(check_parameters(declared, {**plan.fixed, **point})) is not None:
            found[key] = point
    return list(found.values())


class _Running:
    """A sweep while it runs: workers take points until there are no more.

    Parameters
    ----------
    tags
        Gives those of each point's session; asked when the first one runs.
    """

    def __init__(
        self,
        plan: SweepPlan,
        declared: Declarations,
        workspace: Workspace,
        recorded: Recorded,
        *,
        tags: Callable[[], Mapping[str, str]],
        engine: Engine,
    ) -> None:
        self.results: list[Result] = []
        self.best: Result | None = None
        self.crew = Crew(engine)
        self.stopped: str | None = None
        self._has_metric = False
        self._without_metric: list[Result] = []
        self._failed: dict[str, Result] = {}  # by their points
        self._plan = plan
        self._declared = declared
        self._workspace = workspace
        self._recorded = recorded
        self._tags = tags
        self._lock = threading.Lock()
        self._engine = engine

    def run(self) -> None:
        self.crew.run(self._work, "sweep")

    def _work(self, worker: Worker) -> None:
        while not self.crew.is_over:
            with self._lock:
                asked = self._plan.search.ask()
            if asked is None:
                return
            try:
                result = self._run_point(worker, *asked)
            except Exception as error:  # noqa: BLE001 - one point's failure is not the next one's
                problem = f"{type(error).__name__}: {error}"
                result = Result(*asked, "failed", problem=problem)
            if result is not None:
                self._take(result)

    def _run_point(self, worker: Worker, number: int, point: Point) -> Result | None:
        result = Result(number, point, "failed")
        try:
            values = check_parameters(self._declared, {**self._plan.fixed, **point})
        except UsageError as error:
            result.problem = str(error)
            return result
        if not self._plan.is_forced:
            with self._lock:
                found = self._recorded.find(values)
            if found is not None:
                self._engine.learn(peak_of(found))
                result.is_reused = True
                self._read(result, found)
                return result
        # Optuna learns nothing from a failure, and asks again.
        if failed := self._failed.get(key_of(as_json(point))):
            result.session_id = failed.session_id
            result.problem = f"It failed already: {failed.problem}"
            return result
        worker.get_ready()
        with worker.admitted(lambda: self.crew.is_over) as is_in:
            if not is_in:
                return None
            with self._lock:
                self._plan.begun(number, point)
            self._run_job(worker, result, values)
        return result

    def _run_job(self, worker: Worker, result: Result, values: Mapping[str, Any]) -> None:
        session_id = make_id()
        options = replace(self._plan.options, tags={**self._plan.options.tags, **self._tags()})
        over, pruned = threading.Event(), threading.Event()
        watch = threading.Thread(
            target=self._watch, args=(worker, result.number, session_id, over, pruned), daemon=True
        )
        watch.start()
        try:
            done = worker.run(self._plan.notebook.resolve(), values, options, session_id)
            session_id = done.session_id
            if not done.has_failed:
                result.outcome = "finished"
            elif done.interrupted and self.crew.is_over:
                result.outcome = "interrupted"
            result.problem = done.error or (str(done.interrupted) if done.interrupted else None)
        except NbopsError as error:
            result.outcome = "interrupted" if self.crew.is_over else "failed"
            result.problem = str(error)
        finally:
            over.set()
            watch.join()
        if pruned.is_set() and result.outcome == "failed":
            result.outcome, result.problem = "pruned", None
        document = _read_session(self._workspace.sessions / session_id)
        if document is not None:
            self._engine.learn(peak_of(document))
            if result.outcome == "finished":  # Optuna may ask for it again
                with self._lock:
                    self._recorded.add(document)
            self._read(result, document)

    def _watch(
        self,
        worker: Worker,
        number: int,
        session_id: str,
        over: threading.Event,
        pruned: threading.Event,
    ) -> None:
        """Tell the search how a point goes while it runs, and end it when it is not worth going on with."""
        objective, ends_early = self._plan.objective, self._plan.search.ends_early
        tries = [id_of_try(session_id, n) for n in range(self._plan.options.retries + 1)]
        folders = [self._workspace.sessions / each for each in reversed(tries)]
        while objective and ends_early and not over.wait(_LOOK_EVERY_S):
            document = next(filter(None, map(_read_session, folders)), None)
            if document is None:
                continue
            curve = curve_of(document, objective.metric)
            with self._lock:
                is_hopeless = self._plan.search.report(number, curve)
            if is_hopeless and not pruned.is_set():
                pruned.set()
                worker.interrupt()

    def _read(self, result: Result, document: Document) -> None:
        result.session_id = document.session.id
        result.metrics = metrics_of(document)
        if result.is_reused:
            result.outcome = "finished"
        objective = self._plan.objective
        if objective is not None:
            result.value = result.metrics.get(objective.metric)
            result.curve = curve_of(document, objective.metric)
            problem = f"It logged {tell_missing(objective.metric, result.metrics)}"
            if result.value is not None and not math.isfinite(result.value):
                problem = f"Its metric {objective.metric!r} is {result.value}."
                result.value = None  # neither better nor worse, and Optuna takes none
            if result.value is None and result.outcome == "finished":
                result.outcome, result.problem = "failed", problem
                if objective.metric not in result.metrics:
                    self._without_metric.append(result)

    def _take(self, result: Result) -> None:
        with self._lock:
            self._plan.search.report(
                result.number, result.curve
            )  # it may have been too quick to watch
            self._plan.search.tell(result.number, result.outcome, result.value)
            self.results.append(result)
            if result.outcome == "failed":
                self._failed.setdefault(key_of(as_json(result.point)), result)
            objective, value = self._plan.objective, result.value
            if objective and value is not None and result.outcome == "finished":
                than = self.best.value if self.best else None
                if objective.is_better(value, than):
                    self.best = result
            self._plan.tell(result, self.best)
            if objective and self._plan.search.ends_early:
                self._heed_metric(objective.metric, result.metrics)

    def _heed_metric(self, metric: str, logged: Mapping[str, float]) -> None:
        """End a search for a metric that no point logs."""
        self._has_metric |= metric in logged
        if not self._has_metric and len(self._without_metric) >= _MOST_WITHOUT_METRIC:
            told = tell_missing(metric, self._without_metric[0].metrics)
            self.stopped = f"Nothing more was tried: the notebook logs {told}"
            self.crew.is_over = True


def _read_session(folder: Path) -> Document | None:
    """What is recorded of a job so far; None when nothing is: its folder is there before its first line."""
    replay = replay_folder(folder) if folder.exists() else None
    return replay.document() if replay is not None and replay.started is not None else None
