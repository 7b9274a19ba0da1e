"""The main job, as `make demo` runs it: twice, with one parameter and the data changed in between."""

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
NOTEBOOK = HERE / "01_first_run.ipynb"
CSV = HERE / "data" / "breast_cancer.csv"


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def nbops(*words: str) -> None:
    """Run a command of nbops, and show it as one would type it."""
    print(f"\n$ nbops {' '.join(words)}", flush=True)
    command = [sys.executable, "-c", "from nbops.cli import main; main()", *words]
    subprocess.run(command, cwd=HERE, check=True, env={**os.environ, "COLUMNS": "160"})


def drop_rows(count: int) -> None:
    """Drop the first patients of the CSV, as whoever cleans up the data does."""
    lines = CSV.read_text().splitlines(keepends=True)
    CSV.write_text("".join([lines[0], *lines[1 + count :]]))


def main() -> None:
    started = time.monotonic()
    say("Train three models on 569 patients ...")
    nbops("run", NOTEBOOK.name, "-p", "depth=2")
    say("... then drop 60 rows of the CSV, change one parameter, and run again.")
    drop_rows(60)
    nbops("run", NOTEBOOK.name, "-p", "depth=8")
    say("All runs, the best first:")
    nbops("ls", "--sort", "metrics.auc")
    say("What the last forest was made of, and what each cell read and wrote:")
    nbops("show", "forest")
    say("Why does it differ from the forest before?")
    nbops("why", "forest")
    say(f"That took {time.monotonic() - started:.0f} s. Now look yourself:")
    print("  make lab    the notebook, and beside it the panel with the switch")
    print("  make ui     the same runs in MLflow's own UI")


if __name__ == "__main__":
    main()
