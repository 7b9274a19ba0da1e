"""Finding, or starting, the parent that can fork a kernel for this process."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbops.errors import UsageError
from nbops.kernels import messages
from nbops.kernels.inherited import OF_ONE_KERNEL, key_of
from nbops.locks import Lock
from nbops.workspace import runtime_home

_READY_WITHIN_S = 30.0
"""After that a kernel is started as ever; the next one finds the parent ready."""

_IDLE_S = 60.0


class NoParent(Exception):
    """There is no parent, and none could be started; the message says why."""


class Parents:
    """The parents of this user on this machine.

    Parameters
    ----------
    interpreter
        Python with its options.
    variables
        The environment that the kernel will have.
    """

    def __init__(self, interpreter: Sequence[str], variables: Mapping[str, str]) -> None:
        self._interpreter = list(interpreter)
        self._variables = variables
        self.left_out: dict[str, str] = {}

    def connect(self, modules: Sequence[str]) -> socket.socket:
        """Connect to the parent that has imported these modules.

        Raises
        ------
        NoParent
            It does not come.
        """
        home = runtime_home() / "warm"
        home.mkdir(mode=0o700, exist_ok=True)
        key = key_of(self._interpreter, self._variables, modules)
        place = home / key
        within_s = float(os.environ.get("NBOPS_WARM_READY_S", _READY_WITHIN_S))
        deadline = time.monotonic() + within_s
        lock = Lock(home / f"{key}.lock")
        while True:
            connection = _connect(place)
            if connection is not None:
                return connection
            try:
                is_ours = lock.acquire()
            except UsageError as error:
                raise NoParent(str(error)) from error
            if is_ours:
                try:
                    connection = _connect(place)  # another one was just about it
                    if connection is not None:
                        return connection
                    self._start(place, modules, deadline)
                finally:
                    lock.release()
            elif time.monotonic() > deadline:
                raise NoParent("the process that imports ahead is not ready")
            else:
                time.sleep(0.02)

    def _start(self, place: Path, modules: Sequence[str], deadline: float) -> None:
        ready, told = os.pipe()
        order = {
            "socket": str(place),
            "modules": list(modules),
            "left_out": self._read_left_out(place),
            "idle_s": float(os.environ.get("NBOPS_WARM_IDLE_S", _IDLE_S)),
            "ready": told,
        }
        command = [*self._interpreter, "-m", "nbops.kernels.parent", json.dumps(order)]
        variables = {k: v for k, v in self._variables.items() if k not in OF_ONE_KERNEL}
        if not variables.get("MPLBACKEND"):  # ipykernel sets it before any cell imports matplotlib
            variables["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        log = place.with_suffix(".log")
        try:
            with log.open("wb") as output:
                subprocess.run(
                    [
                        "/bin/sh",
                        "-c",
                        '"$@" &',
                        "sh",
                        *command,
                    ],  # the shell leaves at once: no zombie
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=variables,
                    cwd=place.parent,
                    pass_fds=[told],
                    start_new_session=True,
                    check=True,
                )
        except (OSError, subprocess.SubprocessError) as error:
            os.close(ready)
            raise NoParent(f"no process could be started: {error}") from error
        finally:
            os.close(told)
        with os.fdopen(ready) as answer:
            if not messages.wait_for([ready], deadline - time.monotonic()):
                raise NoParent("the process that imports ahead is not ready")
            line = answer.read()
        if not line:
            raise NoParent(f"the process that imports ahead died: see {log}")
        left_out, missing = json.loads(line)
        is_asked = "NBOPS_PRELOAD" in self._variables  # else it is what a notebook imports
        self.left_out = {**left_out, **(missing if is_asked else {})}
        with contextlib.suppress(OSError):  # the next one need not find that out again
            place.with_suffix(".json").write_text(json.dumps(left_out))

    @staticmethod
    def _read_left_out(place: Path) -> Any:
        try:
            return json.loads(place.with_suffix(".json").read_text())
        except (OSError, ValueError):
            return {}


def _connect(place: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    folder, name = messages.open_place(str(place))
    try:
        connection.connect(name)
    except OSError:
        connection.close()
        return None
    finally:
        os.close(folder)
    return connection
