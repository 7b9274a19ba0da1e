"""A pipeline as the terminal and Python use it: what would run, running it, and its parent run in MLflow."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.capture.secrets.masking import Masker
from nbops.capture.secrets.redaction import add_patterns, redact
from nbops.digests import digest_bytes
from nbops.errors import UsageError
from nbops.jobs.engines import EngineChoice, open_engine
from nbops.jobs.expected import check_environments
from nbops.jobs.pipeline.bulletin import Bulletin
from nbops.jobs.pipeline.definition import Definition, find_file, read_definition
from nbops.jobs.pipeline.entries import put_schema
from nbops.jobs.pipeline.graph import Graph, graph_of
from nbops.jobs.pipeline.hazards import find_hazards
from nbops.jobs.pipeline.planning import Decider, Decision, plan_pipeline
from nbops.jobs.pipeline.results import FileState
from nbops.jobs.pipeline.running import Running, StepRun
from nbops.jobs.plan import tags_of_job
from nbops.locks import Lock
from nbops.recording.destination import choose_destination
from nbops.recording.words import make_id
from nbops.records import DataRef
from nbops.tracking.parents import ParentRun
from nbops.workspace import runtime_home

TAG = "nbops.pipeline"


@dataclass(frozen=True)
class PipelineRun:
    """A run of a pipeline that is over.

    Parameters
    ----------
    id
        Sessions of the steps that ran carry it as the tag `nbops.pipeline`.
    exit_code
        0 when all steps are done; else as `nbops run` gives it.
    problem
        Why it is not in MLflow, or not shared.
    hazards
        What steps were seen to do that makes an order count which the file does not say.
    """

    id: str
    steps: list[StepRun]
    exit_code: int
    mlflow_run_id: str | None = None
    problem: str | None = None
    hazards: Sequence[str] = ()

    @property
    def failures(self) -> list[StepRun]:
        return [each for each in self.steps if each.state == "failed"]


class Pipeline:
    """Notebooks in an order, as a `pipeline.yaml` says.

    Parameters
    ----------
    place
        The file, or its folder; the working folder when None.
    given
        Values of parameters by step and name, over those of the file.

    Raises
    ------
    NotFound, UsageError
        The file cannot be meant.
    """

    def __init__(
        self,
        place: Path | None = None,
        given: Mapping[str, Mapping[str, Any]] | None = None,
        only: Sequence[str] = (),
    ) -> None:
        self.whole = read_definition(find_file(place), given)
        self.definition = self.whole.choose(only)

    def plan(self, *, is_forced: bool = False) -> list[Decision]:
        """What would run, and why."""
        return plan_pipeline(self.definition, is_forced=is_forced)

    def graph(self) -> Graph:
        """Steps, and the files between them."""
        return graph_of(self.definition)

    def run(
        self,
        *,
        engine: EngineChoice | None = None,
        need_bytes: int | None = None,
        is_forced: bool = False,
        expect_env: str | None = None,
        is_warm: bool = False,
        tell: Callable[[StepRun], None] = lambda _step: None,
    ) -> PipelineRun:
        """Run what is not as its last run left it.

        Parameters
        ----------
        engine
            Where steps run; on this machine, one at a time, when None.
        need_bytes
            Memory that a step takes; what it took the last time when None.
        is_forced
            Run steps though nothing changed.
        expect_env
            Run whose environment there must be, or a lock's path.
        is_warm
            Fork kernels from a process that has imported what the notebooks import.
        tell
            Called with each step whose state changed.

        Raises
        ------
        UsageError
            It is being run already, or the environment is another one.
        """
        if expect_env is not None:
            notebooks = [step.notebook for step in self.definition.steps]
            check_environments(self.definition.workspace, expect_env, notebooks)
        put_schema(self.definition.workspace)
        add_patterns(self.definition.workspace.settings.redact)  # of errors that steps end with
        decider = Decider(self.definition, is_forced=is_forced)
        lock = self._lock()
        if not lock.acquire():
            raise UsageError(
                f"{self.definition.path} is being run by another process.", "Wait for its end."
            )
        with ExitStack() as stack:
            stack.callback(lock.release)
            where = stack.enter_context(closing(open_engine(engine or EngineChoice(), 0)))
            where.prepare([step.notebook for step in self.definition.steps])
            parent = _Parent(self.definition)
            stack.enter_context(parent.run)
            bulletin = Bulletin(self.definition, parent.id)

            def tell_all(each: StepRun) -> None:
                bulletin.tell(each)
                tell(each)

            running = Running(
                self.definition,
                decider,
                engine=where,
                need_bytes=need_bytes,
                experiment=parent.experiment,
                is_warm=is_warm,
                tags=parent.tags,
                tell=tell_all,
            )
            running.run()
            steps = list(running.steps.values())
            exit_code = _exit_code(steps, running.crew.exit_code)
            bulletin.end("failed" if exit_code else "finished")
            parent.describe(steps, exit_code, is_killed=running.crew.was_interrupted)
        problem = parent.run.problem or decider.shelf.problem or where.left
        results = {each.step.name: each.result for each in steps if each.result}
        hazards = find_hazards(self.definition.steps, results)
        return PipelineRun(parent.id, steps, exit_code, parent.run.id, problem, hazards)

    def _lock(self) -> Lock:
        key = digest_bytes(os.fsencode(self.definition.path)).partition(":")[2][:16]
        return Lock(runtime_home() / f"pipeline-{key}.lock")


def _exit_code(steps: list[StepRun], interrupted: int) -> int:
    codes = [each.exit_code for each in steps if each.state == "failed"]
    if interrupted or not codes:
        return interrupted
    return 124 if set(codes) == {124} else 1


class _Parent:
    """The pipeline's own run in MLflow; there is one once a step really runs."""

    def __init__(self, definition: Definition) -> None:
        self.id = make_id()
        place = str(definition.path.with_name(f"{definition.name}.yaml"))
        self.experiment = choose_destination(
            definition.workspace, uri=None, experiment=None, notebook=place
        ).experiment
        self._definition = definition
        own = {TAG: self.id, "nbops.kind": "pipeline", **tags_of_job()}
        self.run = ParentRun(definition.workspace, place, definition.name, own)

    def tags(self) -> dict[str, str]:
        """Tags that hang a step below it."""
        return {TAG: self.id, **self.run.tags}

    def describe(self, steps: list[StepRun], exit_code: int, *, is_killed: bool) -> None:
        """Write down what came of the steps, and the data between them."""
        if self.run.id is None:
            return
        metrics = {
            f"{each.step.name}.{name}": value
            for each in steps
            if each.result
            for name, value in each.result.metrics.items()
        }
        self.run.log({}, metrics)
        tags = {
            f"nbops.step.{each.step.name}": f"{each.state} {each.session_id or ''}".strip()
            for each in steps
        }
        masker = Masker([each.step.params for each in steps])
        files = {
            "nbops/pipeline.yaml": masker.hide(self._definition.path.read_text("utf-8")),
            "nbops/steps.json": json.dumps([_as_json(each) for each in steps], indent=1),
        }
        self.run.describe(tags, list(self._data(steps)), files)
        if exit_code:
            self.run.end("KILLED" if is_killed else "FAILED")

    def _data(self, steps: list[StepRun]) -> list[tuple[DataRef, str]]:
        """Data that came from outside, and data between steps, which says so."""
        writers = {
            (file.path, file.digest): each.step.name
            for each in steps
            if each.result
            for file in each.result.writes
        }
        readers: dict[FileState, list[str]] = {}
        for each in steps:
            for file in each.result.reads if each.result else ():
                readers.setdefault(file, []).append(each.step.name)
        root = self._definition.workspace.root
        found = []
        for file, names in readers.items():
            writer = writers.get((file.path, file.digest))
            ref = DataRef(
                uri=(root / file.path).as_uri(),
                name=file.path,
                kind=file.kind,
                digest=file.digest,
                size_bytes=file.size_bytes,
            )
            found.append((ref, f"{writer or 'input'} → {', '.join(names)}"))
        return found


def _as_json(each: StepRun) -> dict[str, Any]:
    result = each.result
    return {
        "step": each.step.name,
        "state": each.state,
        "reason": redact(each.reason),
        "session": each.session_id,
        "after": list(each.step.after),
        "reads": {file.path: file.digest for file in result.reads} if result else {},
        "writes": {file.path: file.digest for file in result.writes} if result else {},
    }
