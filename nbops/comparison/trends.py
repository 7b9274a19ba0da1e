"""What three and more runs allow to be said: which of the things that differ moved a metric.

Only runs that differ in one recorded thing alone are held beside each other; of a thing that never differs
alone it is said that these records cannot tell.
"""

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from nbops.comparison.compare import compare, show
from nbops.comparison.conclusions import plain
from nbops.comparison.differences import Change, ChangeKind, Comparison
from nbops.comparison.goals import Goal, goal_of
from nbops.comparison.names import key_of, label_of
from nbops.comparison.parts import followed_cells
from nbops.comparison.seeds import unseeded
from nbops.records import Document, Record, Scalar, last_value, to_float

_MOST_METRICS = 3
_MOST_FACTORS = 6
_MOST_LEVELS = 6
_TRIES = 3
_EQUAL = 1e-9
_THE_MACHINES = "system/"
"""Metrics of the machine move with everything."""

Factor = tuple[ChangeKind, str]
"""Kind and name of what differs."""


class Trend(Record, frozen=True, kw_only=True):
    """What some of several runs allow to be said of a metric."""

    says: Literal["because", "may_be_chance", "did_nothing", "cannot_tell"]
    metric: str  # of what cannot be told, all that this holds for
    sentence: str
    factor: str = ""  # "kind name"; of what cannot be told, none
    run_ids: tuple[str, ...] = ()  # those that it is told from


@dataclass(frozen=True)
class _Group:
    """Runs that differ in one thing alone, by how that thing is in them."""

    factor: Factor
    levels: tuple[tuple[str, tuple[int, ...]], ...]  # what it is called, and the runs' numbers
    is_numeric: bool = False

    @property
    def runs(self) -> list[int]:
        return sorted(run for _, runs in self.levels for run in runs)


def find_trends(documents: Sequence[Document], pairs: Sequence[Comparison]) -> tuple[Trend, ...]:
    """Say which things moved which metrics; nothing of two runs, of which `conclude` says more.

    Parameters
    ----------
    pairs
        The first of them compared with each of the others.
    """
    if len(documents) < 3:
        return ()
    evidence = _Evidence(documents, pairs)
    told: list[Trend] = []
    untold: dict[tuple[str, ...], list[str]] = {}
    for metric in _moved(documents):
        trends, names = evidence.judge(metric)
        told += trends
        untold.setdefault(names, []).append(metric)
    return (*told, *(_say_untold(names, metrics) for names, metrics in untold.items() if names))


