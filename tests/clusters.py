"""Dask clusters on loopback, whose workers are machines of their own as far as one machine can have them."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
from processes import wait_until


def can_hide() -> bool:
    """Whether processes can be given a host name, and file systems, of their own."""
    done = subprocess.run([*_APART, "true"], capture_output=True)
    return done.returncode == 0


_APART = ["unshare", "--mount", "--uts"] + ([] if os.getuid() == 0 else ["--map-root-user"])


class Cluster:
    """A scheduler, and workers of one thread that have homes of their own.

    Parameters
    ----------
    hidden
        A folder that the workers do not see; they have another host name, then. None for workers that
        share all.
    """

    def __init__(self, folder: Path, hidden: Path | None = None) -> None:
        folder.mkdir()
        self._folder = folder
        self._hidden = hidden
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        told = folder / "scheduler.json"
        self._start("dask_scheduler", f"--host=127.0.0.1 --port=0 --scheduler-file={told}".split())
        wait_until(lambda: told.exists() and told.read_text().endswith("}"))
        self.address = str(json.loads(told.read_text())["address"])

    def add_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker; its variables are those of this process but for these."""
        number = len(self.workers)
        home = self._folder / f"worker{number}"
        for name in ("home", "cache", "run", "scratch"):
            (home / name).mkdir(parents=True, mode=0o700)
        own = {"HOME": "home", "XDG_CACHE_HOME": "cache", "XDG_RUNTIME_DIR": "run"}
        environment = {name: str(home / place) for name, place in own.items()} | environment
        arguments = [
            *(self.address, "--nthreads=1", "--no-nanny", "--no-dashboard", "--memory-limit=0"),
            f"--local-directory={home / 'scratch'}",
        ]
        prefix: list[str] = []
        if self._hidden is not None:
            steps = f'hostname elsewhere{number} && mount -t tmpfs none {self._hidden} && exec "$@"'
            prefix = [*_APART, "sh", "-c", steps, "sh"]
        worker = self._start("dask_worker", arguments, prefix, environment)
        self.workers.append(worker)
        return worker

    def worker_of(self, pid: int) -> subprocess.Popen[bytes]:
        """The worker that a process descends from."""
        above = {each.pid for each in psutil.Process(pid).parents()}
        return next(worker for worker in self.workers if worker.pid in above)

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def _start(
        self,
        program: str,
        arguments: Sequence[str],
        prefix: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        log = (self._folder / f"{program}{len(self._processes)}.log").open("wb")
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", f"distributed.cli.{program}", *arguments],
            stdout=log,
            stderr=log,
            env={**os.environ, **(environment or {})},
            cwd=self._folder,
        )
        log.close()
        self._processes.append(process)
        return process
