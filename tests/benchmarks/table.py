"""A table that a person can read."""

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One figure.

    Parameters
    ----------
    spread
        Smallest and largest of the repeats, or what else tells how far to trust the figure.
    beside
        The rival, or the limit, in the same run.
    holds
        Whether the promise is kept; None where none was given.
    """

    what: str
    figure: str
    spread: str
    beside: str
    holds: bool | None = None


def print_table(lines: Sequence[Line]) -> None:
    print(
        f"\nPython {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()};"
        f" 10 million additions in {_speed_s():.2f} s, {os.getloadavg()[0]:.1f} others at work\n"
    )
    rows = [("what", "figure", "spread", "beside", "")]
    marks = {True: "kept", False: "MISSED", None: ""}
    rows += [
        (line.what, line.figure, line.spread, line.beside, marks[line.holds]) for line in lines
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for number, row in enumerate(rows):
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
        if number == 0:
            print("  ".join("-" * width for width in widths))


def _speed_s() -> float:
    """How fast this machine is now: 0.6 s where these promises were made."""
    before, total = time.perf_counter(), 0
    for number in range(10_000_000):
        total += number
    return time.perf_counter() - before


def spread_of(values: Sequence[float], unit: str, scale: float = 1.0) -> str:
    return f"{min(values) * scale:.3g} to {max(values) * scale:.3g} {unit} in {len(values)}"
