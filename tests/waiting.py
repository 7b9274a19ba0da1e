"""When other systems would run a schedule: their own readers where there are any, else what they document.

None of this shares code with `nbops.scheduling`.
"""

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim
from tzlocal.windows_tz import win_tz

_A_MINUTE = timedelta(minutes=1)


def debian_cron(expression: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """Debian's cron, and GitHub's; six fields begin with seconds.

    Asked in an hour that the clock shows a second time, cronsim begins with the first one.
    """
    times = CronSim(expression, after.astimezone(ZoneInfo(zone)))
    later = (moment for moment in times if moment.astimezone(UTC) > after)
    return [moment.astimezone(UTC) for moment in _unique(islice(later, count * 2))][:count]


def robfig(expression: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """robfig/cron v3, in Kubernetes and Argo: goes through the time that passes."""
    fields = expression.split()
    bounds = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
    sets = [_read(field, low, high) for field, (low, high) in zip(fields, bounds, strict=True)]
    minutes, hours, days, months, weekdays = sets
    has_star = fields[2].startswith("*") or fields[4].startswith("*")
    at = after.astimezone(UTC).replace(second=0, microsecond=0)
    found: list[datetime] = []
    while len(found) < count and at.year < 2110:
        at += _A_MINUTE
        wall = at.astimezone(ZoneInfo(zone))
        is_day, is_weekday = wall.day in days, wall.isoweekday() % 7 in weekdays
        fits = (is_day and is_weekday) if has_star else (is_day or is_weekday)
        if wall.month not in months or not fits:
            # Days are skipped whole but for their last hours, in which a clock may be changed.
            noon = datetime.combine(wall.date(), time(20), wall.tzinfo).astimezone(UTC)
            at = max(at, noon)
        elif wall.hour not in hours:
            at += timedelta(
                minutes=14 - at.minute % 15
            )  # clocks are changed by quarters of an hour
        elif wall.minute in minutes:
            found.append(at)
    return found


def systemd(lines: list[str], after: datetime, count: int) -> list[datetime]:
    """`systemd-analyze calendar`; what several lines say at once happens once."""
    found: set[datetime] = set()
    begin = f"{after.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    for line in lines:
        done = subprocess.run(
            ["systemd-analyze", "calendar", f"--iterations={count}", f"--base-time={begin}", line],
            capture_output=True,
            text=True,
            env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
        )
        assert done.returncode == 0, done.stderr
        for stamp in re.findall(r"(?:elapse|Iter. #\d+): \w+ ([\d-]+ [\d:]+) UTC", done.stdout):
            found.add(datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))
    return sorted(found)[:count]


def eventbridge(expression: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """EventBridge Scheduler, as documented: a time that is left out is left out, one that comes twice runs once."""
    match = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)", expression)
    assert match
    assert (match[3] == "?") != (match[5] == "?")
    minutes, hours = _read(match[1], 0, 59), _read(match[2], 0, 23)
    days, months = _read(match[3].replace("?", "*"), 1, 31), _read(match[4], 1, 12)
    weekdays = _read(match[5].replace("?", "*"), 1, 7)  # from Sunday

    def fits(day: date) -> bool:
        is_weekday = day.isoweekday() % 7 + 1 in weekdays
        return day.day in days and day.month in months and is_weekday

    return list(islice(_clock_times(fits, hours, minutes, ZoneInfo(zone), after), count))


def azure(trigger: dict[str, Any], after: datetime, count: int) -> list[datetime]:
    """Azure ML, as documented: of a cron it ignores day and month."""
    zone = ZoneInfo(win_tz[trigger["time_zone"]])
    if trigger["type"] == "recurrence":
        assert (trigger["frequency"], trigger["interval"]) == ("month", 1)
        pattern = trigger["schedule"]
        hours, minutes = set(pattern["hours"]), set(pattern["minutes"])
        chosen = set(pattern["month_days"])
        times = _clock_times(lambda day: day.day in chosen, hours, minutes, zone, after)
    else:
        fields = trigger["expression"].split()
        weekdays = _read(fields[4], 0, 6)
        times = _clock_times(
            lambda day: day.isoweekday() % 7 in weekdays,
            _read(fields[1], 0, 23),
            _read(fields[0], 0, 59),
            zone,
            after,
        )
    return list(islice(times, count))


def _clock_times(
    fits: Any, hours: set[int], minutes: set[int], zone: ZoneInfo, after: datetime
) -> Iterator[datetime]:
    day = after.astimezone(zone).date() - timedelta(days=1)
    while day.year < 2110:
        for hour in sorted(hours) if fits(day) else ():
            for minute in sorted(minutes):
                moment = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
                back = moment.astimezone(zone)
                if moment > after and (back.hour, back.minute) == (hour, minute):
                    yield moment
        day += timedelta(days=1)


def _read(field: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin, end = (low, high) if span == "*" else (int(first), int(last or first))
        assert low <= begin <= end <= high
        found.update(range(begin, end + 1, int(step or 1)))
    return found


def _unique(moments: Any) -> Iterator[datetime]:
    last = None
    for moment in moments:
        if moment != last:
            yield moment
        last = moment
