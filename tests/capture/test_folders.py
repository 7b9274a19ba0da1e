import time
from pathlib import Path

import pytest

from nbops.capture.data import contents
from nbops.capture.data.contents import look_at_folder
from nbops.capture.data.folders import has_folder_changed, hash_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text(f"x\n{number}\n")
    return tmp_path


def changed(folder: Path, before, max_bytes: int = 1000) -> bool | None:
    return has_folder_changed(str(folder), before.digest, before.size_bytes, max_bytes)


def test_a_folder_is_stale_once_a_file_in_it_changed_came_or_went(folder: Path):
    before = hash_folder(str(folder), look_at_folder()[2])
    assert before is not None
    assert changed(folder, before) is False
    (folder / "1.csv").write_text("x\n7\n")  # as long as before
    assert changed(folder, before) is True
    (folder / "1.csv").write_text("x\n1\n")
    assert changed(folder, before) is False
    (folder / "3.csv").write_text("")
    assert changed(folder, before) is True
    (folder / "3.csv").unlink()
    (folder / "2.csv").unlink()
    assert changed(folder, before) is True
    assert has_folder_changed(str(folder / "gone"), before.digest, before.size_bytes, 1000) is True


def test_a_pattern_is_asked_only_for_the_files_that_it_fits(folder: Path):
    pattern = folder / "*.csv"
    before = hash_folder(str(pattern), look_at_folder()[2])
    (folder / "notes.txt").write_text("more")
    assert changed(pattern, before) is False


def test_of_a_folder_that_takes_long_to_hash_it_is_not_known(folder: Path):
    before = hash_folder(str(folder), look_at_folder()[2])
    assert changed(folder, before, max_bytes=5) is None


def test_a_clock_that_was_set_back_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch):
    now = time.time_ns()
    monkeypatch.setattr(contents, "_clock", lambda: now - 3_600_000_000_000)
    assert look_at_folder() == (0, 0, now - 3_600_000_000_000)
