"""Which two runs a question means, and what differs between them."""

from collections.abc import Sequence

from nbops.comparison import Comparison, compare
from nbops.comparison.conclusions import with_conclusions
from nbops.errors import NotFound
from nbops.index.queries import Index
from nbops.index.rows import RowsReader
from nbops.index.words import Found
from nbops.records import Document, Run
from nbops.replay import Replay, replay_folder

_HISTORY = 20
"""Runs that are looked at for what they say about a change; the latest of the same name or cell."""


def explain(index: Index, words: list[str], cell_id: str | None = None) -> Comparison:
    """Compare two runs, and conclude what the runs before them allow.

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
    a, b = choose_runs(index, words, cell_id)
    return explain_documents(index, *index.documents([a, b]))


def choose_runs(index: Index, words: Sequence[str], cell_id: str | None = None) -> list[Found]:
    """Runs that words mean: themselves; of one word, or none, the run before it comes first."""
    if len(words) > 1:
        return [index.resolve(word, sessions=False) for word in words]
    run = _run_meant(index, words, cell_id)
    before = index.run_before(run)
    if before is None:
        raise NotFound(
            f"{run.name} is the first run here.", "Change something and run the cell again."
        )
    return [Found(before.id, before.session_id), Found(run.id, run.session_id)]


def explain_documents(index: Index, a: Document, b: Document) -> Comparison:
    """Compare two runs' documents, and conclude what the history allows."""
    with RowsReader(index.workspace) as compare_rows:
        found = compare(a, b, compare_rows)
    return with_conclusions(a, b, found, read_history(index, a, b))


def read_history(index: Index, a: Document, b: Document) -> list[Document]:
    """Runs of the same experiment that are over and that are called like A or B."""
    wanted = {a.runs[0].name, b.runs[0].name}
    is_job = b.runs[0].origin == "job"
    runs = [
        run
        for run in index.runs(
            experiment=b.session.experiment, where="status != 'running'", limit=20 * _HISTORY
        )
        if (run.name in wanted if not is_job else run.origin == "job")
    ]
    replays: dict[str, Replay] = {}
    documents = []
    for run in runs[:_HISTORY]:
        folder = index.workspace.sessions / run.session_id
        if run.session_id not in replays and folder.exists():
            replays[run.session_id] = replay_folder(folder)
        replay = replays.get(run.session_id)
        if replay is not None and run.id in replay.composition().runs:
            documents.append(replay.document(run.id))
    return documents


def _run_meant(index: Index, words: Sequence[str], cell_id: str | None) -> Run:
    if words:
        return index.run(index.resolve(words[0], sessions=False).id)
    if cell_id is not None:
        own = index.last_run_of_cell(cell_id)
        if own is not None:
            return own
    return index.run(index.resolve("last").id)
