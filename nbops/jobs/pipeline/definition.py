"""The steps of a pipeline, checked against one another and against their notebooks."""

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError, UsageError
from nbops.jobs.declarations import Declarations
from nbops.jobs.parameters import check_parameters, declarations_of
from nbops.jobs.pipeline.condition import Condition, read_condition
from nbops.jobs.pipeline.entries import StepEntry, near, read_entry
from nbops.workspace import Workspace, find_workspace

FILE = "pipeline.yaml"


@dataclass(frozen=True)
class Step:
    """One notebook with its values.

    Parameters
    ----------
    name
        Of a step with a matrix, such as `train[depth=2]`.
    entry
        Its name in the file.
    after
        Names of the steps that come first, for whatever reason.
    reads, writes
        Files that the pipeline's file names, as absolute paths.
    """

    name: str
    entry: str
    notebook: Path
    params: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    retries: int = 0
    timeout_s: float | None = None
    when: Condition | None = None


@dataclass(frozen=True)
class Definition:
    """A pipeline as its file says it.

    Parameters
    ----------
    steps
        In an order in which each comes after those that it needs.
    """

    name: str
    path: Path
    workspace: Workspace
    steps: tuple[Step, ...]

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def choose(self, words: Sequence[str]) -> "Definition":
        """Only these steps, and what they need; all when there are no words.

        Raises
        ------
        UsageError
            There is no such step.
        """
        if not words:
            return self
        wanted: set[str] = set()
        for word in words:
            found = {step.name for step in self.steps if word in (step.name, step.entry)}
            if not found:
                hint = near(word, dict.fromkeys(step.entry for step in self.steps))
                raise UsageError(f"{self.path.name} has no step {word!r}.", hint)
            wanted |= found
        for step in reversed(self.steps):
            if step.name in wanted:
                wanted |= {*step.after}
        steps = tuple(step for step in self.steps if step.name in wanted)
        return Definition(self.name, self.path, self.workspace, steps)


def find_file(place: Path | None) -> Path:
    """Path of the pipeline's file: as given, in a folder that is given, or in the working folder."""
    path = (place or Path()).resolve()
    return path / FILE if path.is_dir() else path


