"""A Dask cluster of this machine's own, in a process group apart: Ctrl-C is for who started it, and it decides."""

import contextlib
import os
import subprocess
import sys

from nbops.errors import NbopsError, UsageError

_END_WITHIN_S = 20.0


class OwnCluster:
    """Worker processes that listen on this machine only; they end with the process that started them.

    Raises
    ------
    UsageError
        Dask is not installed.
    NbopsError
        It does not start.
    """

    def __init__(self, workers: int | None) -> None:
        from importlib.util import find_spec

        if find_spec("distributed") is None:
            raise UsageError("Dask is not installed.", "pip install 'nbops[dask]'")
        command = [sys.executable, "-m", __name__, str(workers or os.cpu_count() or 1)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        if process.stdin is None or process.stdout is None:
            raise AssertionError
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self.address = process.stdout.readline().strip()
        if not self.address:
            self.close()
            raise NbopsError("The Dask workers of this machine do not start.", "See above.")

    def close(self) -> None:
        """End them, and what runs there."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()


def main() -> None:
    """Keep a cluster until nobody holds stdin any more; its address goes to stdout."""
    from distributed import LocalCluster

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with LocalCluster(
        n_workers=int(sys.argv[1]),
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address=None,
        memory_limit=0,  # kernels are processes of their own: jobs are admitted by what they take
        silence_logs=50,
    ) as cluster:
        answers.write(f"{cluster.scheduler_address}\n")
        answers.close()
        sys.stdin.read()


if __name__ == "__main__":
    main()
