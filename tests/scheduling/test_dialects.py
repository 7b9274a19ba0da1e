"""A schedule runs at the same times on every system that takes it: random ones, in random zones, fifty times."""

import contextlib
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import elsewhere_clocks
import pytest
import waiting
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from nbops.scheduling.dialects.azure import as_azure
from nbops.scheduling.dialects.croniter import as_croniter
from nbops.scheduling.dialects.eventbridge import as_eventbridge
from nbops.scheduling.dialects.github import as_github
from nbops.scheduling.dialects.kubeflow import as_kubeflow
from nbops.scheduling.dialects.kubernetes import as_kubernetes
from nbops.scheduling.dialects.posix import as_cron
from nbops.scheduling.dialects.systemd import as_on_calendar
from nbops.scheduling.schedule import (
    DAYS,
    HOURS,
    MINUTES,
    MONTHS,
    WEEKDAYS,
    Schedule,
    Times,
    Unsayable,
    read_schedule,
)
from nbops.scheduling.times import next_times
from nbops.scheduling.zones import find_changes

_COUNT = 50
_LAST_YEAR = 2080  # changes of clocks are looked for that far
_NOW = datetime.now(UTC).replace(second=0, microsecond=0)
_ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Europe/London", "Asia/Kolkata", "Asia/Tokyo"),
    # At midnight, by half an hour, by two, in Ramadan, in the south, with quarters of an hour.
    *("America/Havana", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca"),
    *("America/Santiago", "Pacific/Chatham", "Africa/Cairo", "Asia/Beirut", "Etc/GMT+5"),
)

Reader = Callable[[Schedule, datetime, int], list[datetime]]
_SYSTEMS: dict[str, Reader] = {
    "cron": lambda s, after, n: waiting.debian_cron(as_cron(s)[0], s.timezone, after, n),
    "github": lambda s, after, n: waiting.debian_cron(*as_github(s), after, n),
    "kubernetes": lambda s, after, n: waiting.robfig(*as_kubernetes(s), after, n),
    "kubeflow": lambda s, after, n: waiting.debian_cron(as_kubeflow(s), "UTC", after, n),
    "eventbridge": lambda s, after, n: waiting.eventbridge(*as_eventbridge(s), after, n),
    "systemd": lambda s, after, n: waiting.systemd(as_on_calendar(s), after, n),
    "airflow": lambda s, after, n: elsewhere_clocks.airflow(*as_croniter(s, "Airflow"), after, n),
    "jupyter-scheduler": lambda s, after, n: elsewhere_clocks.jupyter_scheduler(
        *as_croniter(s, "jupyter-scheduler"), after, n
    ),
    "azure": lambda s, after, n: waiting.azure(as_azure(s), after, n),
}


