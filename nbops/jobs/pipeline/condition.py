"""`when`: a condition on metrics of the steps before, and on a step's own params.

A small part of Python's expressions: `train.auc > 0.9 and depth < 8`; where a name is no Python
name, `steps["train-fast"].auc`, `steps["import"].rows` and `train["auc@1"]`.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nbops.errors import UsageError

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
_HINT = """Such as `train.auc > 0.9 and depth < 8`, or `steps["import"].rows > 0`."""


@dataclass(frozen=True)
class Metric:
    """A metric of another step."""

    step: str
    name: str


@dataclass(frozen=True)
class Condition:
    """A condition that was read.

    Parameters
    ----------
    steps
        Those whose metrics it asks for.
    """

    text: str
    steps: frozenset[str]
    params: frozenset[str]
    _tree: ast.expr

    def holds(self, params: Mapping[str, Any], metrics: Mapping[str, Mapping[str, float]]) -> bool:
        """Whether it holds.

        Parameters
        ----------
        metrics
            Last values by step and name.

        Raises
        ------
        UsageError
            A step logged no such metric, or values cannot be compared.
        """
        try:
            return bool(_Values(self.text, params, metrics).of(self._tree))
        except TypeError as error:
            raise UsageError(f"`{self.text}` cannot be told: {error}.") from error


@dataclass(frozen=True)
class _Values:
    """What the parts of a condition come to."""

    text: str
    params: Mapping[str, Any]
    metrics: Mapping[str, Mapping[str, float]]

    def of(self, node: ast.expr) -> Any:
        found: Any
        match node:
            case ast.BoolOp(op, parts):
                values = (self.of(part) for part in parts)
                found = all(values) if isinstance(op, ast.And) else any(values)
            case ast.UnaryOp(op, part):
                found = not self.of(part) if isinstance(op, ast.Not) else -self.of(part)
            case ast.Compare(left, ops, rights):
                each = [self.of(part) for part in (left, *rights)]
                pairs = zip(ops, each, each[1:], strict=False)
                found = all(_COMPARE[type(op)](a, b) for op, a, b in pairs)
            case ast.List(items) | ast.Tuple(items):
                found = [self.of(item) for item in items]
            case ast.Constant(constant):
                found = constant
            case ast.Name(name):
                found = self.params[name]
            case _:
                found = self._metric(node)
        return found

    def _metric(self, node: ast.expr) -> float:
        asked = _metric_of(node)
        if asked is None:
            raise AssertionError(ast.dump(node))
        known = self.metrics.get(asked.step, {})
        if asked.name not in known:
            raise UsageError(
                f"`{self.text}` cannot be told: {asked.step} logged no metric {asked.name!r}.",
                f"It has {', '.join(known)}." if known else "`nbops.log_metric` logs one.",
            )
        return known[asked.name]


def read_condition(text: str) -> Condition:
    """Read a condition.

    Raises
    ------
    UsageError
        It is none.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"`{text}` is no condition.", _HINT) from error
    steps: set[str] = set()
    params: set[str] = set()
    _look(tree, text, steps, params)
    return Condition(text.strip(), frozenset(steps), frozenset(params), tree)


def _look(node: ast.expr, text: str, steps: set[str], params: set[str]) -> None:
    parts: list[ast.expr]
    match node:
        case ast.BoolOp(_, values):
            parts = values
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            parts = [operand]
        case ast.Compare(left, ops, rights) if all(type(op) in _COMPARE for op in ops):
            parts = [left, *rights]
        case ast.List(items) | ast.Tuple(items):
            parts = items
        case ast.Constant():
            return
        case ast.Name(name):
            params.add(name)
            return
        case _:
            asked = _metric_of(node)
            if asked is None:
                raise UsageError(f"`{text}`: `{ast.unparse(node)}` is nothing to ask for.", _HINT)
            steps.add(asked.step)
            return
    for part in parts:
        _look(part, text, steps, params)


def _metric_of(node: ast.expr) -> Metric | None:
    """`step.metric`, `step["metric"]`, `steps["step"].metric`."""
    match node:
        case ast.Attribute(place, name):
            pass
        case ast.Subscript(place, ast.Constant(str(name))):
            pass
        case _:
            return None
    match place:
        case ast.Name(step):
            return Metric(step, name) if step != "steps" else None
        case ast.Subscript(ast.Name("steps"), ast.Constant(str(step))):
            return Metric(step, name)
    return None
