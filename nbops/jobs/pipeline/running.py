"""A pipeline while it runs: each step as soon as all before it are done, several side by side."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nbops.errors import NbopsError
from nbops.jobs.crew import Crew
from nbops.jobs.engines import Engine, Worker
from nbops.jobs.pipeline.changes import say
from nbops.jobs.pipeline.definition import Definition, Step
from nbops.jobs.pipeline.planning import Decider, Decision
from nbops.jobs.pipeline.results import StepResult
from nbops.jobs.plan import RunOptions
from nbops.recording.words import make_id
from nbops.records import StepStatus
from nbops.replay import replay_folder

_DONE: frozenset[StepStatus] = frozenset(("unchanged", "restored", "finished"))
_OPEN: frozenset[StepStatus] = frozenset(("waiting", "running"))


@dataclass
class StepRun:
    """One step of a run of a pipeline.

    Parameters
    ----------
    reason
        Why it ran, or did not, or failed.
    session_id
        Of its own run; of the one that it repeats when it is unchanged.
    moved
        Where files lie that were in the place of what was restored.
    """

    step: Step
    state: StepStatus = "waiting"
    reason: str = ""
    session_id: str | None = None
    result: StepResult | None = None
    exit_code: int = 0
    moved: list[str] = field(default_factory=list)


class Running:
    """All steps, and who works on them.

    Parameters
    ----------
    engine
        Where steps run.
    need_bytes
        Memory that a step takes; what it took the last time when None.
    tags
        Gives those of each step's session; asked when the first one runs.
    tell
        Called with each step whose state changed, from several threads but one at a time.
    """

    def __init__(
        self,
        definition: Definition,
        decider: Decider,
        *,
        engine: Engine,
        need_bytes: int | None,
        experiment: str,
        is_warm: bool,
        tags: Callable[[], Mapping[str, str]],
        tell: Callable[[StepRun], None],
    ) -> None:
        self.steps = {step.name: StepRun(step) for step in definition.steps}
        self.crew = Crew(engine)
        self._definition = definition
        self._decider = decider
        self._experiment = experiment
        self._is_warm = is_warm
        self._tags = tags
        self._tell = tell
        self._need = need_bytes
        self._changed = threading.Condition()

    def run(self) -> None:
        self.crew.run(self._work, "pipeline")
        for each in self.steps.values():
            if each.state in _OPEN and self.crew.was_interrupted:
                self._settle(each, "stopped", "it was interrupted")
            elif each.state in _OPEN:  # its engine ended before its time
                self._settle(each, "failed", "no worker ran it", 1)

    def _work(self, worker: Worker) -> None:
        while (taken := self._take()) is not None:
            try:
                self._do(worker, taken)
            except NbopsError as error:
                state: StepStatus = "stopped" if self.crew.is_over else "failed"
                self._settle(taken, state, str(error), error.exit_code)
            except Exception as error:  # noqa: BLE001 - one step's failure is not the others'
                self._settle(taken, "failed", f"{type(error).__name__}: {error}", 1)

    def _take(self) -> StepRun | None:
        """The next step whose turn it is; None when there will be none."""
        with self._changed:
            while not self.crew.is_over:
                self._close_off()
                waiting = [each for each in self.steps.values() if each.state == "waiting"]
                if not waiting:
                    return None
                for each in waiting:
                    if all(self.steps[name].state in _DONE for name in each.step.after):
                        each.state = "running"
                        return each
                self._changed.wait(0.2)
        return None

    def _close_off(self) -> None:
        """Settle steps that cannot run any more."""
        for each in self.steps.values():
            if each.state != "waiting":
                continue
            before = [self.steps[name] for name in each.step.after]
            bad = next((b for b in before if b.state in ("failed", "stopped")), None)
            left = next((b for b in before if b.state == "left out"), None)
            if bad is not None:
                failed = "failed" if bad.state == "failed" else "did not run"
                self._settle(each, "stopped", f"{bad.step.name} {failed}")
            elif left is not None:
                self._settle(each, "left out", f"{left.step.name} is left out")

    def _do(self, worker: Worker, taken: StepRun) -> None:
        step = taken.step
        if step.when is not None:
            results = {self.steps[n].step.entry: self.steps[n].result for n in step.after}
            metrics = {name: result.metrics for name, result in results.items() if result}
            if not step.when.holds(step.params, metrics):
                self._settle(taken, "left out", f"`{step.when.text}` does not hold")
                return
        decision = self._decider.decide(step, self._decider.surroundings())
        if decision.result is not None:
            self._repeat(taken, decision, decision.result)
            return
        last = self._decider.shelf.last(str(self._definition.path), step.name)
        need = self._need or (last.peak_memory_bytes if last else None) or 0
        worker.get_ready()
        with worker.admitted(lambda: self.crew.is_over, need) as is_in:
            if is_in:
                self._execute(worker, taken, decision)

    def _repeat(self, taken: StepRun, decision: Decision, result: StepResult) -> None:
        """Take what an earlier run left."""
        for file in decision.outdated:
            moved = self._decider.copies.restore(file)
            if moved is not None:
                taken.moved.append(f"{file.path} as it was is {moved}")
        self._keep(taken, decision, result)
        names = say([file.path for file in decision.outdated])
        self._settle(
            taken, "restored" if names else "unchanged", f"{names} came back" if names else ""
        )

    def _execute(self, worker: Worker, taken: StepRun, decision: Decision) -> None:
        step = taken.step
        taken.session_id, taken.reason = make_id(), decision.reason
        with self._changed:
            self._tell(taken)
        options = RunOptions(
            timeout_s=step.timeout_s,
            retries=step.retries,
            needs=step.reads,
            experiment=self._experiment,
            is_warm=self._is_warm,
            tags={**self._tags(), "nbops.step": step.name},
        )
        done = worker.run(step.notebook, decision.step.params, options, taken.session_id)
        taken.session_id = done.session_id
        if done.has_failed:
            stopped = done.interrupted
            code = stopped.exit_code if stopped else 1
            state: StepStatus = "stopped" if self.crew.is_over else "failed"
            self._settle(taken, state, str(stopped or done.error), code)
            return
        missing = [path for path in step.writes if not os.path.exists(path)]
        if missing:
            names = say([self._definition.workspace.name_of(path) for path in missing])
            self._settle(taken, "failed", f"it did not write {names}", 1)
            return
        folder = self._definition.workspace.sessions / taken.session_id
        if folder.exists():  # notebooks that are not Python leave no record
            document = replay_folder(folder).document()
            self._keep(
                taken, decision, self._decider.result_of(decision, document, is_just_over=True)
            )
        self._settle(taken, "finished", decision.reason)

    def _keep(self, taken: StepRun, decision: Decision, result: StepResult) -> None:
        taken.result, taken.session_id = result, result.session_id
        shelf = self._decider.shelf
        shelf.put(decision.key, result)
        shelf.note_last(str(self._definition.path), taken.step.name, decision.key, result)

    def _settle(self, each: StepRun, state: StepStatus, reason: str, exit_code: int = 0) -> None:
        with self._changed:
            each.state, each.reason, each.exit_code = state, reason, exit_code
            self._changed.notify_all()
            self._tell(each)
