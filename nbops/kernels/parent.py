"""The process that kernels are forked from: it imports, and then only waits for requests.

`python -m nbops.kernels.parent ORDER`, started by `nbops.kernels.finding`. It never runs what it imported,
has no thread, no event loop and no connection of ZeroMQ; it ends when nobody has wanted a kernel for a while
and the last one is gone.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbops.kernels import forked, messages
from nbops.kernels.preloading import Preloaded, Unsafe, preload

_PATIENCE_S = 30.0
"""For a client that has connected, and says nothing."""


@dataclass(frozen=True)
class Order:
    """What a parent is started with.

    Parameters
    ----------
    socket
        Where it listens; there is nothing there before it is ready.
    ready
        File that it tells, as a line of JSON, what it left out and why, and what it did not find.
    """

    socket: str
    modules: list[str]
    left_out: dict[str, str]
    idle_s: float
    ready: int


@dataclass(frozen=True)
class Forked:
    """What a child of the parent has to become."""

    connection: socket.socket
    request: dict[str, Any]
    files: list[int]


class Parent:
    """Forks a kernel for each client that asks, and tells how it ended."""

    def __init__(self, order: Order, preloaded: Preloaded) -> None:
        self._order = order
        self._preloaded = preloaded
        self._kernels: dict[int, tuple[int, socket.socket]] = {}  # by the file that tells its end
        self._listener = socket.socket(socket.AF_UNIX)
        hatching = f"{order.socket}.{os.getpid()}"
        folder, name = messages.open_place(hatching)
        self._listener.bind(name)
        os.close(folder)
        self._listener.listen(64)
        self._inode = os.stat(hatching).st_ino
        os.replace(hatching, order.socket)

    def serve(self) -> Forked | None:
        """Wait for requests. Returns in each child, and in the parent when it is not needed any more."""
        while True:
            files = [self._listener.fileno(), *self._kernels]
            ready = messages.wait_for(files, None if self._kernels else self._order.idle_s)
            if not ready:
                self._leave()
                return None
            for file in ready:
                if file in self._kernels:
                    self._bury(file)
            if self._listener.fileno() in ready:
                child = self._accept()
                if child is not None:
                    return child
                if self._listener.fileno() < 0:
                    return None

    def _accept(self) -> Forked | None:
        connection, _ = self._listener.accept()
        connection.settimeout(_PATIENCE_S)
        files: list[int] = []
        try:
            if _user_of(connection) != os.getuid():
                connection.close()
                return None
            request, files = messages.receive(connection)
            changed = self._preloaded.what_changed()
            if changed:
                messages.send(connection, {"stale": changed})
                self._leave()
            else:
                shadow = forked.shadowing(request["cwd"], self._preloaded.hidden)
                if shadow is None:
                    return self._fork(Forked(connection, request, files))
                messages.send(
                    connection, {"cold": f"{shadow} in its folder comes before a package"}
                )
        except (OSError, EOFError, ValueError) as error:
            with contextlib.suppress(OSError):
                messages.send(connection, {"cold": f"{type(error).__name__}: {error}"})
        connection.close()
        for file in files:
            os.close(file)
        return None

    def _fork(self, child: Forked) -> Forked | None:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # of threads: OpenBLAS's, which wait
            pid = os.fork()
        if pid == 0:
            self._listener.close()
            for file, (_, connection) in self._kernels.items():
                os.close(file)
                connection.close()
            return child
        for file in child.files:
            os.close(file)
        self._kernels[os.pidfd_open(pid)] = (pid, child.connection)
        return None

    def _bury(self, file: int) -> None:
        pid, connection = self._kernels.pop(file)
        os.close(file)
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(OSError):
            messages.send(connection, {"returncode": os.waitstatus_to_exitcode(status)})
        connection.close()

    def _leave(self) -> None:
        """Take no more requests; kernels that run are waited for by `main`."""
        with contextlib.suppress(OSError):
            if os.stat(self._order.socket).st_ino == self._inode:  # not the one of who came after
                os.unlink(self._order.socket)
        self._listener.close()

    def see_off(self) -> None:
        """Wait for the kernels that still run."""
        while self._kernels:
            for file in messages.wait_for(list(self._kernels), None):
                self._bury(file)


def main() -> None:
    order = Order(**json.loads(sys.argv[1]))
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    del sys.path[0]  # the folder that it was started in, which no kernel imports from
    given = dict(os.environ)
    import ipykernel.debugger  # a third of what starting a kernel takes
    import ipykernel.kernelapp  # noqa: F401 - what every kernel imports

    variables = {name: value for name, value in os.environ.items() if given.get(name) != value}
    base = {name for name in sys.modules if not _is_ours(name)}
    try:
        preloaded = preload(order.modules, order.left_out, base)
    except Unsafe as unsafe:
        _start_anew(order, unsafe)
    gc.collect()
    gc.freeze()  # a kernel that looks for garbage would copy each page of it, and find none
    parent = Parent(order, preloaded)
    with os.fdopen(order.ready, "w") as ready:
        ready.write(json.dumps([preloaded.left_out, preloaded.missing]))
    child = parent.serve()
    if child is None:
        parent.see_off()
        return
    _become(child, preloaded, variables)


def _become(child: Forked, preloaded: Preloaded, variables: Mapping[str, str]) -> None:
    request = child.request
    request["env"].update(variables)
    *streams, client = child.files
    try:
        forked.become_kernel(request, streams)
        forked.forget_parent(preloaded)
    except OSError as error:
        messages.send(child.connection, {"error": [error.errno, error.strerror, error.filename]})
        os._exit(1)
    own = os.pidfd_open(os.getpid())
    messages.send(child.connection, {"pid": os.getpid()}, [own])
    os.close(own)
    child.connection.close()
    forked.run_kernel(None if request["is_independent"] else client, request["client"])


def _start_anew(order: Order, unsafe: Unsafe) -> None:
    """Become a process again that has imported nothing, and leave that module out."""
    left_out = {**order.left_out, unsafe.module: unsafe.reason}
    arguments = json.dumps({**vars(order), "left_out": left_out})
    os.set_inheritable(order.ready, True)
    os.execv(sys.executable, [*sys.orig_argv[:-1], arguments])  # noqa: S606


def _is_ours(name: str) -> bool:
    return name == "nbops" or name.startswith("nbops.")


def _user_of(connection: socket.socket) -> int:
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", found)[1])


if __name__ == "__main__":
    main()