def by_step(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Values by step and name, of those by `step.name`.

    >>> by_step({"train.depth": 8})
    {'train': {'depth': 8}}

    Raises
    ------
    UsageError
        A key names no step.
    """
    given: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        step, _, name = key.rpartition(".")
        if not (step and name):
            raise UsageError(f"-p takes STEP.NAME=VALUE, not {key!r}.", "Such as train.depth=8.")
        given.setdefault(step, {})[name] = value
    return given


def read_definition(path: Path, given: Mapping[str, Mapping[str, Any]] | None = None) -> Definition:
    """Read a pipeline's file, and check it against the notebooks.

    Parameters
    ----------
    given
        Values by step and name, over those of the file.

    Raises
    ------
    NotFound, UsageError
        It cannot be meant; the message names file, step and key.
    """
    entry = read_entry(path)
    given = given or {}
    for name in given:
        if name not in entry.steps:
            raise UsageError(f"{path.name} has no step {name!r}.", near(name, entry.steps))
    declared: dict[Path, Declarations] = {}
    steps = [
        made
        for name, step in entry.steps.items()
        for made in _expand(path, name, step, given.get(name, {}), declared)
    ]
    steps = _connect(path, entry.steps, steps)
    name = entry.name or path.parent.name or "pipeline"
    return Definition(name, path, find_workspace(path), _in_order(path, steps))


def _expand(
    path: Path,
    name: str,
    entry: StepEntry,
    given: Mapping[str, Any],
    known: dict[Path, Declarations],
) -> list[Step]:
    """Steps that an entry stands for; `after` holds only what it says itself."""
    where = f"{path.name}: step {name}"
    notebook = Path(os.path.normpath(path.parent / entry.notebook))
    both = sorted({*entry.params, *given} & entry.matrix.keys())
    if both:
        raise UsageError(f"{where}, matrix: {both[0]} has a value already.", "Give it once.")
    condition = None
    try:
        if notebook.suffix not in (".ipynb", ".py"):
            raise UsageError(f"{entry.notebook!r} is no notebook.", "Give an .ipynb, or a .py.")
        if notebook not in known:
            known[notebook] = declarations_of(notebook)
        condition = read_condition(entry.when) if entry.when is not None else None
    except NbopsError as error:
        key = "when" if condition is None and notebook in known else "notebook"
        raise UsageError(f"{where}, {key}: {error.message}", error.hint) from error
    steps = []
    for values in itertools.product(*entry.matrix.values()):
        point = dict(zip(entry.matrix, values, strict=True))
        try:
            params = check_parameters(known[notebook], {**entry.params, **given, **point})
        except UsageError as error:
            hint = "Give it here, under `params`." if error.hint.startswith("-p") else error.hint
            raise UsageError(f"{where}, params: {error.message}", hint) from error
        if condition is not None and (unknown := condition.params - params.keys()):
            raise UsageError(
                f"{where}, when: {min(unknown)!r} is none of its params.",
                "A metric is `step.metric`.",
            )
        label = ",".join(f"{key}={_show(value)}" for key, value in point.items())
        after = (entry.after,) if isinstance(entry.after, str) else tuple(entry.after)
        steps.append(
            Step(
                f"{name}[{label}]" if label else name,
                name,
                notebook,
                params,
                after,
                _paths(path, entry.reads, point),
                _paths(path, entry.writes, point),
                entry.retries,
                entry.timeout,
                condition,
            )
        )
    return steps


def _show(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _paths(path: Path, names: Iterable[str], point: Mapping[str, Any]) -> tuple[str, ...]:
    made = []
    for name in names:
        text = name
        for key, value in point.items():
            text = text.replace(f"{{{key}}}", _show(value))
        made.append(os.path.normpath(path.parent / text))
    return tuple(made)


def _connect(path: Path, entries: Mapping[str, StepEntry], steps: Sequence[Step]) -> list[Step]:
    """Say of each step which others it comes after, by name."""
    from dataclasses import replace

    by_entry: dict[str, list[str]] = {name: [] for name in entries}
    writers: dict[str, Step] = {}
    for step in steps:
        by_entry[step.entry].append(step.name)
        for file in step.writes:
            other = writers.setdefault(file, step)
            if other is not step:
                raise UsageError(
                    f"{path.name}: step {step.name}, writes: {os.path.relpath(file, path.parent)} is"
                    f" written by {other.name}, too.",
                    "Two steps need two files, such as model-{depth}.pkl."
                    if step.entry == other.entry
                    else "Two steps need two files.",
                )
    connected = []
    for step in steps:
        asked = [("after", step.after), ("when", sorted(step.when.steps) if step.when else ())]
        after: list[str] = []
        for key, names in asked:
            for name in names:
                if name not in by_entry:
                    raise UsageError(
                        f"{path.name}: step {step.entry}, {key}: there is no step {name!r}.",
                        near(name, by_entry),
                    )
                if key == "when" and len(by_entry[name]) > 1:
                    raise UsageError(
                        f"{path.name}: step {step.entry}, when: {name} has a matrix, so no one metric."
                    )
                after += by_entry[name]
        others = (writers[file] for file in step.reads if file in writers)
        after += [other.name for other in others if other is not step]
        connected.append(replace(step, after=tuple(dict.fromkeys(after))))
    return connected


def _in_order(path: Path, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Each after those that it needs, else in the file's order."""
    left = {step.name: step for step in steps}
    ordered: list[Step] = []
    while left:
        ready = next((s for s in left.values() if not left.keys() & set(s.after)), None)
        if ready is None:
            circle = _circle(left)
            raise UsageError(
                f"{path.name}: step {circle[0]} comes after itself: {' → '.join(circle)}.",
                "Take one of these out of `after`, `reads` or `writes`.",
            )
        ordered.append(left.pop(ready.name))
    return tuple(ordered)


def _circle(left: Mapping[str, Step]) -> list[str]:
    walked = [next(iter(left))]
    while len(set(walked)) == len(walked):
        walked.append(next(name for name in left[walked[-1]].after if name in left))
    return walked[walked.index(walked[-1]) :][::-1]
