"""What people changed of a run after it was recorded; the last word holds."""

from collections.abc import Sequence

import msgspec

from nbops.journal.facts import Edited
from nbops.records import Run


def apply_edits(run: Run, edits: Sequence[Edited]) -> Run:
    """A run's record with its tags and notes as they were edited."""
    tags: dict[str, str | None] = dict(run.tags)
    notes = run.notes
    for edit in edits:
        tags |= edit.tags
        notes = notes if edit.notes is None else tuple(edit.notes)
    kept = {name: value for name, value in tags.items() if value is not None}
    return msgspec.structs.replace(run, tags=kept, notes=notes)


def removed_tags(edits: Sequence[Edited]) -> tuple[str, ...]:
    """Tags that were taken away and not given again."""
    last = {name: value for edit in edits for name, value in edit.tags.items()}
    return tuple(name for name, value in last.items() if value is None)