class _Evidence:
    def __init__(self, documents: Sequence[Document], pairs: Sequence[Comparison]) -> None:
        self._documents = documents
        found = [{key_of(c): c for c in pair.changes} for pair in pairs]
        self._changes: list[dict[Factor, Change]] = [{}, *found]
        self._factors = list(dict.fromkeys(factor for one in found for factor in one))
        whole = [bool(documents[0].session.id), *(not pair.unknown for pair in pairs)]
        self._whole = {number for number, is_whole in enumerate(whole) if is_whole}
        self._compared: dict[tuple[int, int], set[ChangeKind] | None] = {}
        self._names = {key_of(c): _name(c) for pair in pairs for c in reversed(pair.changes)}

    def judge(self, metric: str) -> tuple[list[Trend], tuple[str, ...]]:
        """What moved a metric, and what cannot be told of, by name."""
        values = {
            number: value
            for number, document in enumerate(self._documents)
            if (value := _value(document, metric)) is not None
        }
        told: list[Trend] = []
        untold: list[str] = []
        for factor in self._factors[:_MOST_FACTORS]:
            group = self._largest_group(factor, values)
            if group is None:
                untold.append(self._names[factor])
            else:
                told.append(self._judge(metric, group, values))
        return told, tuple(untold)

    def _largest_group(self, factor: Factor, values: dict[int, float]) -> _Group | None:
        """Runs that are alike in all but one thing, where there are most of them."""
        alike: dict[Hashable, list[int]] = {}
        for number in values:
            others = (self._state(number, other) for other in self._factors if other != factor)
            alike.setdefault(tuple(others), []).append(number)
        groups = (
            next(self._groups(factor, runs), None) for runs in alike.values() if len(runs) > 1
        )
        found = [group for group in groups if group is not None]
        return max(found, key=lambda group: (len(group.levels), len(group.runs)), default=None)

    def _groups(self, factor: Factor, runs: Sequence[int]) -> Iterator[_Group]:
        """Ways to hold runs beside one of them: the first of them may tell too little."""
        for start in range(min(len(runs) - 1, _TRIES)):
            group = self._levels(factor, runs[start:])
            if len(group.levels) > 1:
                yield group

    def _levels(self, factor: Factor, runs: Sequence[int]) -> _Group:
        """Runs by how one thing is in them, after a look at whether they really differ in nothing else."""
        first, levels = runs[0], dict[Hashable, list[int]]()
        for run in runs:
            if run == first or self._differ_in_that_alone(first, run, factor):
                levels.setdefault(self._state(run, factor), []).append(run)
        told = {state: self._level(factor, state, numbers) for state, numbers in levels.items()}
        numbers = {state: value for state, (value, _) in told.items() if _is_number(value)}
        is_numeric = len(numbers) == len(levels)
        order = (
            sorted(levels, key=lambda state: float(numbers[state] or 0)) if is_numeric else levels
        )
        return _Group(
            factor, tuple((told[state][1], tuple(levels[state])) for state in order), is_numeric
        )

    def _level(self, factor: Factor, state: Hashable, runs: Sequence[int]) -> tuple[Scalar, str]:
        """How a thing is in some runs: its value, and what it is called."""
        if factor[0] not in ("param", "package", "environment"):
            return None, f"in {_and([label_of(run) for run in runs])}"
        if state is not None:
            value = self._changes[runs[0]][factor].b
        else:
            value = next(c[factor].a for c in self._changes if factor in c)
        return value, f"at {plain(value)}"

    def _differ_in_that_alone(self, one: int, other: int, factor: Factor) -> bool:
        if (one, other) not in self._compared:
            found = compare(self._documents[one], self._documents[other])
            is_one = not found.unknown and len(found.changes) < 2
            self._compared[one, other] = {c.kind for c in found.changes} if is_one else None
        kinds = self._compared[one, other]
        return kinds is not None and kinds <= {factor[0]}

    def _state(self, run: int, factor: Factor) -> Hashable:
        """Equal where a thing is the same in two runs; None where it is as in the first."""
        change = self._changes[run].get(factor)
        if change is None:
            return None
        if change.kind == "data":
            return (change.b_data.digest if change.b_data else change.b,)
        return (
            type(change.b).__name__,
            change.b if change.kind != "code" else None,
            change.note,
            change.diff,
        )

    def _spread(self, group: _Group, values: dict[int, float]) -> float | None:
        """The widest range of a metric in runs that differ in nothing; None without any repeat."""
        same: dict[Hashable, list[int]] = {}
        for number in self._whole & values.keys():
            states = tuple(self._state(number, factor) for factor in self._factors)
            same.setdefault(states, []).append(number)
        repeated = [
            runs for runs in (*same.values(), *(r for _, r in group.levels)) if len(runs) > 1
        ]
        ranges = [max(values[r] for r in runs) - min(values[r] for r in runs) for runs in repeated]
        return max(ranges, default=None)

    # ---- what is said -------------------------------------------------------------------------------

    def _judge(self, metric: str, group: _Group, values: dict[int, float]) -> Trend:
        means = [sum(values[r] for r in runs) / len(runs) for _, runs in group.levels]
        moved = max(means) - min(means)
        labels = _and([label_of(run) for run in group.runs])
        told = ", ".join(
            f"{show(mean)} {name}"
            for (name, _), mean in list(zip(group.levels, means, strict=True))[:_MOST_LEVELS]
        )
        if len(means) > _MOST_LEVELS:
            told += f" and {len(means) - _MOST_LEVELS} more"
        name, spread = self._names[group.factor], self._spread(group, values)
        chance = dict.fromkeys(
            each for run in group.runs for each in unseeded(followed_cells(self._documents[run]))
        )
        says: Literal["because", "may_be_chance", "did_nothing"] = "because"
        if moved <= _EQUAL:
            says, sentence = (
                "did_nothing",
                f"{name} alone did not move {metric}: {labels} differ in nothing else.",
            )
        elif spread is not None and moved <= spread:
            repeats = f"repeats gave ±{spread / 2:.3g}"
            says = "may_be_chance"
            sentence = (
                f"{metric} is {told} as {name} alone differs, which may be chance: {repeats}."
            )
        elif chance and spread is None:
            says = "may_be_chance"
            why = f"{_and(list(chance))} was not seeded, and no run was repeated"
            sentence = f"{metric} is {told} as {name} alone differs, which may be chance: {why}."
        else:
            beyond = f"; repeats gave ±{spread / 2:.3g}" if spread else ""
            how = _say_how(metric, name, means, group, goal_of(metric))
            sentence = (
                f"{how}: {told}. Between {labels} nothing else that was recorded differs{beyond}."
            )
        return Trend(
            says=says,
            metric=metric,
            sentence=sentence,
            factor=f"{group.factor[0]} {self._names[group.factor]}",
            run_ids=tuple(self._documents[run].runs[0].id for run in group.runs),
        )


