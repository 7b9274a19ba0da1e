"""Export wine.ipynb to every target, each into a folder here: `make exports`."""

import os
from pathlib import Path

from nbops.scheduling.folder import emit_files, write_export
from nbops.scheduling.job import read_job
from nbops.scheduling.target import list_targets

HERE = Path(__file__).parent
LOCK = HERE / "lock.txt"
TARGETS = [target.name for target in list_targets()]


def emit(name):
    """Files of one export; a script has no schedule, and Kubeflow no zone but UTC."""
    zone = "UTC" if name == "kubeflow" else "Europe/Berlin"
    schedule = None if name == "script" else "every weekday at 6:30"
    events = ("push",) if name == "github-actions" else ()
    target = next(each for each in list_targets() if each.name == name)
    notebook = HERE / "wine.ipynb"
    job = read_job(notebook, {}, schedule, timezone=zone, lock=LOCK, timeout_s=900, events=events)
    return emit_files(job, target)


if __name__ == "__main__":
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    for name in TARGETS:
        done = write_export(emit(name), HERE / name, is_forced=False)
        print(f"{name}: {len(done.files)} files")
