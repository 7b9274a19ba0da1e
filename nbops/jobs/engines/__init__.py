"""Where the jobs of sweeps and pipelines run: here, on a cluster, or wherever another package's engine says.

Not to be confused with `jobs/engine.py`, which is papermill's word for what executes the cells of one notebook.
An engine here is one file that has what `Engine` and `Worker` ask for; packages register theirs as entry points
of the group `nbops.engines`: a callable that takes an `EngineChoice` and `need`, and gives an `Engine`.
"""

from nbops.jobs.engines.protocol import Engine, EngineChoice, Worker, open_engine

__all__ = ["Engine", "EngineChoice", "Worker", "open_engine"]
