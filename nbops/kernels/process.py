"""A kernel that somebody else started, as `subprocess.Popen` shows one's own."""

import contextlib
import os
import signal
import socket
import subprocess
import time

from nbops.kernels import messages

_UNKNOWN = 255
_TELLS_WITHIN_S = 30.0
"""A parent that is alive buries at once; one that is dead ends the connection."""


class ForkedKernel:
    """A kernel whose end the parent tells.

    Parameters
    ----------
    pid_file
        File of the operating system that stands for the process, and tells its end.
    connection
        Where the parent tells the exit code.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, pid_file: int, connection: socket.socket) -> None:
        self.pid = pid
        self._file = pid_file
        self._connection = connection
        self._has_ended = False
        self.returncode: int | None = None

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._file)
            self._connection.close()

    def poll(self) -> int | None:
        """Exit code, 255 when it ended and nobody can tell how; None while it runs."""
        if not self._has_ended and messages.wait_for([self._file], 0):
            self._has_ended = True
            self.returncode = self._ask()
        if not self._has_ended:
            return None
        return _UNKNOWN if self.returncode is None else self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Exit code, or None when nobody can tell it: the parent was killed.

        Raises
        ------
        subprocess.TimeoutExpired
            It still runs.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not messages.wait_for([self._file], left) and left is not None:
                raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._file, signal.Signals(number))

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ask(self) -> int | None:
        try:
            self._connection.settimeout(_TELLS_WITHIN_S)
            told, _ = messages.receive(self._connection)
            return int(told["returncode"])
        except (OSError, EOFError, ValueError, KeyError):
            return None
