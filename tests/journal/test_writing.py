import os
import resource
import threading
from pathlib import Path

import pytest

from nbops.errors import RecordDamaged
from nbops.journal.facts import CellStarted, Gap, Metric, Note, decode, encode
from nbops.journal.reader import Tail, verify_chain
from nbops.journal.writer import Findings, Journal


def note(text: str) -> Note:
    return Note(cell_run="s.0", text=text)


def texts(path: Path) -> list[str]:
    return [fact.text for fact in Tail(path, chained=True).read()]


def test_facts_come_back_in_order_and_the_chain_holds(tmp_path: Path):
    journal = Journal(tmp_path / "j")
    for number in range(100):
        journal.append(note(str(number)))
    assert texts(journal.path) == [str(number) for number in range(100)]
    assert verify_chain(journal.path) == journal.head
    assert journal.length == journal.path.stat().st_size


def test_the_file_is_private(tmp_path: Path):
    Journal(tmp_path / "j")
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [lines[0], lines[1].replace(b"one", b"two"), lines[2]],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[0], lines[2], lines[1]],
        lambda lines: [lines[0], lines[1], lines[1], lines[2]],
    ],
    ids=["changed", "dropped", "reordered", "repeated"],
)
def test_whatever_is_done_to_a_journal_is_found(tmp_path: Path, damage):
    journal = Journal(tmp_path / "j")
    for text in ("zero", "one", "three"):
        journal.append(note(text))
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(damage(lines)))
    with pytest.raises(RecordDamaged, match="line [23]"):
        verify_chain(journal.path)


def test_a_line_that_is_still_being_written_is_not_read_yet(tmp_path: Path):
    journal = Journal(tmp_path / "j")
    journal.append(note("whole"))
    line = journal.path.read_bytes()
    tail = Tail(tmp_path / "k", chained=True)
    (tmp_path / "k").write_bytes(line[:-5])
    assert list(tail.read()) == []
    (tmp_path / "k").write_bytes(line)
    assert [fact.text for fact in tail.read()] == ["whole"]


def test_many_threads_append_and_nothing_is_lost(tmp_path: Path):
    journal = Journal(tmp_path / "j")

    def work(name: int) -> None:
        for number in range(500):
            journal.append(note(f"{name}/{number}"))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.append(note("last"))
    written = texts(journal.path)
    assert len(written) == len(set(written)) == 4001
    assert verify_chain(journal.path)


def test_an_append_that_is_overtaken_is_not_lost(tmp_path: Path, monkeypatch):
    """As by another thread, or by a `__del__`, while the first one's fact is encoded."""
    journal = Journal(tmp_path / "j")
    inner = iter([note("inner")])

    def be_overtaken(fact: Note) -> bytes:
        for other in inner:
            journal.append(other)
        return encode(fact)

    monkeypatch.setattr("nbops.journal.writer.encode", be_overtaken)
    journal.append(note("outer"))
    assert texts(journal.path) == ["inner", "outer"]


