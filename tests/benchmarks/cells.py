"""What tracking adds to a trivial cell."""

from statistics import median

from places import run_code, scratch_workspace
from table import Line, spread_of

_CODE = """
import os, sys, time
from statistics import median
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False  # its thread is woken by each cell, and disturbs the one or the other
shell = InteractiveShell.instance(config=config)
callbacks, transforms = shell.events.callbacks, shell.input_transformer_manager.cleanup_transforms
hooks = ("pre_run_cell", "post_run_cell")
bare = [list(callbacks[name]) for name in hooks] + [list(transforms)]
shell.run_line_magic("load_ext", "nbops")
sys.stdout = open(os.devnull, "w")
shell.run_line_magic("track", "start")
sys.stdout = sys.__stdout__
tracked = [list(callbacks[name]) for name in hooks] + [list(transforms)]
while not os.path.exists(".nbops/mlflow.db"):  # the background process is still at work
    time.sleep(0.1)
time.sleep(2)
times = {"bare": [], "tracked": []}
for number in range(4000):
    kind = ("bare", "tracked")[number % 2]  # in turn, so that both meet the same machine
    found = bare if kind == "bare" else tracked
    for place, wanted in zip([*(callbacks[name] for name in hooks), transforms], found):
        place[:] = wanted
    source = f"x{number % 50} = {number}"
    before = time.perf_counter()
    shell.run_cell(source, store_history=True)
    times[kind].append(time.perf_counter() - before)
print(median(times["bare"]), median(times["tracked"]))
"""
_LIMIT_MS = 0.1
_REPEATS = 5


def measure() -> list[Line]:
    """Medians over 2,000 cells each, bare and tracked in turn in one process."""
    bare, added = [], []
    for _ in range(_REPEATS):
        with scratch_workspace() as (project, environment):
            without, within = map(float, run_code(_CODE, project, environment).split())
        bare.append(without)
        added.append(within - without)
    return [
        Line(
            "added to a trivial cell",
            f"{median(added) * 1000:.3f} ms",
            spread_of(added, "ms", 1000),
            f"bare {median(bare) * 1000:.3f} ms; limit {_LIMIT_MS} ms",
            median(added) * 1000 <= _LIMIT_MS,
        )
    ]
