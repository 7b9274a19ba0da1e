"""A record that was made in another folder says the paths of here, and still verifies."""

from pathlib import Path

from nbops.journal.facts import DataSeen, Seen
from nbops.journal.moved import is_moved, write_moved
from nbops.journal.reader import JOURNAL, Tail, verify_chain
from nbops.journal.writer import Journal


def test_a_record_from_elsewhere_says_the_paths_of_here_and_its_chain_is_whole(tmp_path: Path):
    journal = Journal(tmp_path / JOURNAL)
    there = "/scratch/nbops-ab12/project"
    seen = [
        Seen(uri=f"file://{there}/a%20b.csv", name="a b.csv", seen_by="audit"),
        Seen(uri="file:///data/x.csv", name=f"{there}/x.csv", seen_by="audit"),
    ]
    journal.append(DataSeen(cell_run="s.0", reads=seen))
    journal.close()
    before = (tmp_path / JOURNAL).read_bytes()
    assert not is_moved(tmp_path)

    write_moved(tmp_path, Path(there), Path('/home/é "me"'))

    assert is_moved(tmp_path)
    tail = Tail(tmp_path / JOURNAL, chained=True)
    (fact,) = tail.read()
    assert [each.uri for each in fact.reads] == [
        "file:///home/%C3%A9%20%22me%22/a%20b.csv",
        "file:///data/x.csv",
    ]
    assert fact.reads[1].name == '/home/é "me"/x.csv'
    assert tail.damaged == 0
    assert verify_chain(tmp_path / JOURNAL) == tail.head
    assert (tmp_path / JOURNAL).read_bytes() == before
