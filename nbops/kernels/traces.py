"""What importing a module may leave in a process that makes forking it unsafe, or its children unlike others."""

import gc
import locale
import os
import re
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_KNOWN_POOLS = re.compile(r"/\S*(?:openblas|numexpr/interpreter)\S*\.so\S*")
"""Libraries that start a pool of idle threads as they are loaded, and start it anew in a forked process."""

_KNOWN_THREADS = ("jemalloc_bg_thd",)

_FREE = frozenset({"/dev/null", "/dev/random", "/dev/urandom"})
"""Of all other files forked processes would share the position."""


@dataclass(frozen=True)
class Traces:
    """What can be seen of this process; see `why_unsafe`."""

    threads: int
    system_threads: int
    pools: frozenset[str]
    opened: frozenset[str]
    children: str
    handlers: tuple[Any, ...]
    folder: str
    written_bytes: int
    others: tuple[Any, ...]


def read_traces() -> Traces:
    process = Path("/proc/self")
    tasks = list((process / "task").iterdir())
    maps = (process / "maps").read_text()
    return Traces(
        threading.active_count(),
        sum((task / "comm").read_text().strip() not in _KNOWN_THREADS for task in tasks),
        frozenset(_KNOWN_POOLS.findall(maps)),
        frozenset(_open_files()),
        "".join((task / "children").read_text() for task in tasks),
        tuple(signal.getsignal(number) for number in signal.valid_signals()),
        os.getcwd(),
        _written_bytes(),
        (
            sys.gettrace(),
            sys.getprofile(),
            sys.excepthook,
            sys.displayhook,
            sys.stdout,
            sys.stderr,
            sys.getrecursionlimit(),
            gc.get_threshold(),
            locale.setlocale(locale.LC_ALL),
        ),
    )


def why_unsafe(before: Traces, now: Traces) -> str | None:
    """What an import left that a forked process would not have, or would have without having asked."""
    idle = len(now.pools - before.pools) * (os.cpu_count() or 1)
    unusual = sorted(now.opened - before.opened - _FREE)
    found = {
        "it starts threads": now.threads > before.threads
        or now.system_threads - before.system_threads > idle,
        f"it opens {unusual[0] if unusual else None}": unusual,
        "it starts processes": now.children != before.children,
        "it handles signals": now.handlers != before.handlers,
        "it changes the working folder": now.folder != before.folder,
        "it prints": now.written_bytes != before.written_bytes,
        "it changes how Python itself behaves": now.others != before.others,
    }
    return next((reason for reason, is_so in found.items() if is_so), None)


def _written_bytes() -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    return sum(os.fstat(number).st_size for number in (1, 2))


def _open_files() -> list[str]:
    names = []
    for descriptor in os.listdir("/proc/self/fd"):  # noqa: PTH208 - the folder's own is among them
        try:
            names.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except OSError:  # the folder's own
            continue
    return names
