"""Where the names of a cell's code live, as Python's own symbol table says, and what runs at once."""

import ast
import copy
import symtable
from collections.abc import Iterator


class _ScopedComprehensions(ast.NodeTransformer):
    """Comprehensions as generators, which keep a scope of their own in every version of Python.

    From 3.12 on (PEP 709) the symbols of the others are merged into the scope around them.
    """

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp) -> ast.AST:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self.visit_ListComp(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        self.generic_visit(node)
        return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)


_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def symbols_of(tree: ast.Module) -> symtable.SymbolTable:
    """Python's own symbol table, with a scope for every comprehension."""
    plain = ast.fix_missing_locations(_ScopedComprehensions().visit(copy.deepcopy(tree)))
    return symtable.symtable(ast.unparse(plain), "<cell>", "exec")


def global_names(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """Global names that the code binds, and those that it reads somewhere."""
    defines: set[str] = set()
    uses: set[str] = set()
    for scope in scopes_in(table):
        at_top = scope.get_type() == "module"
        for symbol in scope.get_symbols():
            is_global = at_top or (symbol.is_global() and not symbol.is_free())
            if not is_global:
                continue
            name = symbol.get_name()
            binds = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
            if binds and (at_top or symbol.is_declared_global()):
                defines.add(name)
            if symbol.is_referenced():
                uses.add(name)
    return defines, uses


def scopes_in(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from scopes_in(child)


def bodies_in(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Scopes of functions, with all that is inside them; a comprehension outside of one runs at once."""
    for child in table.get_children():
        is_body = child.get_type() == "function" and child.get_name() != "genexpr"
        yield from scopes_in(child) if is_body else bodies_in(child)


def run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the cell does: not the bodies of functions, nor names that a comprehension or a lambda keeps."""
    waiting: list[ast.AST | None] = [node]
    while waiting:
        found = waiting.pop()
        if found is None:
            continue
        yield found
        if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*found.decorator_list, found.args, found.returns]
        elif isinstance(found, ast.Assign) and isinstance(found.value, ast.Lambda):
            waiting += [*found.targets, found.value.args]
        elif isinstance(found, _Comprehension):
            first = found.generators[0]
            waiting.append(first.iter)  # runs outside of it
            targets = [each.target for each in found.generators]
            kept = {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
            inner = [each for each in ast.iter_child_nodes(found) if each is not first]
            yield from _run_without([*first.ifs, *inner], kept)
        elif isinstance(found, ast.Lambda):
            waiting.append(found.args)
            kept = {n.arg for n in ast.walk(found.args) if isinstance(n, ast.arg)}
            yield from _run_without([found.body], kept)
        else:
            waiting += ast.iter_child_nodes(found)


def _run_without(nodes: list[ast.AST], kept: set[str]) -> Iterator[ast.AST]:
    """Walk what runs, without names that a scope of its own keeps."""
    for node in nodes:
        for found in run_at_once(node):
            if not (isinstance(found, ast.Name) and found.id in kept):
                yield found
