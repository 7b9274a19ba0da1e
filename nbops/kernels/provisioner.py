"""`nbops-warm`: a kernel provisioner of Jupyter that forks kernels, where that is safe.

Where it is not, the kernel is started as ever, and the log says once why.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from nbops.kernels import messages
from nbops.kernels.finding import NoParent, Parents
from nbops.kernels.imported import modules_to_import
from nbops.kernels.process import ForkedKernel

_KNOWN = {"env", "cwd", "stdin", "stdout", "stderr", "independent", "kernel_id", "extra_arguments"}
_OPTIONS = ("-X", "-W", "-B", "-O")
_TRIES = 3
_ANSWERS_WITHIN_S = 60.0
_BINDS_WITHIN_S = 0.5
_log = logging.getLogger(__name__)
_said: set[str] = set()


class WarmProvisioner(LocalProvisioner):  # type: ignore[misc]
    """Starts a kernel by forking a process that has imported what it will import."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel; see `LocalProvisioner`."""
        reason = why_cold(cmd, kwargs)
        if reason is None:
            try:
                await self._fork(cmd, kwargs)
            except NoParent as error:
                reason = str(error)
            else:
                await asyncio.to_thread(_wait_for_sockets, self.connection_info)
                return self.connection_info
        self._say(f"nbops: an ordinary kernel, not a warm one: {reason}")
        return await super().launch_kernel(cmd, **kwargs)

    async def _fork(self, cmd: list[str], kwargs: dict[str, Any]) -> None:
        at = cmd.index("-m")
        env = dict(kwargs.get("env") or os.environ)
        if not kwargs.get("independent"):
            env["JPY_PARENT_PID"] = str(os.getpid())
        folder = _folder(kwargs)
        request = {
            "command": cmd,
            "arguments": cmd[at + 2 :],
            "cwd": folder,
            "env": env,
            "client": os.getpid(),
            "is_independent": bool(kwargs.get("independent")),
            "ignored": _ignored_signals(),
            "blocked": [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
        }
        parents = Parents(cmd[:at], env)
        self.process = await asyncio.to_thread(_ask, parents, request, kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = folder
        for module, why in parents.left_out.items():
            self._say(f"nbops: {module} is not imported ahead: {why}")

    def _say(self, text: str) -> None:
        if text not in _said:
            _said.add(text)
            _log.warning(text)


def why_cold(cmd: list[str], kwargs: dict[str, Any]) -> str | None:
    """What keeps a kernel from being forked; None when nothing does.

    >>> why_cold(["julia", "kernel.jl", "{connection_file}"], {})
    "its command is another one than ipykernel's"
    """
    if sys.platform != "linux":
        return "that needs Linux"
    at = cmd.index("-m") if "-m" in cmd else 0
    if cmd[at : at + 2] != ["-m", "ipykernel_launcher"]:
        return "its command is another one than ipykernel's"
    options = " ".join(option for option in cmd[1:at] if not option.startswith(_OPTIONS))
    unknown = ", ".join(sorted(kwargs.keys() - _KNOWN))
    streams = [kwargs.get(name) or 0 for name in ("stdin", "stdout", "stderr")]
    path = (kwargs.get("env") or os.environ).get("PYTHONPATH") or "/"
    found = {
        f"its Python is {cmd[0]}": os.path.abspath(cmd[0]) != os.path.abspath(sys.executable),
        f"its Python has the options {options}": options,
        f"it is started with {unknown}": unknown,
        "its streams are pipes": any(not isinstance(s, int) or s < 0 for s in streams),
        "PYTHONPATH depends on its folder": not all(map(os.path.isabs, path.split(os.pathsep))),
    }
    return next((reason for reason, is_so in found.items() if is_so), None)


def _ask(parents: Parents, request: dict[str, Any], kwargs: dict[str, Any]) -> ForkedKernel:
    """Have a kernel forked.

    Raises
    ------
    NoParent
        There is no parent, or it would not be right.
    OSError
        As when a kernel cannot be started in its folder.
    """
    modules = modules_to_import(request["env"], Path(request["cwd"]))
    for _ in range(_TRIES):
        connection = parents.connect(modules)
        connection.settimeout(_ANSWERS_WITHIN_S)
        empty, end = os.pipe()
        os.close(end)  # a kernel's stdin is one that has ended
        client = os.pidfd_open(os.getpid())
        streams = [empty if kwargs.get("stdin") is None else kwargs["stdin"]]
        streams += [_stream(kwargs, "stdout", 1), _stream(kwargs, "stderr", 2)]
        try:
            messages.send(connection, request, [*streams, client])
            answer, files = messages.receive(connection)
        except TimeoutError as error:
            connection.close()
            raise NoParent("the process that imports ahead does not answer") from error
        except (OSError, EOFError):  # it left as we came
            connection.close()
            continue
        finally:
            os.close(empty)
            os.close(client)
        if "pid" in answer:
            return ForkedKernel(answer["pid"], files[0], connection)
        connection.close()
        if "error" in answer:
            raise OSError(*answer["error"])
        if "cold" in answer:
            raise NoParent(answer["cold"])
    raise NoParent("the process that imports ahead ends again and again")


def _wait_for_sockets(info: Mapping[str, Any]) -> None:
    """Let no client come too early: ZeroMQ would look again only after 100 ms."""
    if info.get("transport") != "ipc":
        return
    sockets = [f"{info['ip']}-{info[name]}" for name in info if name.endswith("_port")]
    ends_at = time.monotonic() + _BINDS_WITHIN_S
    while time.monotonic() < ends_at and not all(map(os.path.exists, sockets)):
        time.sleep(0.005)


def _folder(kwargs: dict[str, Any]) -> str:
    return os.path.abspath(kwargs.get("cwd") or os.getcwd())


def _stream(kwargs: dict[str, Any], name: str, usual: int) -> int:
    given = kwargs.get(name)
    return usual if given is None else int(given)


def _ignored_signals() -> list[int]:
    usual = (signal.SIGPIPE, signal.SIGXFSZ)  # of Python itself, which sets them back for a child
    return [
        int(n)
        for n in signal.valid_signals()
        if n not in usual and signal.getsignal(n) == signal.SIG_IGN
    ]
