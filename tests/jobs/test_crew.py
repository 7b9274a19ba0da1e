"""Who leads workers: it returns when all of them are through, whatever comes meanwhile."""

import os
import signal
import threading
import time

import pytest

from nbops.jobs.crew import Crew
from nbops.jobs.engines import Engine, Worker


class Idle:
    """An engine whose worker does nothing."""

    size = 1

    def worker(self) -> "Idle":
        return self

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


def test_what_a_lead_raises_is_raised_where_somebody_waits():
    def lead(_worker: Worker) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        Crew(Idle()).run(lead, "test")  # type: ignore[arg-type]


def test_after_ctrl_c_it_waits_until_its_worker_has_ended():
    engine: Engine = Idle()  # type: ignore[assignment]
    crew, ended = Crew(engine), []

    def lead(_worker: Worker) -> None:
        while not crew.is_over:
            time.sleep(0.01)
        time.sleep(1)
        ended.append(threading.current_thread().name)

    ctrl_c = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    ctrl_c.start()
    crew.run(lead, "test")
    assert ended == ["test-0"]
    assert crew.exit_code == 130
