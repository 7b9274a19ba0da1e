"""What was seen of a cell: by a `DataWatch`, and in the index."""

from processes import PATIENCE_S, wait_until

from nbops.capture.data.watch import DataWatch
from nbops.index.queries import Index
from nbops.journal.facts import DataSeen
from nbops.records import CellRun


def seen(watch: DataWatch) -> DataSeen:
    """Reads, writes and modules since the last call; the cell goes on."""
    facts = [fact for fact in watch.take("s.0", at_end=True) if isinstance(fact, DataSeen)]
    return facts[0] if facts else DataSeen(cell_run="s.0")


def last_cell(index: Index) -> CellRun:
    """The newest cell run, once all that it read is hashed."""

    def newest() -> CellRun:
        assert index.wait(PATIENCE_S)
        return index.document(index.resolve(index.sessions()[0].id)).cell_runs[-1]

    wait_until(lambda: all(one.digest or one.missing for one in newest().reads))
    return newest()
