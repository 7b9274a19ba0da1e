"""What starting costs in a fresh kernel."""

import time
from statistics import median

from jupyter_client.manager import KernelManager
from places import scratch_workspace
from table import Line, spread_of

_LIMIT_MS = 60.0
_REPEATS = 7
_HEAVY = "[m for m in ('mlflow', 'pandas', 'papermill') if m in __import__('sys').modules]"


def measure() -> list[Line]:
    """Time of `%load_ext nbops` + `%track start`, less that of an empty cell, in fresh kernels."""
    taken, loaded = [], ""
    for _ in range(_REPEATS):
        with scratch_workspace() as (project, environment):
            manager = KernelManager(kernel_name="python3")
            manager.transport, manager.ip = "ipc", str(project / "kernel")
            manager.start_kernel(cwd=str(project), env=environment)
            client = manager.client()
            client.start_channels()
            client.wait_for_ready(timeout=60)

            def timed(code: str, client=client) -> float:
                before = time.perf_counter()
                client.execute_interactive(code, output_hook=lambda _: None, timeout=60)
                return time.perf_counter() - before

            empty = median(timed("pass") for _ in range(9))
            taken.append(timed("%load_ext nbops\n%track start") - empty)
            reply = client.execute(f"x = {_HEAVY}", user_expressions={"x": "x"})
            while True:
                message = client.get_shell_msg(timeout=30)
                if message["parent_header"]["msg_id"] == reply:
                    break
            loaded = message["content"]["user_expressions"]["x"]["data"]["text/plain"]
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return [
        Line(
            "%load_ext nbops + %track start",
            f"{median(taken) * 1000:.0f} ms",
            spread_of(taken, "ms", 1000),
            f"limit {_LIMIT_MS:.0f} ms; of mlflow, pandas, papermill it loads {loaded}",
            median(taken) * 1000 <= _LIMIT_MS and loaded == "[]",
        )
    ]