def _parts(full: tuple[int, ...]) -> st.SearchStrategy[tuple[int, ...]]:
    some = st.sets(st.sampled_from(full), min_size=1, max_size=5).map(lambda s: tuple(sorted(s)))
    steps = st.integers(2, max(2, len(full) // 2)).map(lambda step: full[::step])
    return st.one_of(st.just(full), some, steps)


_times = st.builds(
    Times, _parts(MINUTES), _parts(HOURS), _parts(DAYS), _parts(MONTHS), _parts(WEEKDAYS)
).filter(lambda times: times.is_possible)
# What people schedule: nothing restricts day or month in most.
_plain = st.builds(
    Times, _parts(MINUTES), _parts(HOURS), st.just(DAYS), st.just(MONTHS), _parts(WEEKDAYS)
)


@st.composite
def _cases(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    """A schedule, and a moment: shortly before the zone's clock is changed, in half of them."""
    zone = draw(st.sampled_from(_ZONES))
    schedule = Schedule(draw(st.one_of(_plain, _times)), zone)
    ahead = timedelta(minutes=draw(st.integers(0, 3 * 24 * 60)))
    changes = [c for c in find_changes(zone, _NOW.year) if c.start.year > _NOW.year][:12]
    if changes and draw(st.booleans()):
        return schedule, draw(st.sampled_from(changes)).start.replace(tzinfo=UTC) - ahead
    return schedule, _NOW + ahead * 100


def _changed(times: Times, *, is_gap: bool, minutes: int = 180) -> tuple[Schedule, datetime]:
    """A schedule in Berlin, an hour before the clock leaves its time out, or has it twice; 30: in the second."""
    changes = find_changes("Europe/Berlin", _NOW.year)
    [change] = [c for c in changes if c.is_gap == is_gap and c.start.year == _NOW.year + 1][:1]
    before = change.start.replace(tzinfo=UTC) - timedelta(minutes=minutes)
    return Schedule(times, "Europe/Berlin"), before


@pytest.mark.parametrize("system", _SYSTEMS)
# What random ones meet too seldom.
@example(case=_changed(Times(MINUTES[::2], HOURS[::2]), is_gap=False, minutes=30))
@example(case=_changed(Times((30,), (2,)), is_gap=True))
@example(case=_changed(Times(MINUTES, (2,)), is_gap=False))
@example(case=_changed(Times(MINUTES, (2,)), is_gap=True))
@settings(
    max_examples=80,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(case=_cases())
def test_a_system_that_takes_a_schedule_runs_it_at_the_same_fifty_times(
    system: str, case: tuple[Schedule, datetime]
) -> None:
    if system == "systemd" and not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd here")
    schedule, after = case
    # cronsim loses half an hour of Lord Howe's where the clock is put back, and, where one minute of each hour is
    # meant, the second of two hours.
    assume(
        system != "cron"
        or schedule.times.follows_clock
        or (schedule.timezone != "Australia/Lord_Howe" and len(schedule.times.minutes) > 1)
    )
    moments = [moment.astimezone(UTC) for moment in next_times(schedule, after, _COUNT)]
    meant = [moment for moment in moments if moment.year < _LAST_YEAR]
    with contextlib.suppress(Unsayable):
        assert _SYSTEMS[system](schedule, after, len(meant)) == meant


@pytest.mark.parametrize("system", _SYSTEMS)
def test_each_system_takes_plain_schedules(system: str) -> None:
    for text in ("every day at 07:00", "every 15 minutes", "every weekday at 6:30"):
        schedule = read_schedule(text, "UTC")
        assert _SYSTEMS[system](schedule, _NOW, 3) == next_times(schedule, _NOW, 3)


_WRITERS: dict[str, tuple[Callable[[Schedule], object], float]] = {
    "cron": (as_cron, 1.0),
    "github": (as_github, 0.98),
    "kubernetes": (as_kubernetes, 0.98),
    "eventbridge": (as_eventbridge, 0.98),
    "systemd": (as_on_calendar, 0.98),
    "airflow": (lambda schedule: as_croniter(schedule, "Airflow"), 0.93),
    "azure": (as_azure, 0.85),  # which has no months
    "kubeflow": (as_kubeflow, 0.5),  # which has no zone but UTC
}


@pytest.mark.parametrize("system", _WRITERS)
def test_what_people_schedule_is_hardly_ever_refused(system: str) -> None:
    write, least = _WRITERS[system]
    ours = random.Random(7)
    taken = [_is_taken(write, _usual(ours)) for _ in range(300)]
    assert sum(taken) / len(taken) >= least


def _usual(ours: random.Random) -> Schedule:
    """A schedule as people write it, in a zone that many live in."""
    at = f"{ours.randrange(24)}:{ours.choice((0, 7, 15, 30, 45)):02}"
    hour, minute = at.split(":")
    text = ours.choice(
        (
            *(f"every day at {at}", f"every weekday at {at}", "every 15 minutes", "hourly"),
            *(f"every monday and thursday at {at}", f"{int(minute)} {hour} 1 * *"),
            *(f"{int(minute)} */{ours.choice((2, 3, 6))} * * *", "*/10 9-17 * * 1-5"),
            f"{int(minute)} {hour} 1 1,4,7,10 *",
        )
    )
    return read_schedule(text, ours.choice(_ZONES[:6]))


def _is_taken(write: Callable[[Schedule], object], schedule: Schedule) -> bool:
    try:
        write(schedule)
    except Unsayable:
        return False
    return True
