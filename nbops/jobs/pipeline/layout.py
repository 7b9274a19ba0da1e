"""Where a drawing puts the steps of a pipeline: in layers, from left to right, with few crossings.

As Sugiyama, Tagawa and Toda have it (1981): an edge that passes layers has a place in each of them, and
each layer is ordered by the middle of what its steps are linked to, to and fro.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from nbops.jobs.pipeline.graph import Graph

_SWEEPS = 4

Place = tuple[int, int]
"""Layer, and number within it, from 0."""


@dataclass(frozen=True)
class Layout:
    """Places of steps, and the places that edges pass, by their two ends."""

    steps: dict[str, Place]
    ways: dict[tuple[str, str], list[Place]]
    layers: int
    rows: int


def lay_out(graph: Graph) -> Layout:
    """Find a place for each step, to the right of all that it needs."""
    layer_of: dict[str, int] = {}
    for step in graph.steps:
        before = [edge.source for edge in graph.edges if edge.target == step]
        layer_of[step] = max((layer_of[name] + 1 for name in before), default=0)
    layers: list[list[str]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for step in graph.steps:
        layers[layer_of[step]].append(step)
    links: list[tuple[str, str]] = []
    bends: dict[tuple[str, str], list[str]] = {}
    for edge in graph.edges:
        passed = range(layer_of[edge.source] + 1, layer_of[edge.target])
        bends[edge.source, edge.target] = own = [
            f"{edge.source}\n{edge.target}\n{layer}" for layer in passed
        ]
        for layer, bend in zip(passed, own, strict=True):
            layers[layer].append(bend)
        chain = [edge.source, *own, edge.target]
        links += itertools.pairwise(chain)
    _order(layers, links)
    places = {
        name: (number, row) for number, layer in enumerate(layers) for row, name in enumerate(layer)
    }
    return Layout(
        {step: places[step] for step in graph.steps},
        {ends: [places[bend] for bend in own] for ends, own in bends.items()},
        len(layers),
        max(map(len, layers), default=0),
    )


def _order(layers: list[list[str]], links: Sequence[tuple[str, str]]) -> None:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for source, target in links:
        before.setdefault(target, []).append(source)
        after.setdefault(source, []).append(target)
    for number in range(_SWEEPS):
        is_back = number % 2 == 1
        for layer in reversed(layers) if is_back else layers:
            row = {name: n for each in layers for n, name in enumerate(each)}
            linked = after if is_back else before
            middle = {
                name: sum(row[other] for other in found) / len(found)
                if (found := linked.get(name, []))
                else float(row[name])
                for name in layer
            }
            layer.sort(key=lambda name, middle=middle: middle[name])  # type: ignore[misc]
