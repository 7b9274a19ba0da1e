import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Kernel
from processes import PATIENCE_S

from nbops.errors import UsageError
from nbops.index.queries import Index
from nbops.locks import Lock


def test_one_has_it_until_it_is_released(tmp_path: Path):
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert first.acquire()
    assert first.acquire(), "who has it, has it"
    assert not second.acquire()
    first.release()
    assert second.acquire()


def test_a_folder_where_nothing_can_be_locked_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(UsageError, match=r"cannot be locked: No locks.*XDG_RUNTIME_DIR"):
        Lock(tmp_path / "lock").acquire()


def test_a_notebook_whose_locks_fail_goes_on_and_its_record_waits(
    start_kernel: Callable[..., Kernel], index: Index
):
    """As on a network file system whose lock service is away."""
    kernel = start_kernel()
    kernel.run(
        "import fcntl\n_flock = fcntl.flock\n"
        "def fail(*_): raise OSError(37, 'No locks available')\nfcntl.flock = fail"
    )
    said = kernel.run("%load_ext nbops\n%track start").text
    assert "Records wait on this disk" in said
    assert "cannot be locked: No locks available. Set XDG_RUNTIME_DIR" in said
    assert kernel.run("1 + 1").result == "2"
    assert "cannot be locked" in kernel.run("%track status").result
    kernel.run("%track stop")
    assert index.wait(PATIENCE_S)
    assert [
        cell.status for cell in index.document(index.resolve(index.sessions()[0].id)).cell_runs
    ][1:]
