"""What a forked process does to be a kernel like any other."""

import contextlib
import io
import os
import random
import signal
import sys
from importlib.util import find_spec
from threading import Thread
from typing import Any

from nbops.kernels.hidden import HiddenModules, note_variables
from nbops.kernels.messages import wait_for
from nbops.kernels.preloading import INSTALLED, Preloaded

_LAUNCHER = "ipykernel_launcher"
_SUFFIXES = (".py", ".so", ".pyc")


def shadowing(folder: str, hidden: HiddenModules) -> str | None:
    """A file of the working folder that would be imported instead of a module that was imported ahead.

    IPython puts that folder before the installed packages, and behind Python's own modules.
    """
    installed = [n for n, path in enumerate(sys.path) if path.endswith(INSTALLED)]
    first = sys.path[: installed[0] if installed else 0]
    found = hidden.folders()
    for name in os.listdir(folder):  # noqa: PTH208 - names are asked for
        top = name.partition(".")[0]
        is_module = name.endswith(_SUFFIXES) or os.path.exists(f"{folder}/{name}/__init__.py")
        if is_module and top in found and found[top] not in (folder, *first):
            return name
    return None


def become_kernel(request: dict[str, Any], files: list[int]) -> None:
    """Take over a client's request: streams, folder, variables, signals; a session of its own.

    Parameters
    ----------
    files
        stdin, stdout and stderr.
    """
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    _reset_signals(set(request["ignored"]), request["blocked"])
    _adapt_streams()
    spec = find_spec(_LAUNCHER)
    launcher = spec.origin if spec and spec.origin else _LAUNCHER
    sys.argv[:] = [launcher, *request["arguments"]]
    sys.orig_argv[:] = request["command"]


def forget_parent(preloaded: Preloaded) -> None:
    """Draw anew what a fresh process draws, and be in the folder in which the modules were loaded."""
    hidden = preloaded.hidden
    note_variables()
    for names, name in preloaded.folder_names:
        names[name] = os.getcwd()
    random.seed()
    numpy_random = hidden.get("numpy.random") or sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    processes = hidden.get("multiprocessing.process") or sys.modules.get("multiprocessing.process")
    if processes is not None:
        processes.current_process().authkey = os.urandom(32)


def run_kernel(client: int | None, client_pid: int) -> None:
    """Run ipykernel until its end, which is the client's at the latest.

    Parameters
    ----------
    client
        File that tells when the client ends; None for a kernel that outlives it.
    """
    from ipykernel import kernelapp

    def watch(**_: Any) -> Thread:
        return ClientWatch(client)

    if client is not None:
        kernelapp.ParentPollerUnix = (
            watch  # asks whether the parent is another one, which it always is
        )
    kernelapp.launch_new_instance(parent_handle=client_pid if client is not None else 0)


class ClientWatch(Thread):
    """Ends this process with the one that wanted it."""

    def __init__(self, client: int | None) -> None:
        super().__init__(name="ClientWatch", daemon=True)
        self._client = client

    def run(self) -> None:
        """Wait for the client's end."""
        if self._client is not None:
            wait_for([self._client], None)
            os._exit(1)  # as ipykernel's own watch does


def _reset_signals(ignored: set[int], blocked: list[int]) -> None:
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):  # SIGKILL and SIGSTOP
            signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python itself does so as it starts
        signal.signal(number, signal.SIG_IGN)
    if signal.SIGINT not in ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _adapt_streams() -> None:
    """Write to a terminal line by line, as Python decides when it starts; all else is as in the parent."""
    if isinstance(sys.stdout, io.TextIOWrapper) and os.isatty(1):
        sys.stdout.reconfigure(line_buffering=True)
