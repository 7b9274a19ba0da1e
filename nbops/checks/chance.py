"""Kind `random`: random numbers that another run would draw otherwise, since nobody seeded them."""

import ast
from collections.abc import Iterator

from nbops.capture.code.randomness import generator_used, unseeded_generator
from nbops.checks.cells import Cell
from nbops.checks.findings import Finding, found_in
from nbops.checks.subject import Subject
from nbops.checks.timeline import Step

_WAY_OUT = {
    "np.random()": "Give it a random_state, or call np.random.seed(0) in a cell above.",
    "random()": "Call random.seed(0) in a cell above.",
    "torch()": "Call torch.manual_seed(0) in a cell above.",
}


def check_chance(subject: Subject) -> Iterator[Finding]:
    """Draws without a seed, in the order in which cells ran or, where they did not, stand."""
    for step in _steps(subject):
        for generator, drawn in step.draws.items():
            if drawn is None:
                who = _draw_in(step.cell, generator) or "a function that it calls"
                message = f"{who} draws from {generator[:-2]}, which nothing seeded before."
                yield found_in(step.cell, "random", message, _WAY_OUT[generator])
        for node in ast.walk(step.cell.tree):
            if unseeded_generator(node):
                message = f"{_shown(node)} is seeded by chance."
                yield found_in(step.cell, "random", message, "Give it a seed.")


def _steps(subject: Subject) -> Iterator[Step]:
    """How each cell ran; how it stands where it did not run, or not as it stands."""
    if subject.only is not None:
        yield from subject.results
        return
    ran = {step.cell.position: step for step in subject.results}
    for step in subject.as_written:
        as_run = ran.get(step.cell.position)
        yield as_run if as_run and as_run.cell.code == step.cell.code else step


def _draw_in(cell: Cell, generator: str) -> str | None:
    """The first expression of a cell's own that draws from a generator."""
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Call) and generator in (
            generator_used(node) | generator_used(node.func)
        ):
            return _shown(node)
    return None


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return f"`{text if len(text) <= 60 else text[:59] + '…'}`"
