"""Which two runs a question means, and what differs between them."""

from nbops.comparison import Comparison, compare
from nbops.errors import NotFound
from nbops.index.queries import Index
from nbops.index.words import Found
from nbops.records import Run


def explain(index: Index, words: list[str], cell_id: str | None = None) -> Comparison:
    """Compare two runs.

    Parameters
    ----------
    words
        A and B; only B, whose A is the run before it; or nothing: B is the last run of the cell that
        asks, or else the last run of all.
    cell_id
        Notebook id of the cell that asks.

    Raises
    ------
    NotFound
        There is nothing to compare with.
    """
    if len(words) == 2:
        a, b = (index.resolve(word, sessions=False) for word in words)
    else:
        run = _run_meant(index, words, cell_id)
        before = index.run_before(run)
        if before is None:
            raise NotFound(
                f"{run.name} is the first run here.", "Change something and run the cell again."
            )
        a, b = Found(before.id, before.session_id), Found(run.id, run.session_id)
    return compare(index.document(a), index.document(b))


def _run_meant(index: Index, words: list[str], cell_id: str | None) -> Run:
    if words:
        return index.run(index.resolve(words[0], sessions=False).id)
    if cell_id is not None:
        own = index.last_run_of_cell(cell_id)
        if own is not None:
            return own
    return index.run(index.resolve("last").id)
