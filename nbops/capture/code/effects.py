"""What a cell's code does to objects that have names: change them in place, delete them."""

import ast
from collections.abc import Iterator

from nbops.capture.code.scopes import run_at_once

_IN_PLACE = frozenset(
    [
        "fit",
        "fit_transform",
        "fit_resample",
        "partial_fit",
        "train",
        "train_step",
        "compile",
        "update",
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "clear",
        "sort",
        "reverse",
        "add",
        "discard",
        "setdefault",
        "step",
        "backward",
        "load_state_dict",
        "load_weights",
        "load_model",
        "set_params",
    ]
)
"""Methods that are called for what they do to their object."""

_NOT_OBJECTS = frozenset(["np", "numpy", "jnp", "torch", "tf", "pd"])
"""Modules with functions of these names, which change nothing: `np.append(a, b)`."""

_CHANGES_ARGUMENT = frozenset(
    [
        "shuffle",
        "heapify",
        "heappush",
        "insort",
        "insort_left",
        "insort_right",
        "copyto",
        "fill_diagonal",
        "place",
        "put",
        "putmask",
    ]
)
"""Functions that change their first argument, when nobody takes their result."""


def touched(tree: ast.Module) -> set[str]:
    """Names whose objects are changed in place: `m.fit(X)`, `d["k"] = v`, `o.a = v`, `n += 1`."""
    touched: set[str] = set()
    for node in run_at_once(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in _IN_PLACE:
                touched |= _base_of_call(node) - _NOT_OBJECTS
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                touched |= base_of(node)
            case ast.Subscript(ctx=ast.Store() | ast.Del()):
                touched |= base_of(node)
            case ast.Expr(value=ast.Call(func=function, args=[first, *_])):
                called = getattr(function, "attr", None) or getattr(function, "id", None)
                touched |= base_of(first) if called in _CHANGES_ARGUMENT else set()
            case ast.keyword(arg="out", value=value):
                touched |= base_of(value)
        if isinstance(node, ast.Call) and any(map(_is_in_place, node.keywords)):
            touched |= _base_of_call(node)
    return touched | augmented(tree)


def _is_in_place(word: ast.keyword) -> bool:
    is_true = isinstance(word.value, ast.Constant) and word.value.value is True
    return word.arg == "inplace" and is_true


def called_for_effect(tree: ast.Module) -> set[str]:
    """Names of which a method is called and its result thrown away: unless they are modules, changed."""
    statements = [node for node in tree.body[:-1] if isinstance(node, ast.Expr)]
    return set[str]().union(*(_base_of_call(statement.value) for statement in statements))


def augmented(tree: ast.Module) -> set[str]:
    """Names that `n += 1` changes: it may have changed the old object."""
    return {
        node.target.id
        for node in run_at_once(tree)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }


def deleted(tree: ast.Module) -> set[str]:
    """Names that `del x` takes away for good: certainly deleted, and not bound again below."""
    gone: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.Delete):
            gone |= {name.id for name in _plain_targets(statement)}
            continue
        for node in run_at_once(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                gone.discard(node.id)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                gone.discard(node.name)
            elif isinstance(node, ast.alias):
                gone.discard((node.asname or node.name).partition(".")[0])
    return gone


def unbound(tree: ast.Module) -> set[str]:
    """Names that are deleted somewhere and bound nowhere; Python's symbol table counts them as bound."""
    gone = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}
    return gone - {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def _plain_targets(statement: ast.Delete) -> Iterator[ast.Name]:
    waiting: list[ast.expr] = list(statement.targets)
    while waiting:
        target = waiting.pop()
        if isinstance(target, ast.Name):
            yield target
        elif isinstance(target, ast.Tuple | ast.List):
            waiting += target.elts


def _base_of_call(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Await):
        return _base_of_call(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return base_of(node.func)
    return set()


def base_of(node: ast.expr) -> set[str]:
    """The name that `a.b[c].d` begins with; none where that is no name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
