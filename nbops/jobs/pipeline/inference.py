"""A pipeline told from what was recorded: notebooks are steps, files that one wrote and another read are edges."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nbops.capture.data.contents import path_of
from nbops.jobs.pipeline.observing import Observed
from nbops.records import DataRef
from nbops.workspace import find_workspace


@dataclass(frozen=True)
class Inferred:
    """A pipeline that was told from records.

    Parameters
    ----------
    steps
        As `pipeline.yaml` has them, by name.
    left_out
        What is not in it, and why.
    """

    steps: dict[str, dict[str, Any]]
    left_out: list[str]


def infer(observed: Iterable[Observed], folder: Path, left_out: Sequence[str] = ()) -> Inferred:
    """Tell the steps from what notebooks were seen to read and write.

    Parameters
    ----------
    folder
        Where the pipeline's file will lie.
    """
    told = list(left_out)
    by_time = sorted(observed, key=lambda each: each.at)
    edges = _find_edges(by_time, folder, told)
    linked = {each.notebook for pair in edges for each in (by_time[pair[0]], by_time[pair[1]])}
    steps: dict[str, dict[str, Any]] = {}
    names = _names([each.notebook for each in by_time if each.notebook in linked])
    for number, each in enumerate(by_time):
        if each.notebook not in linked:
            shown = os.path.relpath(each.notebook, folder)
            told.append(f"{shown}: it shares no file with another notebook")
            continue
        steps[names[each.notebook]] = _entry(number, by_time, edges, names, folder, told)
    return Inferred(steps, list(dict.fromkeys(told)))


def _find_edges(
    by_time: Sequence[Observed], folder: Path, told: list[str]
) -> dict[tuple[int, int], list[tuple[DataRef, str]]]:
    """Files by the notebooks, writer and reader, that hand them over; with the path of each there."""
    edges: dict[tuple[int, int], list[tuple[DataRef, str]]] = {}
    for reader, each in enumerate(by_time):
        for ref in each.reads:
            if ref.digest is None:
                continue
            writers = [
                (number, uri)
                for number, other in enumerate(by_time)
                if number != reader
                for uri, digests in other.versions.items()
                if ref.digest in digests
            ]
            writers = [w for w in writers if w[1] == ref.uri] or writers
            if not writers:
                continue
            number, uri = max(writers)
            if _leads(edges, reader, number):
                name, other = (
                    os.path.relpath(by_time[n].notebook, folder) for n in (reader, number)
                )
                told.append(
                    f"{name} → {other}: {other} wrote {_show(ref, folder)} after it had read of {name}"
                )
                continue
            edges.setdefault((number, reader), []).append((ref, uri))
    return edges


def _leads(edges: Mapping[tuple[int, int], Any], start: int, end: int) -> bool:
    """Whether one comes before another already, in any number of steps."""
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for source, target in edges:
            if source == here and target not in reached:
                reached.add(target)
                waiting.append(target)
    return end in reached


def _names(notebooks: Sequence[str]) -> dict[str, str]:
    """Names of steps by notebook: its file's, with its folder's where that is not enough."""
    made: dict[str, str] = {}
    for path in notebooks:
        stem = re.sub(r"[^\w.-]+", "_", Path(path).stem).lstrip("-.") or "step"
        name = stem
        if name in made.values():
            name = re.sub(r"[^\w.-]+", "_", f"{Path(path).parent.name}_{stem}").lstrip("-.")
        while name in made.values():
            name += "_"
        made[path] = name
    return made


def _entry(
    number: int,
    by_time: Sequence[Observed],
    edges: Mapping[tuple[int, int], list[tuple[DataRef, str]]],
    names: Mapping[str, str],
    folder: Path,
    told: list[str],
) -> dict[str, Any]:
    each = by_time[number]
    name = names[each.notebook]
    entry: dict[str, Any] = {"notebook": os.path.relpath(each.notebook, folder)}
    earlier = {
        ref.uri: names[other.notebook]
        for other in by_time[number + 1 :]
        if other.notebook in names
        for ref in other.writes
    }
    if each.params:
        entry["params"] = each.params
    if after := [names[by_time[n].notebook] for n in _unsaid(number, by_time, edges)]:
        entry["after"] = after
    for key, refs in (("reads", each.reads), ("writes", each.writes)):
        kept = []
        for ref in refs:
            reason = _why_not(ref, folder)
            if reason is None and key == "writes" and ref.uri in earlier:
                reason = f"{earlier[ref.uri]} wrote it later"
            if reason is None:
                kept.append(_show(ref, folder))
            elif reason:
                told.append(f"{name}: {_show(ref, folder)}: {reason}")
        if kept:
            entry[key] = sorted(kept)
    return entry


def _unsaid(
    number: int,
    by_time: Sequence[Observed],
    edges: Mapping[tuple[int, int], list[tuple[DataRef, str]]],
) -> Iterable[int]:
    """Notebooks that hand it files under another path only, so that `reads` does not lead to them."""
    for (writer, reader), handed in edges.items():
        left = {ref.uri for ref in by_time[writer].writes}
        if reader == number and not any(ref.uri in left for ref, _ in handed):
            yield writer


def _why_not(ref: DataRef, folder: Path) -> str | None:
    """Why data is not named in the file; empty when it left nothing."""
    if ref.kind != "file" or not ref.uri.startswith("file:"):
        return f"it is a {ref.kind}, not a file"
    path = path_of(ref.uri)
    if not os.path.exists(path):
        return "" if ref.digest is None else "it is gone"
    if not path.startswith(f"{find_workspace(folder).root}{os.sep}"):
        return "it lies outside of the project"
    return None


def _show(ref: DataRef, folder: Path) -> str:
    return os.path.relpath(path_of(ref.uri), folder) if ref.uri.startswith("file:") else ref.name


def write_yaml(inferred: Inferred, schema: str) -> str:
    """Text of a `pipeline.yaml`.

    Parameters
    ----------
    schema
        Path of the JSON Schema, from the file.
    """
    head = f"# yaml-language-server: $schema={schema}\n"
    body = yaml.safe_dump(
        {"steps": inferred.steps},
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=100,
    )
    return head + body
