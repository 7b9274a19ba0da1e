"""What a process and its machine are busy with, looked at from outside of it.

Names and meanings of `cpu_*`, `system_*` and `gpu_*` are those of MLflow's system metrics: of the whole
machine. `kernel_*` is the process with its children.
"""

import shutil
import subprocess
import time

import psutil

_MB = 1e6
_GPU_FIELDS = "index,utilization.gpu,memory.used,memory.total,power.draw,power.limit"


class LoadMeter:
    """Measures what happened since it was last asked.

    Parameters
    ----------
    pid
        Of a process on this machine.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._machine = _cpu_seconds()
        self._processes: dict[psutil.Process, float] = {}
        self._looked_at = time.monotonic()
        self._measure_kernel(1.0)

    def measure(self) -> dict[str, float]:
        """CPU in percent of the time that passed, memory in megabytes (10^6) and percent."""
        now = time.monotonic()
        passed, self._looked_at = max(now - self._looked_at, 1e-3), now
        before, self._machine = self._machine, _cpu_seconds()
        busy, total = (new - old for new, old in zip(self._machine, before, strict=True))
        memory = psutil.virtual_memory()
        return {
            "cpu_utilization_percentage": round(100 * busy / total, 1) if total > 0 else 0.0,
            "system_memory_usage_megabytes": round(memory.used / _MB, 1),
            "system_memory_usage_percentage": round(memory.used / memory.total * 100, 1),
            **self._measure_kernel(passed),
        }

    def _measure_kernel(self, passed_s: float) -> dict[str, float]:
        """Of the process and its children; empty once it is gone. More than 100 % on several cores."""
        try:
            root = psutil.Process(self._pid)
            family = [root, *root.children(recursive=True)]
        except psutil.Error:
            return {}
        used, memory, known = 0.0, 0, {}
        for process in family:
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    memory += process.memory_info().rss
            except psutil.Error:  # ended meanwhile
                continue
            known[process] = times.user + times.system
            used += known[process] - self._processes.get(process, 0.0)
        self._processes = known
        return {
            "kernel_cpu_utilization_percentage": round(100 * used / passed_s, 1),
            "kernel_memory_usage_megabytes": round(memory / _MB, 1),
        }


def _cpu_seconds() -> tuple[float, float]:
    """Seconds that the machine's processors were busy, and that they were there."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # counted twice
    total = sum(times) - guests
    return total - idle, total


def has_gpus() -> bool:
    return shutil.which("nvidia-smi") is not None


def measure_gpus() -> dict[str, float]:
    """Use, memory and power of each NVIDIA GPU; empty when its driver does not answer."""
    query = ["nvidia-smi", f"--query-gpu={_GPU_FIELDS}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    found: dict[str, float] = {}
    for line in answer.stdout.splitlines():
        number, *words = (word.strip() for word in line.split(","))
        used, memory, of_memory, watts, of_watts = (_number(word) for word in (*words, "", "")[:5])
        values = {
            "utilization_percentage": used,
            "memory_usage_megabytes": None if memory is None else memory * 1.048576,  # MiB
            "memory_usage_percentage": _percentage(memory, of_memory),
            "power_usage_watts": watts,
            "power_usage_percentage": _percentage(watts, of_watts),
        }
        found |= {
            f"gpu_{number}_{name}": round(v, 1) for name, v in values.items() if v is not None
        }
    return found


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:  # [N/A]: this model has no such meter
        return None


def _percentage(part: float | None, whole: float | None) -> float | None:
    return 100 * part / whole if part is not None and whole else None
