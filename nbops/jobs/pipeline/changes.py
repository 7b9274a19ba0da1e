"""What of a step is not as it was when it last ran; pure but for looking at files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nbops.jobs.pipeline.results import FileState, StepResult
from nbops.jobs.pipeline.surroundings import Surroundings

_SHOWN = 3


def find_changes(
    result: StepResult,
    *,
    params: Mapping[str, Any],
    cells: Sequence[str],
    installed: tuple[dict[str, str], str],
    around: Surroundings,
) -> list[str]:
    """Why a step would not come out as it did; nothing when it would.

    Parameters
    ----------
    params, cells
        As `read_signature` gives them now.
    installed
        Packages of its kernel, and its Python.
    """
    changes = _changed_params(result.params, params)
    new = set(cells) - set(result.cells)
    if tuple(cells) != result.cells and (len(new) > 1 or not changes):  # one holds the params
        changes.append("its cells changed")
    changes += [f"{module.path} changed" for module in result.modules if around.has_changed(module)]
    changes += _changed_reads(result, around)
    others = [
        f"{listing.path} has other names"
        for listing in result.listings
        if around.has_other_names(listing, result.writes)
    ]
    changes += dict.fromkeys(others)
    if result.python is not None:
        changes += _changed_packages(result, *installed)
    return changes or list(result.unknown)


def _changed_params(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names = [
        name
        for name in {**before, **now}
        if name not in before or name not in now or before[name] != now[name]
    ]
    return [
        f"{name} {before[name]} → {now[name]}"
        if name in before and name in now
        else f"{name} was set to {now[name]}"
        if name in now
        else f"{name} is no longer set"
        for name in names
    ]


def _changed_packages(
    result: StepResult, packages: Mapping[str, str], python: str
) -> Iterator[str]:
    if python != result.python:
        yield f"Python {result.python} → {python}"
    for name, version in result.packages.items():
        if name not in packages:
            yield f"{name} is not installed any more"
        elif packages[name] != version:
            yield f"{name} {version} → {packages[name]}"


def _changed_reads(result: StepResult, around: Surroundings) -> list[str]:
    left = {file.path: file for file in result.writes}
    changes = []
    for file in result.reads:
        if not around.has_changed(file):
            continue
        own = left.get(file.path)
        if own is None or around.has_changed(own):  # a file that it changes itself
            changes.append(f"{file.path} {'changed' if around.is_there(file) else 'is gone'}")
    return changes


def changed_outputs(result: StepResult, around: Surroundings) -> list[FileState]:
    """What a step left that is gone, or another by now."""
    return [file for file in result.writes if around.has_changed(file)]


def say(words: Sequence[str]) -> str:
    """Reasons, or names, in one line: `this, that and 3 more`."""
    shown = [*words[:_SHOWN]]
    if len(words) > _SHOWN:
        shown.append(f"{len(words) - _SHOWN} more")
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
