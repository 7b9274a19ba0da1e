"""Listing runs, beside `mlflow.search_runs`."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from places import run_code, scratch_workspace
from table import Line, spread_of

from nbops.index.database import IndexWriter
from nbops.index.pages import PageQuestion, list_page
from nbops.index.queries import Index
from nbops.records import Run, Session, instant, to_json
from nbops.workspace import Workspace

_RUNS, _KEYS, _MLFLOW_RUNS = 10_000, 50, 1_000
_LIMIT_MS = 50.0
_MLFLOW = """
import sys, time
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1])
for _ in range(3):
    before = time.perf_counter()
    client.search_runs(["0"], "metrics.m0 > 0.5", order_by=["metrics.m1 DESC"], max_results=100)
    once = time.perf_counter() - before
before = time.perf_counter()
client.search_runs(["0"], max_results=1000)
print(once, time.perf_counter() - before)
"""


def _timed(work: Callable[[], object], repeats: int = 15) -> list[float]:
    times = []
    for _ in range(repeats):
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    return times


def measure() -> list[Line]:
    """10,000 runs of 25 metrics and 25 params: filter, sort, first page of 100."""
    with scratch_workspace() as (project, environment):
        os.environ["XDG_CACHE_HOME"] = environment["XDG_CACHE_HOME"]
        workspace = Workspace(project, project / ".nbops")
        workspace.prepare()
        _fill_index(workspace)
        index = Index(workspace)
        where = "metrics.m0 > 0.5 and params.p1 != '3'"
        ours = _timed(lambda: index.runs(where=where, sort="metrics.m1", limit=100))
        newest = _timed(lambda: index.runs(limit=100))
        asked = PageQuestion(where=where, sort="metrics.m1")
        page = _timed(lambda: to_json(list_page(index, asked)))
        searched = _timed(lambda: to_json(list_page(index, PageQuestion(text="run 77"))))
        since = list_page(index, asked).version
        poll = _timed(lambda: to_json(list_page(index, PageQuestion(where=where, since=since))))
        store = project / "mlflow.db"
        run_code("import sys\nfrom mlflow import MlflowClient\n"
                 "MlflowClient(tracking_uri=sys.argv[1]).search_experiments()",
                 project, environment, f"sqlite:///{store}")  # fmt: skip
        _fill_mlflow(store)
        theirs = run_code(_MLFLOW, project, environment, f"sqlite:///{store}").split()
    return [
        Line(
            f"{_RUNS:,} runs x {_KEYS} keys: filter, sort, page",
            f"{median(ours) * 1000:.1f} ms",
            spread_of(ours, "ms", 1000),
            f"MLflow, of {_MLFLOW_RUNS:,} runs: {float(theirs[0]) * 1000:.0f} ms;"
            f" all of them {float(theirs[1]) * 1000:.0f} ms; limit {_LIMIT_MS:.0f} ms",
            median(ours) * 1000 <= _LIMIT_MS,
        ),
        Line(
            "the newest 100 of them",
            f"{median(newest) * 1000:.1f} ms",
            spread_of(newest, "ms", 1000),
            "",
        ),
        Line(
            "a page of 100 as the server sends it, counted",
            f"{median(page) * 1000:.1f} ms",
            spread_of(page, "ms", 1000),
            "",
        ),
        Line(
            "the same of a text that is searched for",
            f"{median(searched) * 1000:.1f} ms",
            spread_of(searched, "ms", 1000),
            "",
        ),
        Line(
            "a poll when nothing changed",
            f"{median(poll) * 1000:.2f} ms",
            spread_of(poll, "ms", 1000),
            "",
        ),
    ]


def _value(run: int, key: int) -> float:
    return (run * 31 + key * 17) % 1000 / 1000


def _fill_index(workspace: Workspace) -> None:
    writer = IndexWriter(workspace)
    session = Session(
        id="s", status="finished", name="s", experiment="e", user="u", host="h",
        started_at=instant(0), tracking_uri="",
    )  # fmt: skip
    with writer._db:
        for number in range(_RUNS):
            run = Run(
                id=f"{number:012x}",
                session_id="s",
                name=f"run {number}",
                status="finished",
                origin="track",
                started_at=instant(number),
                metrics={f"m{k}": [(0, _value(number, k), instant(0))] for k in range(_KEYS // 2)},
                params={f"p{k}": str((number + k) % 10) for k in range(_KEYS // 2)},
            )
            writer._put_run(run, session, number)
        writer._note_runs(_RUNS)
    writer.close()


def _fill_mlflow(store: Path) -> None:
    with sqlite3.connect(store) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(runs)")]
        for number in range(_MLFLOW_RUNS):
            run = {
                "run_uuid": f"{number:032x}", "name": f"run {number}", "status": "FINISHED",
                "source_type": "UNKNOWN", "start_time": number, "end_time": number + 1,
                "deleted_time": None, "source_version": "", "lifecycle_stage": "active",
                "artifact_uri": "", "experiment_id": 0, "user_id": "u", "source_name": "",
                "entry_point_name": "",
            }  # fmt: skip
            values = [run.get(column) for column in columns]
            db.execute(
                f"INSERT INTO runs ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})",
                values,
            )
            for k in range(_KEYS // 2):
                row = (f"m{k}", _value(number, k), 1, run["run_uuid"], 0, False)
                db.execute(
                    "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)",
                    row,
                )
                db.execute(
                    "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)",
                    row,
                )
                db.execute(
                    "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
                    (f"p{k}", "1", run["run_uuid"]),
                )
    db.close()
