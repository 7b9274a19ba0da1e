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
from nbops.capture.code.flow import Flow, bound_by, expanded, loads, targets_of
from nbops.capture.code.lines import (
    magic_names,
    names_bound_by_magic,
    shell_names,
    split_mark,
    to_python,
)
from nbops.capture.code.randomness import imported_generators
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
    flow = Flow(deferred, set(mark.binds))
    flow.follow(tree.body)
    read = flow.read | (expanded(at_end, deferred) - flow.settled)
    own = (flow.settled | flow.seen) - read  # bound before it is read
    defines |= names_bound_by_magic(code)
    deletes = deleted(tree)
    defines -= deletes | unbound(tree)
    changed = touched(tree)
    late = set[str]().union(*deferred.values()) - read
    uses = (uses | at_end | (defines & augmented(tree))) - own - (late & defines)
    uses = (uses - mark.binds | mark.reads) - _BUILTINS
    return NamesFound(
        cell_run=cell_run,
        names=Names(
            defines=tuple(sorted(defines | mark.binds - deletes)),
            uses=tuple(sorted(uses)),
            deletes=tuple(sorted(deletes)),
            mutates=tuple(sorted(changed - own)),
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
    symbols = loads(node for node in ast.walk(owner) if id(node) not in at_once)
    return names | {symbol for symbol in symbols if not symbol.isidentifier()}


def _owned(owner: _Owner) -> set[str]:
    """Names that what a statement makes is called by; none when its value was computed at once."""
    if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {owner.name}
    if owner.value is None or _held_by(owner.value) is None:
        return set()
    targets = owner.targets if isinstance(owner, ast.Assign) else [owner.target]
    return {name for target in targets for name in targets_of(target) | base_of(target)}


def _held(tree: ast.Module) -> dict[str, set[str]]:
    """By name: other names whose functions it may call later."""
    holds: dict[str, set[str]] = {}
    for owner in _owners(tree.body):
        if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef):
            held = loads(node for one in owner.decorator_list for node in ast.walk(one))
        elif isinstance(owner, ast.ClassDef):
            heads = [*owner.decorator_list, *owner.bases]
            held = loads(node for one in heads for node in ast.walk(one))
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


def _imported(tree: ast.Module) -> set[str]:
    """Names that imports bind, and nothing else does."""
    bound: dict[str, bool] = {}
    for statement in tree.body:
        is_import = isinstance(statement, ast.Import | ast.ImportFrom)
        for name in bound_by(statement):
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
