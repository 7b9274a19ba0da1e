"""`python -m nbops.scheduling.against OLD NEW`: what two jobs' metrics are, as Markdown for a job's summary.

Each is a job's id, or a file that `nbops pipeline run --json` printed.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError
from nbops.index.queries import Index
from nbops.index.words import Found
from nbops.jobs.metrics import metrics_of
from nbops.workspace import find_workspace

_Metrics = Mapping[str, float]
_NONE = "Neither logged a metric."
_KEPT = ("unchanged", "restored")


def compare_metrics(old: _Metrics, new: _Metrics) -> str:
    """A table with a row a metric; what both lack is not in it."""
    rows = list(_rows(old, new))
    head = ["| metric | base | here | change |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]) if rows else _NONE


def compare_pipelines(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """A table with a row for each metric of a step, and which steps the change did not affect."""
    before = {step["step"]: step["metrics"] for step in old["steps"]}
    rows = [
        f"| {step['step']} {row}"
        for step in new["steps"]
        for row in _rows(before.get(step["step"], {}), step["metrics"])
    ]
    head = ["| step | metric | base | here | change |", "|---|---|---|---|---|"]
    lines = [*head, *rows] if rows else [_NONE]
    if kept := [step["step"] for step in new["steps"] if step["state"] in _KEPT]:
        lines += ["", f"Not run again, since the change does not affect them: {', '.join(kept)}."]
    return "\n".join(lines)


def _rows(before: _Metrics, after: _Metrics) -> Iterator[str]:
    for name in sorted({*before, *after}):
        a, b = before.get(name), after.get(name)
        change = f"{b - a:+.6g}" if a is not None and b is not None else ""
        yield f"| {name} | {_show(a)} | {_show(b)} | {change} |"


def _show(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _read(index: Index, word: str) -> _Metrics:
    found = index.resolve(word)
    return metrics_of(index.document(Found(found.session_id, found.session_id, True)))


def main(words: list[str]) -> int:
    try:
        if all(word.endswith(".json") for word in words):
            told = compare_pipelines(*(json.loads(Path(word).read_text("utf-8")) for word in words))
        else:
            index = Index(find_workspace())
            index.wait()
            told = compare_metrics(*(_read(index, word) for word in words))
        print(told)  # noqa: T201 - what the program is for
    except NbopsError as error:
        print(f"nbops: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
