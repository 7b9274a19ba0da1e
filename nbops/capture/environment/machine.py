"""Whose process this is, and the machine it runs on."""

import getpass
import os
import platform
import resource
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nbops.journal.facts import SessionStarted


@dataclass(frozen=True)
class ProcessId:
    """A process that cannot be mistaken for another one.

    Pids are reused, so the start time counts; they mean something only within one boot of one host
    and one pid namespace (a container).
    """

    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    pid_started: float  # seconds: since boot on Linux, since the epoch elsewhere

    @property
    def is_local(self) -> bool:
        """Whether this process can see that one, if it lives."""
        here = this_process()
        return (self.host, self.boot_id, self.pid_namespace) == (
            here.host,
            here.boot_id,
            here.pid_namespace,
        )

    def is_alive(self) -> bool:
        """Whether it still runs; only meaningful where `is_local`."""
        return _started(self.pid) == self.pid_started

    @property
    def is_of_earlier_boot(self) -> bool:
        """Whether this machine was booted since, so that it lives no more."""
        here = this_process()
        return self.host == here.host and self.boot_id != here.boot_id

    @property
    def has_ended(self) -> bool:
        """Whether it is known to live no more; of a process of another machine or container nobody knows here."""
        return self.is_of_earlier_boot or (self.is_local and not self.is_alive())


def this_process() -> ProcessId:
    pid = os.getpid()
    started = _started(pid) or 0.0
    return ProcessId(socket.gethostname(), _boot_id(), _pid_namespace(), pid, started)


def process_of(started: SessionStarted) -> ProcessId:
    """The process that a session is of."""
    return ProcessId(
        started.host, started.boot_id, started.pid_namespace, started.pid, started.pid_started
    )


def parent_of(pid: int) -> int | None:
    """Pid of the process that started this one; None when that is not known."""
    try:
        about = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _parent_elsewhere(pid)
    return int(about[about.rindex(")") + 2 :].split()[1])


def _parent_elsewhere(pid: int) -> int | None:
    import psutil

    try:
        return psutil.Process(pid).ppid()
    except psutil.Error:
        return None


def _started(pid: int) -> float | None:
    """When a process was started; None when there is none, or only what its parent has not reaped."""
    try:
        about = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _started_elsewhere(pid)
    fields = about[about.rindex(")") + 2 :].split()  # a process may be called anything
    return None if fields[0] in "ZX" else int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _started_elsewhere(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux
        import psutil

        return str(int(psutil.boot_time()))


@cache
def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's uid without a name
        return str(os.getuid())


@cache
def platform_name() -> str:
    """Operating system, release and architecture; cheap, unlike `platform.platform()`."""
    about = os.uname()
    return f"{about.sysname}-{about.release}-{about.machine}"


def python_version() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def implementation_name() -> str:
    return platform.python_implementation()


def cpu_name() -> str | None:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or None


def memory_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def memory_now() -> int:
    """Resident bytes; 0 on macOS, which has no cheap way to ask."""
    file = _own_file("statm", os.getpid())
    return int(os.pread(file, 64, 0).split()[1]) * _PAGE if file is not None else 0


def most_memory_so_far() -> int:
    """Resident bytes of this process at most, since it began."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


_PAGE = os.sysconf("SC_PAGE_SIZE")


def bytes_read() -> int | None:
    """What this process has read by now, from files and pipes; None where the system does not tell."""
    file = _own_file("io", os.getpid())
    if file is None:
        return None
    try:
        return int(os.pread(file, 200, 0).split(None, 2)[1])  # "rchar: 4096"
    except (OSError, ValueError, IndexError):
        return None


@cache
def _own_file(name: str, _process: int) -> int | None:
    """A file about the process that opens it; one that was forked opens its own."""
    try:
        return os.open(f"/proc/self/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
