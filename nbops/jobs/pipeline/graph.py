"""Which step hands which files to which other."""

import os
from dataclasses import dataclass

from nbops.jobs.pipeline.definition import Definition
from nbops.jobs.pipeline.shelf import Shelf


@dataclass(frozen=True)
class Edge:
    """One step comes after another.

    Parameters
    ----------
    files
        That it hands over, relative to the pipeline's file; none where it is only said to come after.
    """

    source: str
    target: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """A pipeline as a drawing needs it.

    Parameters
    ----------
    steps
        Each after those that it needs.
    notebooks
        File name by step.
    """

    name: str
    steps: tuple[str, ...]
    notebooks: dict[str, str]
    edges: tuple[Edge, ...]


def graph_of(definition: Definition) -> Graph:
    """Steps, and the files between them: those that the pipeline names, and that runs were seen to read."""
    workspace, shelf = definition.workspace, Shelf(definition.workspace)
    reads: dict[str, set[str]] = {}
    writes: dict[str, set[str]] = {}
    for step in definition.steps:
        last = shelf.last(str(definition.path), step.name)
        seen = [str(workspace.root / file.path) for file in last.reads] if last else []
        left = [str(workspace.root / file.path) for file in last.writes] if last else []
        reads[step.name] = {*step.reads, *seen}
        writes[step.name] = {*step.writes, *left}
    edges = []
    for step in definition.steps:
        for name in step.after:
            files = sorted(reads[step.name] & writes[name])
            shown = tuple(os.path.relpath(file, definition.path.parent) for file in files)
            edges.append(Edge(name, step.name, shown))
    notebooks = {
        step.name: os.path.relpath(step.notebook, definition.path.parent)
        for step in definition.steps
    }
    return Graph(
        definition.name, tuple(step.name for step in definition.steps), notebooks, tuple(edges)
    )
