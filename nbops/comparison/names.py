"""What runs, and the things that differ between them, are called in a comparison."""

from nbops.comparison.differences import Change, ChangeKind


def label_of(number: int) -> str:
    """What a run is called in a table: A is the baseline.

    >>> [label_of(number) for number in (0, 25, 26)]
    ['A', 'Z', 'AA']
    """
    letter = chr(ord("A") + number % 26)
    return letter if number < 26 else label_of(number // 26 - 1) + letter


def key_of(change: Change) -> tuple[ChangeKind, str]:
    """What makes the changes of several pairs one thing: for code, the baseline's cell."""
    return change.kind, (change.a_cell or change.name) if change.kind == "code" else change.name
