"""What of a pipeline would run, and why; what would not is as its last run left it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from nbops.digests import digest_step
from nbops.index.queries import Index
from nbops.jobs.expected import read_installed
from nbops.jobs.parameters import is_python, read_notebook
from nbops.jobs.pipeline.changes import changed_outputs, find_changes, say
from nbops.jobs.pipeline.definition import Definition, Step
from nbops.jobs.pipeline.restoring import Copies
from nbops.jobs.pipeline.results import FileState, StepResult, result_of
from nbops.jobs.pipeline.shelf import Shelf
from nbops.jobs.pipeline.surroundings import Surroundings
from nbops.jobs.recorded import Recorded, read_signature
from nbops.records import Document

Action = Literal["keep", "restore", "run", "wait", "leave"]
"""`keep`: nothing to do; `restore`: its outputs come back; `wait`: told once what comes first has run;
`leave`: it is left out."""


@dataclass(frozen=True)
class Decision:
    """What is to be done about a step.

    Parameters
    ----------
    key
        Under which its result is found.
    params, cells
        What its result will say of them.
    result
        The run that it need not repeat.
    outdated
        Outputs of it that are to come back.
    """

    step: Step
    action: Action
    reason: str = ""
    key: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    cells: tuple[str, ...] = ()
    result: StepResult | None = None
    outdated: tuple[FileState, ...] = ()


class Decider:
    """Knows what came of steps before.

    Parameters
    ----------
    is_forced
        Steps run though nothing changed.
    """

    def __init__(self, definition: Definition, *, is_forced: bool = False) -> None:
        self.shelf = Shelf(definition.workspace)
        self.copies = Copies(definition.workspace)
        self._definition = definition
        self._workspace = definition.workspace
        self._index = Index(definition.workspace)
        self._is_forced = is_forced
        self._notebooks: dict[Path, Any] = {}
        self._installed: dict[str, tuple[dict[str, str], str]] = {}
        self._recorded: dict[Path, Recorded] = {}

    def surroundings(self) -> Surroundings:
        return Surroundings(self._workspace, self._index.digest_of)

    def decide(self, step: Step, around: Surroundings) -> Decision:
        """What is to be done about a step when all before it is done."""
        if step.notebook not in self._notebooks:
            self._notebooks[step.notebook] = read_notebook(step.notebook)
        notebook = self._notebooks[step.notebook]
        params, cells = read_signature(notebook, step.params)
        folder = self._workspace.name_of(str(step.notebook.parent))
        decision = Decision(
            step,
            "run",
            key=digest_step("" if folder == str(self._workspace.root) else folder, cells),
            params=params,
            cells=tuple(cells),
        )
        if self._is_forced:
            return replace(decision, reason="it was asked for")
        if not is_python(notebook):
            return replace(
                decision, reason="its notebook is not Python, so nothing is recorded of it"
            )
        return self._search(decision, notebook, around)

    def _search(self, decision: Decision, notebook: Any, around: Surroundings) -> Decision:
        step, reason = decision.step, ""
        for result in self._results(decision, notebook):
            changes = self._changes(decision, result, notebook, around)
            outdated = changed_outputs(result, around)
            if not changes:
                changes = [
                    f"its output {file.path}"
                    f" {'changed' if around.is_there(file) else 'is gone'}, of which no copy was kept"
                    for file in outdated
                    if not self.copies.has(file)
                ]
            if not changes:
                action: Action = "restore" if outdated else "keep"
                return replace(decision, action=action, result=result, outdated=tuple(outdated))
            reason = reason or say(changes)
        last = self.shelf.last(str(self._definition.path), step.name)
        if last is not None:
            reason = say(self._changes(decision, last, notebook, around)) or reason
        reason = reason or self._recorded[step.notebook].why_none(step.params)
        return replace(decision, reason=reason)

    def _results(self, decision: Decision, notebook: Any) -> Iterable[StepResult]:
        known = set()
        for result in self.shelf.find(decision.key):
            known.add(result.session_id)
            yield result
        path = decision.step.notebook
        if path not in self._recorded:
            self._recorded[path] = Recorded(self._index, path, notebook)
        for document in self._recorded[path].with_parameters(decision.step.params):
            if document.session.id not in known:  # what it left was looked at when it had just run
                cells = tuple(run.source_digest for run in document.cell_runs)
                yield self.result_of(replace(decision, cells=cells), document)

    def result_of(
        self, decision: Decision, document: Document, *, is_just_over: bool = False
    ) -> StepResult:
        """What is to be kept of a run of this step."""
        return result_of(
            document,
            self._workspace,
            params=decision.params,
            cells=list(decision.cells),
            reads=decision.step.reads,
            writes=decision.step.writes,
            is_just_over=is_just_over,
        )

    def _changes(
        self, decision: Decision, result: StepResult, notebook: Any, around: Surroundings
    ) -> list[str]:
        kernel = notebook.metadata.get("kernelspec", {}).get("name") or "python3"
        if kernel not in self._installed:
            self._installed[kernel] = read_installed(notebook.metadata)
        changes = find_changes(
            result,
            params=decision.params,
            cells=decision.cells,
            installed=self._installed[kernel],
            around=around,
        )
        known = {"reads": result.reads, "writes": result.writes}
        for key, verb, named in (
            ("reads", "read", decision.step.reads),
            ("writes", "write", decision.step.writes),
        ):
            paths = {file.path for file in known[key]}
            asked = [self._workspace.name_of(path) for path in named]
            changes += [
                f"`{key}` names {path}, which its last run did not {verb}"
                for path in asked
                if path not in paths
            ]
        return changes


def plan_pipeline(definition: Definition, *, is_forced: bool = False) -> list[Decision]:
    """What would be done about each step, in order, as far as that can be told before.

    Raises
    ------
    UsageError
        A `when` cannot be told.
    """
    decider = Decider(definition, is_forced=is_forced)
    around = decider.surroundings()
    made: dict[str, Decision] = {}
    for step in definition.steps:
        decision = _plan_step(decider, step, made, around)
        if decision.action == "restore":
            digests = {file.path: file.digest for file in decision.outdated}
            around = replace(around, planned={**around.planned, **digests})
        elif decision.action in ("run", "wait"):
            written = map(definition.workspace.name_of, step.writes)
            around = replace(around, pending=around.pending.union(written))
        made[step.name] = decision
    return list(made.values())


def _plan_step(
    decider: Decider, step: Step, made: Mapping[str, Decision], around: Surroundings
) -> Decision:
    before = [made[name] for name in step.after]
    left = next((each.step.name for each in before if each.action == "leave"), None)
    if left is not None:
        return Decision(step, "leave", f"{left} is left out")
    open_ones = [each.step.name for each in before if each.action in ("run", "wait")]
    if step.when is not None:
        metrics = {each.step.entry: each.result.metrics for each in before if each.result}
        if not step.when.steps <= metrics.keys():
            return Decision(
                step, "wait", _known_after(open_ones, f"if `{step.when.text}` holds is")
            )
        if not step.when.holds(step.params, metrics):
            return Decision(step, "leave", f"`{step.when.text}` does not hold")
    decision = decider.decide(step, around)
    if open_ones and decision.action in ("keep", "restore"):
        return replace(decision, action="wait", reason=_known_after(open_ones))
    return decision


def _known_after(steps: Sequence[str], what: str = "that is") -> str:
    return f"{what} known once {say(steps)} {'has' if len(steps) == 1 else 'have'} run"
