"""What differs between two runs: pure functions from records to differences.

Only what was recorded is said. Which of several changes moved a metric is not in the records of two
runs, so it is never claimed here.
"""

from nbops.comparison.compare import compare
from nbops.comparison.differences import Change, Comparison, DiffLine, MetricChange, Side
from nbops.comparison.many import MOST_RUNS, RunTable, tabulate

__all__ = [
    "MOST_RUNS",
    "Change",
    "Comparison",
    "DiffLine",
    "MetricChange",
    "RunTable",
    "Side",
    "compare",
    "tabulate",
]
