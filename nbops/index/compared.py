"""Several runs by the words that a person has for them, compared."""

from collections.abc import Sequence

from nbops.comparison import MOST_RUNS, RunTable, tabulate
from nbops.errors import UsageError
from nbops.index.queries import Index
from nbops.index.rows import RowsReader
from nbops.index.why import choose_runs, explain_documents


def compare_runs(
    index: Index, words: Sequence[str], *, cell_id: str | None = None, with_same: bool = False
) -> RunTable:
    """Compare 2 to 50 runs; the first is the baseline. Of two, tell what can be concluded, too.

    Parameters
    ----------
    words
        Of one, the run before it is the baseline; without any, B is the last run of the cell that asks,
        or else the last of all.
    cell_id
        Notebook id of the cell that asks.
    with_same
        Also list the params, inputs and packages in which they do not differ.

    Raises
    ------
    UsageError
        These are too many.
    NotFound, Ambiguous
        A word stands for no run, or for several.
    """
    if len(words) > MOST_RUNS:
        raise UsageError(f"{len(words)} runs cannot be compared.", f"Give 2 to {MOST_RUNS}.")
    documents = index.documents(choose_runs(index, words, cell_id))
    pairs = [explain_documents(index, *documents)] if len(documents) == 2 else None
    with RowsReader(index.workspace) as compare_rows:
        return tabulate(documents, pairs, compare_rows=compare_rows, with_same=with_same)
