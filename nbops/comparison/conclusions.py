"""What the recorded runs allow to be said of why a metric moved.

"Because" is said only where recorded runs differ in that one thing, and where chance is not as good an
answer; all else is said to be unknown, with what the history has on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import msgspec

from nbops.comparison.compare import CANNOT_TELL, compare, show, show_delta
from nbops.comparison.differences import (
    Change,
    Comparison,
    Conclusion,
    MetricChange,
    Pair,
    Spread,
)
from nbops.comparison.parts import followed_cells
from nbops.comparison.seeds import unseeded
from nbops.records import Document, Number, Run, last_value, to_float

_MOST_PAIRS = 3
_ASKED = "A run that changes only "
_EQUAL = 1e-9


def with_conclusions(
    a: Document, b: Document, found: Comparison, history: Sequence[Document]
) -> Comparison:
    """A comparison with what can be concluded; its sentence claims no ignorance that the history ends."""
    concluded = conclude(a, b, found, history)
    sentence = found.sentence
    if any(conclusion.says == "because" for conclusion in concluded):
        sentence = sentence.replace(CANNOT_TELL, "")
    return msgspec.structs.replace(found, conclusions=concluded, sentence=sentence)


def conclude(
    a: Document, b: Document, found: Comparison, history: Sequence[Document] = ()
) -> tuple[Conclusion, ...]:
    """Conclude for each metric that moved.

    Parameters
    ----------
    found
        A compared with B.
    history
        Other runs of the same experiment, that are over.
    """
    moved = [metric for metric in found.metrics if metric.delta]
    if not moved:
        return ()
    evidence = _Evidence(a, b, found, history)
    return tuple(evidence.conclude(metric) for metric in moved)


@dataclass(frozen=True)
class _Step:
    """Two runs that differ in one recorded thing alone."""

    one: Document
    other: Document
    change: Change

    def pair(self, metric: str) -> Pair | None:
        values = [_value(document, metric) for document in (self.one, self.other)]
        if values[0] is None or values[1] is None:
            return None
        return Pair(
            a=self.one.runs[0].id,
            b=self.other.runs[0].id,
            a_value=values[0],
            b_value=values[1],
            delta=to_float(values[1]) - to_float(values[0]),
        )


class _Evidence:
    """What the history has to say about the changes between A and B."""

    def __init__(
        self, a: Document, b: Document, found: Comparison, history: Sequence[Document]
    ) -> None:
        self._a, self._b, self._found = a, b, found
        ends = {a.runs[0].id, b.runs[0].id}
        self._others = [other for other in history if other.runs[0].id not in ends]
        self._from_a = [(other, compare(a, other)) for other in self._others]
        self._to_b = [(other, compare(other, b)) for other in self._others]
        self._chance = tuple(
            dict.fromkeys((*unseeded(followed_cells(a)), *unseeded(followed_cells(b))))
        )

    def conclude(self, metric: MetricChange) -> Conclusion:
        spread = self._spread(metric.name)
        delta = metric.delta or 0.0
        if spread is not None and abs(delta) <= spread.high - spread.low:
            return self._say_chance(metric, spread)
        if not self._found.changes:
            return self._say_nothing(metric, spread)
        if len(self._found.changes) == 1 and not self._found.unknown:
            if self._chance and spread is None:
                return self._say_chance(metric, None)
            step = _Step(self._a, self._b, self._found.changes[0])
            return self._say_because(metric, [step], spread)
        if chain := self._chain(metric, spread):
            return self._say_because(metric, chain, spread)
        return self._say_unknown(metric, spread)

    # ---- what there is ------------------------------------------------------------------------------

    def _spread(self, metric: str) -> Spread | None:
        """The wider of what repeats of A and repeats of B gave; None without any repeat."""
        groups = (
            [self._a, *(other for other, found in self._from_a if _is_same(found))],
            [self._b, *(other for other, found in self._to_b if _is_same(found))],
        )
        if _is_same(self._found):  # B is itself a repeat: the others tell what is usual
            groups = (groups[0], [])
        spreads = [spread for group in groups if (spread := _spread_of(group, metric))]
        return max(spreads, key=lambda spread: spread.high - spread.low, default=None)

    def _chain(self, metric: MetricChange, spread: Spread | None) -> list[_Step]:
        """A run beside which all but one of the changes did nothing to the metric."""
        tolerance = spread.high - spread.low if spread else _EQUAL
        if self._chance and spread is None:
            return []
        for (
            other,
            found,
        ) in self._from_a:  # A and it differ in one change; from it to B nothing moved
            if self._is_one_of_ours(found) and _is_near(other, metric.b, metric.name, tolerance):
                return [_Step(self._a, other, found.changes[0])]
        for other, found in self._to_b:
            if self._is_one_of_ours(found) and _is_near(other, metric.a, metric.name, tolerance):
                return [_Step(other, self._b, found.changes[0])]
        return []

    def _is_one_of_ours(self, found: Comparison) -> bool:
        return (
            len(found.changes) == 1
            and not found.unknown
            and any(_is_alike(found.changes[0], change) for change in self._found.changes)
        )

    def _helpful(self, metric: str) -> Iterator[_Step]:
        """Pairs anywhere in the history that differ in one of the changes alone."""
        for other, found in self._from_a:
            if self._is_one_of_ours(found):
                yield _Step(self._a, other, found.changes[0])
        for other, found in self._to_b:
            if self._is_one_of_ours(found):
                yield _Step(other, self._b, found.changes[0])
        having = [other for other in self._others if metric in other.runs[0].metrics]
        for one, other in combinations(having, 2):
            for left, right in ((one, other), (other, one)):
                found = compare(left, right)
                if self._is_one_of_ours(found):
                    yield _Step(left, right, found.changes[0])

    # ---- what is said -------------------------------------------------------------------------------

    def _say_because(
        self, metric: MetricChange, steps: Sequence[_Step], spread: Spread | None
    ) -> Conclusion:
        change = steps[0].change
        is_direct = steps[0].one is self._a and steps[0].other is self._b
        if is_direct:
            why = "nothing else that was recorded differs"
        else:
            one, other = _label(steps[0].one), _label(steps[0].other)
            why = f"{one} and {other} differ in that alone, and the rest moved nothing"
        beyond = f"; {_say_spread(spread)}" if spread else ""
        return Conclusion(
            says="because",
            metric=metric.name,
            delta=metric.delta or 0.0,
            sentence=f"{_moved(metric)} because of {quote(change)}: {why}{beyond}.",
            causes=(_cause(change),),
            pairs=tuple(pair for step in steps if (pair := step.pair(metric.name))),
            spread=spread,
        )

    def _say_chance(self, metric: MetricChange, spread: Spread | None) -> Conclusion:
        if spread is not None:
            reason = _say_spread(spread)
        else:
            reason = f"{' and '.join(self._chance)} was not seeded, and neither run was repeated"
        return Conclusion(
            says="may_be_chance",
            metric=metric.name,
            delta=metric.delta or 0.0,
            sentence=f"{_moved(metric)}, which may be chance: {reason}.",
            causes=tuple(map(_cause, self._found.changes)),
            spread=spread,
        )

    def _say_nothing(self, metric: MetricChange, spread: Spread | None) -> Conclusion:
        if self._chance:
            return self._say_chance(metric, spread)
        why = "not all could be compared" if self._found.unknown else "it is in none of the records"
        return Conclusion(
            says="no_cause_recorded",
            metric=metric.name,
            delta=metric.delta or 0.0,
            sentence=f"{_moved(metric)}, but nothing that was recorded changed: {why}.",
            spread=spread,
        )

    def _say_unknown(self, metric: MetricChange, spread: Spread | None) -> Conclusion:
        changes = self._found.changes
        steps: dict[str, _Step] = {}
        for step in self._helpful(metric.name):
            if step.pair(metric.name):
                steps.setdefault(_cause(step.change), step)
            if len(steps) == min(len(changes), _MOST_PAIRS):
                break
        count = "1 thing" if len(changes) == 1 else f"{len(changes)} things"
        which = "whether that did it" if len(changes) == 1 else "which"
        parts = [f"{_moved(metric)}. {count} changed; these records cannot tell {which}"]
        parts += [_say_step(step, metric.name) for step in steps.values()]
        left = [change for change in changes if _cause(change) not in steps]
        left.sort(
            key=_is_one_sided
        )  # what the other run's code does not know is hard to change alone
        if left and len(changes) > 1:
            parts.append(f"{_ASKED}{quote(left[0])} would tell more")
        return Conclusion(
            says="cannot_tell",
            metric=metric.name,
            delta=metric.delta or 0.0,
            sentence=". ".join(parts) + ".",
            causes=tuple(map(_cause, changes)),
            pairs=tuple(pair for step in steps.values() if (pair := step.pair(metric.name))),
            spread=spread,
        )


def _is_one_sided(change: Change) -> bool:
    return change.kind == "param" and None in (change.a, change.b)


def what_would_tell(sentence: str) -> str:
    """The run that a conclusion asks for; empty where it asks for none.

    >>> what_would_tell("auc moved. 2 things changed. A run that changes only depth 1 → 2 would tell more.")
    'A run that changes only depth 1 → 2 would tell more.'
    """
    *_, asked = sentence.rpartition(_ASKED)
    return _ASKED + asked if _ASKED in sentence else ""


def quote(change: Change) -> str:
    """A change as the records have it.

    >>> quote(Change(kind="param", name="depth", a=4, b=8)), quote(Change(kind="code", name="fit(df)"))
    ('depth 4 → 8', 'the code of `fit(df)`')
    >>> quote(Change(kind="param", name="rate", a=0.1 * 3, b=0.1))
    'rate 0.3 → 0.1'
    """
    if change.kind == "code":
        return f"the code of `{change.name}`"
    if change.kind == "order":
        return f"the order of `{change.name}`"
    if change.note and change.kind in ("data", "module"):
        return f"{change.name} ({change.note})"
    return f"{change.name} {plain(change.a)} → {plain(change.b)}"


def plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"  # 0.1 * 3 is no text of 17 digits
    return "(none)" if value is None else str(value)


def _cause(change: Change) -> str:
    return f"{change.kind} {change.name}"


def _is_alike(one: Change, other: Change) -> bool:
    """Whether two changes are the same, between whichever runs."""
    if (one.kind, one.name) != (other.kind, other.name):
        return False
    if one.kind == "code":
        return one.diff == other.diff
    return _ends(one) == _ends(other)


def _ends(change: Change) -> list[object]:
    """How a thing is on both sides; of data, as many names need not be the same."""
    refs = change.a_data, change.b_data
    return [change.a, change.b, *(ref and ref.digest for ref in refs)]


def _is_same(found: Comparison) -> bool:
    return not found.changes and not found.unknown


def _value(document: Document, metric: str) -> Number | None:
    run: Run = document.runs[0]
    value = last_value(run.metrics[metric]) if metric in run.metrics else None
    return None if isinstance(value, str) else value


def _is_near(document: Document, value: Number | None, metric: str, tolerance: float) -> bool:
    own = _value(document, metric)
    if own is None or value is None:
        return False
    return abs(to_float(own) - to_float(value)) <= tolerance


def _spread_of(group: Sequence[Document], metric: str) -> Spread | None:
    values = {
        doc.runs[0].id: to_float(v) for doc in group if (v := _value(doc, metric)) is not None
    }
    if len(values) < 2:
        return None
    low, high = min(values.values()), max(values.values())
    return Spread(count=len(values), low=low, high=high, run_ids=tuple(values))


def _say_spread(spread: Spread) -> str:
    half = (spread.high - spread.low) / 2
    return (
        f"{spread.count} repeats gave ±{half:.3g}"
        if half
        else f"{spread.count} repeats gave the same"
    )


def _moved(metric: MetricChange) -> str:
    return f"{metric.name} {show(metric.a)} → {show(metric.b)} ({show_delta(metric.delta)})"


def _say_step(step: _Step, metric: str) -> str:
    pair = step.pair(metric)
    delta = show_delta(pair.delta) if pair and pair.delta else "nothing"
    did = f"moved {metric} by {delta}" if pair and pair.delta else f"did not move {metric}"
    return f"Alone, {quote(step.change)} {did} ({_label(step.one)} and {_label(step.other)})"


def _label(document: Document) -> str:
    run = document.runs[0]
    return f"{run.name} ({run.id[:8]})"
