"""What a `DataWatch` has seen of a cell."""

from nbops.capture.data import DataWatch
from nbops.journal.facts import DataSeen


def seen(watch: DataWatch) -> DataSeen:
    """Reads, writes and modules since the last call; the cell goes on."""
    facts = [fact for fact in watch.take("s.0", at_end=True) if isinstance(fact, DataSeen)]
    return facts[0] if facts else DataSeen(cell_run="s.0")