def test_an_append_within_an_append_neither_hangs_nor_breaks_the_chain(tmp_path: Path, monkeypatch):
    """As a `__del__` does that the garbage collector runs in the middle of one."""
    journal = Journal(tmp_path / "j")
    write = os.pwrite
    inner = iter([note("inner")])

    def write_and_collect(fd: int, data: bytes, offset: int) -> int:
        for fact in inner:
            journal.append(fact)
        return write(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", write_and_collect)
    journal.append(note("outer"))
    assert texts(journal.path) == ["outer", "inner"]
    assert verify_chain(journal.path)


def test_a_disk_that_fills_up_tears_nothing_and_loses_nothing(tmp_path: Path):
    journal = Journal(tmp_path / "j")
    journal.append(note("before"))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    pid = os.fork()
    if pid == 0:  # the limit holds for the whole process: in one of its own
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        journal = Journal(tmp_path / "k")
        journal.append(note("before"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (journal.length + 20, limit[1]))
        journal.append(note("while it is full"))
        problem = journal.problem
        torn = (tmp_path / "k").stat().st_size != journal.length
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        journal.append(note("after"))
        os._exit(0 if problem and not torn and journal.problem is None else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert texts(tmp_path / "k") == ["before", "while it is full", "after"]
    verify_chain(tmp_path / "k")


def test_what_waits_when_it_is_closed_is_counted(tmp_path: Path, monkeypatch):
    journal = Journal(tmp_path / "j")
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: 0)
    journal.append(note("one"))
    journal.append(note("two"))
    journal.close()
    assert (journal.waiting, journal.problem) == (2, "No space left on device")


def test_what_no_memory_can_hold_is_counted_as_a_gap(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("nbops.journal.writer._KEPT_BYTES", 2000)
    journal = Journal(tmp_path / "j")
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: 0)
    for number in range(100):
        journal.append(note(f"{number}" + "x" * 100))
    monkeypatch.setattr(os, "pwrite", write)
    journal.append(note("after"))
    facts = list(Tail(journal.path, chained=True).read())
    assert isinstance(facts[0], Gap)
    assert facts[0].lost + len(facts) - 1 == 101
    assert facts[0].reason == "No space left on device"
    assert facts[-1].text == "after"


def test_ctrl_c_between_two_steps_writes_no_line_twice(tmp_path: Path, monkeypatch):
    journal = Journal(tmp_path / "j")
    write = os.pwrite

    def interrupted(fd: int, data: bytes, offset: int) -> int:
        write(fd, data, offset)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "pwrite", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.append(note("one"))
    monkeypatch.setattr(os, "pwrite", write)
    journal.append(note("two"))
    assert texts(journal.path) == ["one", "two"]
    verify_chain(journal.path)


def test_a_forked_child_writes_nothing(tmp_path: Path):
    journal = Journal(tmp_path / "j")
    journal.append(note("parent"))
    pid = os.fork()
    if pid == 0:
        journal.append(note("child"))
        os._exit(0)
    os.waitpid(pid, 0)
    journal.append(note("parent again"))
    assert texts(journal.path) == ["parent", "parent again"]
    verify_chain(journal.path)


def test_findings_after_a_torn_line_are_read(tmp_path: Path):
    path = tmp_path / "f"
    path.write_bytes(encode(note("one")) + b"\n" + encode(note("torn"))[:10])
    findings = Findings(path)
    findings.append(note("two"))
    tail = Tail(path, chained=False)
    assert [fact.text for fact in tail.read()] == ["one", "two"]
    assert tail.damaged == 1


def test_a_fact_of_a_newer_version_is_counted_and_skipped(tmp_path: Path):
    path = tmp_path / "f"
    path.write_bytes(b'{"fact":"dream","of":"sheep"}\n' + encode(note("known")) + b"\n")
    tail = Tail(path, chained=False)
    assert [fact.text for fact in tail.read()] == ["known"]
    assert (tail.unknown, tail.damaged) == (1, 0)


def test_a_newer_field_is_skipped():
    line = encode(note("x")).replace(b'"text"', b'"colour":"red","text"')
    assert decode(line) == note("x")


def test_a_line_that_is_no_json_is_damaged():
    with pytest.raises(ValueError):
        decode(b'{"fact":"note"')
    with pytest.raises(ValueError, match="damaged 'note'"):
        decode(b'{"fact":"note","text":5}')


def test_facts_of_numbers_that_json_does_not_know():
    fact = Metric(cell_run="s.0", name="loss", value="NaN", at=0.0)
    assert decode(encode(fact)) == fact


def test_a_cells_code_comes_back_as_it_was():
    source = 'x = "\u2028 ü \\n"\n\tif x:\r\n'
    fact = CellStarted(
        cell_run="s.0",
        seq=0,
        cell_id=None,
        execution_count=1,
        source=source,
        at=0.0,
        environment_stamp="",
    )
    assert decode(encode(fact)).source == source
