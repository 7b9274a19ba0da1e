"""Tab completion behind `%track`."""

from typing import Any

from nbops.ipython.commands import COMMANDS
from nbops.recording.current import current

_OPTIONS = {
    "start": ["--name", "--tag", "--uri"],
    "metric": ["--step"],
    "ls": ["--where", "--sort", "--limit", "--experiment"],
}
_TAKE_VARIABLES = ("metric", "param", "model", "data")
_TAKE_RUNS = ("show", "why")


def complete_track(shell: Any, event: Any) -> list[str]:
    """Sub-commands, their options, variables, runs."""
    words = event.line[: len(event.text_until_cursor)].split()
    is_first = len(words) <= 1 or (len(words) == 2 and event.symbol)
    if is_first:
        return list(COMMANDS)
    command = words[1]
    found = list(_OPTIONS.get(command, ()))
    if command in _TAKE_VARIABLES:
        found += [name for name in shell.user_ns if not name.startswith("_")]
    if command in _TAKE_RUNS and (recorder := current()):
        from nbops.index.queries import Index

        runs = Index(recorder.workspace).runs(limit=50)
        found += ["last", *dict.fromkeys(run.name for run in runs), *(run.id for run in runs)]
    return found
