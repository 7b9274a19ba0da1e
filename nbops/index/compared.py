"""Several runs by the words that a person has for them, compared."""

from collections.abc import Sequence

from nbops.comparison import MOST_RUNS, RunTable, tabulate
from nbops.errors import UsageError
from nbops.index.queries import Index


def compare_runs(index: Index, words: Sequence[str], *, with_same: bool = False) -> RunTable:
    """Compare 2 to 50 runs; the first is the baseline.

    Parameters
    ----------
    with_same
        Also list the params, inputs and packages in which they do not differ.

    Raises
    ------
    UsageError
        These are too few, or too many.
    NotFound, Ambiguous
        A word stands for no run, or for several.
    """
    if not 2 <= len(words) <= MOST_RUNS:
        raise UsageError(f"{len(words)} runs cannot be compared.", f"Give 2 to {MOST_RUNS}.")
    documents = [index.document(index.resolve(word, sessions=False)) for word in words]
    return tabulate(documents, with_same=with_same)
