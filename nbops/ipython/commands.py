"""The sub-commands of `%track`, and the text that teaches them."""

COMMANDS = (
    "start",
    "stop",
    "pause",
    "resume",
    "status",
    "metric",
    "param",
    "note",
    "data",
    "file",
    "model",
    "ls",
    "show",
    "why",
    "compare",
    "help",
)

HELP = """Track this notebook: every cell run is recorded, results become runs in MLflow.

    %track start [EXPERIMENT] [--name NAME] [--tag key=value ...] [--uri TRACKING_URI]
    %track stop | pause | resume | status

Mark a cell as a run, on its first line:

    %%track forest depth=8 lr=0.1     binds depth and lr before the cell runs, and records them
    %%track forest depth              records what depth is when the cell ends
    # track: forest depth             the same as a comment, where nbops may be absent
                                      (a number, or a dict of numbers, at the end: its metrics)

Log from any cell; it goes to the run whose variables the cell uses:

    %track metric auc=roc_auc_score(y, p) loss=loss [--step N]
    %track metric auc                 the variable of that name
    %track param depth=8 | depth      holds for the runs after it
    %track note "looks overfitted"
    %track data PATH_OR_VARIABLE [as NAME]
    %track file PATH                  keeps a copy with the run
    %track model VARIABLE [as NAME]

Look:

    %track ls [--where "metrics.auc > 0.9"] [--sort metrics.auc] [--limit N]
    %track show [RUN]                 RUN: an id, a name, last, last~2, best:metrics.auc:max
    %track why [A] [B]                what changed since the run before
    %track compare [A B ...]          the same with curves and figures; of up to 50 runs
"""
