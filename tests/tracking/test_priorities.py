import os
import threading

import psutil
import pytest

from nbops.tracking.priorities import idle_disk, yield_to_all


@pytest.mark.skipif(not hasattr(psutil, "IOPRIO_CLASS_IDLE"), reason="a system of its own")
def test_a_thread_that_hashes_gives_way_and_no_other_does():
    found = {}

    def look() -> None:
        yield_to_all()
        me = threading.get_native_id()
        found["nice"] = os.getpriority(os.PRIO_PROCESS, me)

    before, disk_before = os.getpriority(os.PRIO_PROCESS, 0), psutil.Process().ionice()
    with idle_disk():
        assert psutil.Process().ionice().ioclass == psutil.IOPRIO_CLASS_IDLE
        thread = threading.Thread(target=look)
        thread.start()
    thread.join()
    assert found["nice"] == 15
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    assert psutil.Process().ionice().ioclass == disk_before.ioclass
