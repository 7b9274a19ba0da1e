"""Next times as Airflow and jupyter-scheduler find them: asked of their own code, in their own environments."""

import atexit
import functools
import json
import subprocess
from datetime import UTC, datetime

import environments

_LOOP = """
import json, sys
for line in sys.stdin:
    expression, zone, at, count = json.loads(line)
    told = []
    for _ in range(count):
        at = following(expression, zone, at)
        told.append(at)
    print("TOLD " + json.dumps(told), flush=True)
"""
_AIRFLOW = """
from datetime import UTC, datetime
import pendulum
from airflow.timetables.trigger import CronTriggerTimetable

def following(expression, zone, at):
    after = pendulum.instance(datetime.fromtimestamp(at, UTC))
    return CronTriggerTimetable(expression, timezone=zone)._get_next(after).timestamp()
"""
_JUPYTER_SCHEDULER = """
from datetime import datetime
import pytz
from croniter import croniter

def following(expression, zone, at):  # as jupyter_scheduler.utils.compute_next_run_time does, once that has run
    return croniter(expression, datetime.fromtimestamp(at, pytz.timezone(zone))).get_next(float)
"""


@functools.cache
def _start(environment: str, code: str) -> subprocess.Popen[str]:
    python = environments.find(environment) / "bin" / "python"
    process = subprocess.Popen(
        [python, "-c", code + _LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


def _ask(
    process: subprocess.Popen[str], expression: str, zone: str, after: datetime, count: int
) -> list[datetime]:
    process.stdin.write(json.dumps([expression, zone, after.timestamp(), count]) + "\n")
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith("TOLD "):
            return [datetime.fromtimestamp(at, UTC) for at in json.loads(line[5:])]
    raise AssertionError("it ended")


def airflow(expression: str, zone: str, after: datetime, count: int) -> list[datetime]:
    return _ask(_start("airflow", _AIRFLOW), expression, zone, after, count)


def jupyter_scheduler(expression: str, zone: str, after: datetime, count: int) -> list[datetime]:
    process = _start("jupyter-scheduler", _JUPYTER_SCHEDULER)
    return _ask(process, expression, zone, after, count)
