"""What a process has from the one that started it, and a forked kernel from the parent.

Whoever differs in any of it gets another parent: so nothing has to be put right afterwards.
"""

import contextlib
import json
import os
import re
import resource
from collections.abc import Mapping, Sequence

from nbops.digests import digest_bytes

OF_ONE_KERNEL = frozenset(
    {
        *("JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_INTERRUPT_EVENT", "IPY_INTERRUPT_EVENT"),
        *("NBOPS_NOTEBOOK", "NBOPS_WORKSPACE", "NBOPS_STATE", "NBOPS_PRELOAD"),
        *("PWD", "OLDPWD", "SHLVL", "_", "PYTEST_CURRENT_TEST"),
        "_RJEM_MALLOC_CONF",  # polars adds to it in whoever imports it, and is itself never imported ahead
    }
)
"""Variables that nothing looks at while it is imported; all others may have been."""

_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
_STATUS = re.compile(
    r"^(?:Umask|Uid|Gid|Groups|CapEff|CapBnd|NoNewPrivs|Seccomp):.*$", re.MULTILINE
)


def key_of(command: Sequence[str], variables: Mapping[str, str], modules: Sequence[str]) -> str:
    """Name of the parent that can fork a kernel for this process.

    Parameters
    ----------
    command
        Interpreter with its options.
    modules
        What is to be imported ahead.
    """
    own = {name: value for name, value in variables.items() if name not in OF_ONE_KERNEL}
    limits = [resource.getrlimit(n) for n in sorted(_limits())]
    with open("/proc/self/status") as file:
        status = _STATUS.findall(file.read())
    places = []
    for name in _NAMESPACES:
        with contextlib.suppress(OSError):
            places.append(os.readlink(f"/proc/self/ns/{name}"))
    with contextlib.suppress(OSError), open("/proc/self/cgroup") as file:
        places.append(file.read())
    told = [
        list(command),
        sorted(own.items()),
        sorted(modules),
        limits,
        status,
        places,
        sorted(os.sched_getaffinity(0)),
        os.getpriority(os.PRIO_PROCESS, 0),
        os.sched_getscheduler(0),
    ]
    return digest_bytes(json.dumps(told).encode()).partition(":")[2][:24]


def _limits() -> set[int]:
    return {getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}
