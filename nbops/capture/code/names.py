"""Which global names a cell binds and reads, told from its text alone.

Python's own symbol table decides what is global, so comprehensions, lambdas, classes and closures
are right. What only running can tell (`exec`, `globals()[...]`, `from m import *`) is not guessed.

A function's body reads when it is called, not when its `def` runs. So what bodies read is told beside the
names that call them (`deferred`), with what else a value may call later (`holds`: `f2 = partial(f, 1)`,
`net = Net()`). The state of a global generator of random numbers is a symbol of its own: `np.random()` is
a draw from it, `np.random=` sets its seed.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator

from nbops.capture.code.effects import (
    augmented,
    base_of,
    called_for_effect,
    deleted,
    touched,
    unbound,
)
from nbops.capture.code.lines import (
    magic_names,
    names_bound_by_magic,
    shell_names,
    split_mark,
    to_python,
)
from nbops.capture.code.randomness import generator_used, imported_generators
from nbops.capture.code.scopes import bodies_in, global_names, run_at_once, symbols_of
from nbops.journal.facts import NamesFound
from nbops.records import Names

_KEEPERS = frozenset(
    [
        "partial",
        "jit",
        "vmap",
        "grad",
        "compile",
        "cache",
        "lru_cache",
        "vectorize",
        "make_pipeline",
        "dict",
        "list",
        "tuple",
    ]
)
"""Functions whose result calls later what it was given, as objects do, whose classes are capitalised."""


def find_names(cell_run: str, source: str) -> NamesFound:
    """Analyse one cell's code.

    Parameters
    ----------
    source
        The cell as typed, IPython's magics and shell lines included.
    """
    try:
        mark, code = split_mark(source)
        tree = ast.parse(to_python(code))
        defines, uses = global_names(symbols_of(tree))
        deferred = _deferred(tree)
    except (SyntaxError, ValueError, RecursionError):
        return NamesFound(cell_run=cell_run, names=Names())
    at_end = magic_names(code) | shell_names(code) | (mark.names - defines)
    read, settled = _read_and_settled(tree, deferred, mark.binds, at_end)
    defines |= names_bound_by_magic(code)
    deletes = deleted(tree)
    defines -= deletes | unbound(tree)
    changed = touched(tree)
    late = set[str]().union(*deferred.values()) - read
    uses = (uses | at_end) - (settled - read) - (late & defines)
    uses = ((uses | (defines & augmented(tree))) - mark.binds | mark.reads) - _BUILTINS
    return NamesFound(
        cell_run=cell_run,
        names=Names(
            defines=tuple(sorted(defines | mark.binds - deletes)),
            uses=tuple(sorted(uses)),
            deletes=tuple(sorted(deletes)),
            mutates=tuple(sorted(changed - settled)),
        ),
        result_name=_name_of_last_expression(tree),
        imports=sorted(_imported(tree)),
        touches=sorted(changed),
        may_touch=sorted(called_for_effect(tree)),
        late=sorted(uses & late - mark.reads),
        deferred={name: sorted(symbols - _BUILTINS) for name, symbols in deferred.items()},
        holds={name: sorted(held - _BUILTINS) for name, held in _held(tree).items()},
        generators=sorted(symbol for symbol in read if not symbol.isidentifier()),
    )


_BUILTINS = frozenset(dir(builtins)) | {"get_ipython", "display", "In", "Out", "_", "__", "___"}


def _loads(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are read, and what is drawn from or done to generators of random numbers."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        found |= generator_used(node)
    return found


def _read_and_settled(
    tree: ast.Module, deferred: dict[str, set[str]], bound: set[str], at_end: set[str]
) -> tuple[set[str], set[str]]:
    """Names that are read before the cell certainly bound them, and those that it certainly bound.

    What a function of the cell's own reads is read by the statement that names it.
    """
    settled, read = set(bound), set[str]()
    for statement in tree.body:
        binds = _certainly_bound(statement)
        symbols = _expanded(_loads(run_at_once(statement)), deferred)
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            symbols -= binds
        read |= symbols - settled
        settled |= binds | {symbol[:-1] + "()" for symbol in symbols if symbol.endswith("=")}
    return read | (_expanded(at_end, deferred) - settled), settled


def _expanded(symbols: set[str], deferred: dict[str, set[str]]) -> set[str]:
    reached, waiting = set(symbols), list(symbols)
    while waiting:
        for symbol in deferred.get(waiting.pop(), set()) - reached:
            reached.add(symbol)
            waiting.append(symbol)
    return reached


_Owner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


def _owners(body: Iterable[ast.AST]) -> Iterator[_Owner]:
    """Statements of the cell that may give a name something to call."""
    for node in body:
        if isinstance(node, _Owner):
            yield node
        elif isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _owners(ast.iter_child_nodes(node))


def _deferred(tree: ast.Module) -> dict[str, set[str]]:
    """By name: what the bodies of the functions that it stands for read when they are called."""
    deferred: dict[str, set[str]] = {}
    for owner in _owners(tree.body):
        symbols = _read_in_bodies(owner)
        names = _owned(owner) if symbols else set()
        for name in names:
            deferred[name] = deferred.get(name, set()) | symbols
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            deferred |= imported_generators(statement)
    return deferred


def _read_in_bodies(owner: _Owner) -> set[str]:
    at_once = set(map(id, run_at_once(owner)))
    names = set[str]()
    for scope in bodies_in(symbols_of(ast.Module([owner], []))):
        for symbol in scope.get_symbols():
            is_global = symbol.is_global() and not symbol.is_free()
            if is_global and (symbol.is_referenced() or symbol.is_declared_global()):
                names.add(symbol.get_name())
    symbols = _loads(node for node in ast.walk(owner) if id(node) not in at_once)
    return names | {symbol for symbol in symbols if not symbol.isidentifier()}


def _owned(owner: _Owner) -> set[str]:
    """Names that what a statement makes is called by; none when its value was computed at once."""
    if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {owner.name}
    if owner.value is None or _held_by(owner.value) is None:
        return set()
    targets = owner.targets if isinstance(owner, ast.Assign) else [owner.target]
    return {name for target in targets for name in _targets(target) | base_of(target)}


def _held(tree: ast.Module) -> dict[str, set[str]]:
    """By name: other names whose functions it may call later."""
    holds: dict[str, set[str]] = {}
    for owner in _owners(tree.body):
        if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef):
            held = _loads(node for one in owner.decorator_list for node in ast.walk(one))
        elif isinstance(owner, ast.ClassDef):
            heads = [*owner.decorator_list, *owner.bases]
            held = _loads(node for one in heads for node in ast.walk(one))
        else:
            held = (_held_by(owner.value) if owner.value else None) or set()
        for name in _owned(owner) if held else set():
            holds[name] = holds.get(name, set()) | held
    return holds


def _held_by(value: ast.expr) -> set[str] | None:
    """Names that a value keeps, to call them later; None when it was computed and keeps nothing."""
    inner: list[ast.expr | None]
    match value:
        case ast.Name(id=name):
            return {name}
        case ast.Lambda():
            return set()
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            inner = list(elements)
        case ast.Dict(values=values):
            inner = list(values)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if (
            name[:1].isupper() or name in _KEEPERS
        ):
            inner = [value.func, *value.args, *(word.value for word in value.keywords)]
        case ast.Attribute():
            return base_of(value)
        case _:
            return None
    return set[str]().union(*(_held_by(one) or set() for one in inner if one is not None))


def _certainly_bound(statement: ast.stmt) -> set[str]:  # noqa: PLR0911 - one kind of statement a line
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Assign):
        return {name for target in statement.targets for name in _targets(target)}
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return _targets(statement.target)
    if isinstance(statement, ast.With | ast.AsyncWith):
        bound = {
            name
            for item in statement.items
            if item.optional_vars
            for name in _targets(item.optional_vars)
        }
        return bound.union(*map(_certainly_bound, statement.body))
    if isinstance(statement, ast.For | ast.AsyncFor):
        return _targets(statement.target)
    return set()


def _targets(target: ast.expr) -> set[str]:
    if isinstance(target, ast.Name):
        return {target.id}
    if isinstance(target, ast.Tuple | ast.List):
        return {name for element in target.elts for name in _targets(element)}
    if isinstance(target, ast.Starred):
        return _targets(target.value)
    return set()


def _imported(tree: ast.Module) -> set[str]:
    """Names that imports bind, and nothing else does."""
    bound: dict[str, bool] = {}
    for statement in tree.body:
        is_import = isinstance(statement, ast.Import | ast.ImportFrom)
        for name in _certainly_bound(statement):
            bound[name] = is_import and bound.get(name, True)
    return {name for name, only_by_import in bound.items() if only_by_import}


def _name_of_last_expression(tree: ast.Module) -> str | None:
    """What a number that ends a cell is called: `auc`, `scores.auc`, `accuracy_score(...)`."""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return None
    node = tree.body[-1].value
    while True:
        match node:
            case ast.Name(id=name):
                return name
            case ast.Attribute(attr=name):
                return name
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                return name
            case ast.Call(func=ast.Name(id="float" | "int" | "round" | "abs"), args=[first, *_]):
                node = first
            case ast.Call(func=function):
                node = function
            case ast.Await(value=inner):
                node = inner
            case _:
                return None