def _say_untold(names: Sequence[str], metrics: Sequence[str]) -> Trend:
    """That no runs differ in one of these things alone."""
    word = "it never differs" if len(names) == 1 else "none of these ever differs"
    sentence = (
        f"What {_and(names)} did to {_and(metrics)} these records cannot tell: {word} alone."
        f" A run that changes only {names[0]} would tell more."
    )
    return Trend(says="cannot_tell", metric=", ".join(metrics), sentence=sentence)


def _say_how(
    metric: str, name: str, means: Sequence[float], group: _Group, goal: Goal | None
) -> str:
    """In which way a metric moved because of one thing."""
    steps = [after - before for before, after in pairwise(means)]
    if group.is_numeric and len(means) > 2 and (min(steps) > 0 or max(steps) < 0):
        return f"{metric} {'rises' if steps[0] > 0 else 'falls'} with {name}"
    end = min(means) if goal == "lower" else max(means)
    best = [level for (level, _), mean in zip(group.levels, means, strict=True) if mean == end]
    word = "best" if goal else "highest"
    where = f", {word} {best[0]}" if len(best) == 1 else ""
    return f"{metric} differs because of {name}{where}"


def _moved(documents: Sequence[Document]) -> list[str]:
    """Metrics that differ between runs; those of which it is known which way is better come first."""
    names = dict.fromkeys(name for document in documents for name in document.runs[0].metrics)
    values = {name: {_value(document, name) for document in documents} - {None} for name in names}
    moved = [n for n in names if len(values[n]) > 1 and not n.startswith(_THE_MACHINES)]
    return sorted(moved, key=lambda name: goal_of(name) is None)[:_MOST_METRICS]


def _value(document: Document, metric: str) -> float | None:
    points = document.runs[0].metrics.get(metric)
    value = to_float(last_value(points)) if points else math.nan
    return value if math.isfinite(value) else None


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name(change: Change) -> str:
    if change.kind == "code":
        return f"the code of `{change.name}`"
    return f"the order of `{change.name}`" if change.kind == "order" else change.name


def _and(words: Sequence[str]) -> str:
    """Words in a row.

    >>> _and(["A"]), _and(["A", "B", "C"])
    ('A', 'A, B and C')
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
