"""What a dead kernel, or another process, died of, as far as the operating system tells."""

import re
import signal
from pathlib import Path

_COUNTERS = (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events"))
"""Of the machine, and of the container: how many processes were killed when memory ran out."""
SAID_ABOVE = "What it wrote to stderr tells why."


def count_kills(places: tuple[Path, ...] = _COUNTERS) -> int | None:
    """Processes that were killed because memory ran out, so far; None where the system does not tell."""
    counts = []
    for place in places:
        try:
            found = re.search(r"^oom_kill (\d+)$", place.read_text(), re.MULTILINE)
        except OSError:
            continue
        if found:
            counts.append(int(found[1]))
    return sum(counts) if counts else None


def describe_death(
    returncode: int | None, kills_before: int | None, kills_now: int | None, what: str = "kernel"
) -> str:
    """One line for a person.

    >>> describe_death(-9, 3, 4)
    'Out of memory: the operating system killed the kernel.'
    >>> describe_death(-11, None, None)
    'The kernel died: SIGSEGV.'
    >>> describe_death(1, None, None, "process that ran n.ipynb")
    'The process that ran n.ipynb ended by itself, with exit code 1.'
    """
    if returncode is None:
        return f"The {what} died."
    if returncode >= 0:
        return f"The {what} ended by itself, with exit code {returncode}."
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    if name != "SIGKILL":
        return f"The {what} died: {name}."
    if kills_now is None or kills_before is None:
        return f"The {what} was killed (SIGKILL); this system does not tell whether memory ran out."
    if kills_now > kills_before:
        return f"Out of memory: the operating system killed the {what}."
    return f"The {what} was killed (SIGKILL), and not because memory ran out."
