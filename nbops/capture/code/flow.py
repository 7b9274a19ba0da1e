"""Which names a cell's code reads before it certainly bound them, statement by statement, as it runs.

A branch may be left out: what it binds is bound inside of it, and afterwards only where every way that goes on binds
it. A loop is taken to run at least once: else every `loss` that a training loop prints at its end would be another cell's.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from nbops.capture.code.randomness import generator_used
from nbops.capture.code.scopes import run_at_once

Symbols = set[str]
"""Names, and what is drawn from or done to generators of random numbers: `np.random()`, `np.random=`."""

_LEAVES = ast.Raise | ast.Continue | ast.Break


def loads(nodes: Iterable[ast.AST]) -> Symbols:
    """What is read."""
    found: Symbols = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        found |= generator_used(node)
    return found


def expanded(symbols: Symbols, deferred: Mapping[str, Symbols]) -> Symbols:
    """With what the functions among them read when they are called."""
    reached, waiting = set(symbols), list(symbols)
    while waiting:
        for symbol in deferred.get(waiting.pop(), set()) - reached:
            reached.add(symbol)
            waiting.append(symbol)
    return reached


@dataclass
class Flow:
    """Reads of a cell's statements, gathered in their order.

    Parameters
    ----------
    deferred
        By name: what the functions that it stands for read when they are called.
    settled
        Names that are certainly bound before the first statement, and then also after the last one.
    seen
        All that is read, bound before or not.
    read
        What is read before it was certainly bound.
    """

    deferred: Mapping[str, Symbols]
    settled: Symbols
    seen: Symbols = field(default_factory=set)
    read: Symbols = field(default_factory=set)

    def follow(self, body: Iterable[ast.stmt]) -> None:
        """Go through statements, one after the other."""
        for statement in body:
            self._follow(statement)

    def _follow(self, statement: ast.stmt) -> None:
        match statement:
            case ast.For() | ast.AsyncFor():
                self._read(statement.iter)
                self.settled |= bound_by(statement)
                self.follow(statement.body)
                self._branch(statement.orelse)
            case ast.While():
                self._read(statement.test)
                self.follow(statement.body)
                self._branch(statement.orelse)
            case ast.If():
                self._read(statement.test)
                branches = (statement.body, statement.orelse)
                self._settle_common([(body, self._branch(body)) for body in branches])
            case ast.With() | ast.AsyncWith():
                for item in statement.items:
                    self._read(item.context_expr)
                    self.settled |= targets_of(item.optional_vars)
                self.follow(statement.body)
            case ast.Try() | ast.TryStar():
                self._follow_try(statement)
            case ast.Match():
                self._read(statement.subject)
                for case in statement.cases:
                    captured = set(_captured(case.pattern))
                    self._read(case.pattern)
                    guard = [ast.Expr(case.guard)] if case.guard else []
                    self._branch([*guard, *case.body], captured)
            case _:
                self._read(statement, bound_by(statement))

    def _follow_try(self, statement: ast.Try | ast.TryStar) -> None:
        whole = [*statement.body, *statement.orelse]
        ways = [(whole, self._branch(whole))]
        for handler in statement.handlers:
            if handler.type:
                self._read(handler.type)
            bound = {handler.name} if handler.name else set[str]()
            ways.append((handler.body, self._branch(handler.body, bound)))
        self._settle_common(ways)
        self.follow(statement.finalbody)

    def _branch(self, body: Iterable[ast.stmt], bound: Symbols | None = None) -> Symbols:
        """Go through what may not run; returns what is bound after it."""
        before = self.settled
        self.settled = before | (bound or set())
        self.follow(body)
        after, self.settled = self.settled, before
        # A seed is taken for set, though a branch sets it.
        self.settled |= {symbol for symbol in after if not symbol.isidentifier()}
        return after

    def _settle_common(self, ways: list[tuple[list[ast.stmt], Symbols]]) -> None:
        """Take for bound what every way binds that goes on below."""
        going = [after for body, after in ways if not (body and isinstance(body[-1], _LEAVES))]
        self.settled |= set.intersection(*going) if going else set()

    def _read(self, node: ast.AST, bound: Symbols | None = None) -> None:
        bound = bound or set()
        nodes = list(run_at_once(node))
        symbols = expanded(loads(nodes), self.deferred)
        self.seen |= symbols
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            symbols = symbols - bound
        self.read |= symbols - self.settled
        seeded = {symbol[:-1] + "()" for symbol in symbols if symbol.endswith("=")}
        named = {n.target.id for n in nodes if isinstance(n, ast.NamedExpr)}
        self.settled |= bound | seeded | named


def bound_by(statement: ast.stmt) -> set[str]:
    """Names that a statement binds, whatever comes: of one with a body, before it."""
    targets: list[ast.expr | None] = []
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(alias.asname or alias.name).partition(".")[0] for alias in names}
        case ast.Assign():
            targets += statement.targets
        case ast.AugAssign() | ast.For() | ast.AsyncFor():
            targets.append(statement.target)
        case ast.AnnAssign() if statement.value is not None:
            targets.append(statement.target)
        case ast.With() | ast.AsyncWith():
            targets += [item.optional_vars for item in statement.items]
    return {name for target in targets for name in targets_of(target)}


def targets_of(target: ast.expr | None) -> set[str]:
    """Plain names that an assignment binds."""
    match target:
        case ast.Name(id=name):
            return {name}
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return {name for element in elements for name in targets_of(element)}
        case ast.Starred(value=value):
            return targets_of(value)
    return set()


def _captured(pattern: ast.pattern) -> Iterator[str]:
    for node in ast.walk(pattern):
        if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest
