"""What a person may type as a schedule, and what is said to one who typed something else."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.errors import UsageError
from nbops.scheduling.schedule import DAYS, HOURS, MINUTES, MONTHS, WEEKDAYS, Times, read_schedule
from nbops.scheduling.times import next_times
from nbops.scheduling.wording import show_words

_SAME = {
    "every day at 07:00": "0 7 * * *",
    "daily at 7am": "0 7 * * *",
    "@daily": "0 0 * * *",
    "every weekday at 6:30": "30 6 * * 1-5",
    "every 15 minutes": "*/15 * * * *",
    "hourly": "0 * * * *",
    "every hour at :15": "15 * * * *",
    "every 6 hours": "0 0,6,12,18 * * *",
    "every Monday and Thursday at 18:00": "0 18 * * MON,THU",
    "mondays, wednesdays and fridays at noon": "0 12 * * 1,3,5",
    "friday to sunday at 5 pm": "0 17 * * FRI-SUN",
    "every weekend at midnight": "0 0 * * 0,6",
    "on the 1st of every month at 5am": "0 5 1 * *",
    "on the 1st and 15th of January and July at 04:00": "0 4 1,15 1,7 *",
    "every weekday in december at 9": "0 9 * 12 1-5",
    "on the 13th of every month and every friday at 6pm": "0 18 13 * 5",
    "every 15 minutes between 9:00 and 16:45 on weekdays": "*/15 9-16 * * 1-5",
    "every day at 07:00 and 19:00": "0 7,19 * * *",
    "weekly": "@weekly",
    "30 6 * * 7": "30 6 * * 0",
    "30 6 * * 5-7": "30 6 * * 0,5,6",
    "5/20 * * * *": "5,25,45 * * * *",
    # Both are lists to cron, one of them always fits, and one is enough.
    "0 0 1-31 * 1": "0 0 * * *",
}
_WRONG = {
    "evry day": "did you mean 'every' by 'evry'",
    "every mondy at 7": "did you mean 'monday' by 'mondy'",
    "every day at 25:00": "there is no '25:00' on the clock",
    "every day at 13pm": "there is no '13pm' on the clock",
    "every 7 minutes": "These do: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30",
    "every day at 07:00 and 19:30": "Make two schedules",
    "every 15 minutes between 9 and 17": "between 9:00 and 17:45",
    "on the 32nd of every month": "there is no day 32",
    "every solstice": "'every solstice' is no schedule.",
    "every 2 hours at 7:00": "says how often, and a time",
    "hourly at 9am": "says how often, and a time",
    "every day at 7:00 between 9:00 and 17:00": "says a time, and from when to when",
    "": "Such as 'every day at 07:00'",
    "0 0 31 2 *": "never comes",
    "0 0 31 4,6,9,11 *": "never comes",
    "61 * * * *": "'61' is no minute. It is *, 0 to 59",
    "0 0 * * FUN": "'FUN' is no weekday",
    "0 0 1 13 *": "'13' is no month",
    "*/0 * * * *": "'*/0' is no minute",
    "10-5 * * * *": "'10-5' is no minute",
    "* * * * * *": "has 6 fields",
    "@reboot": "There are @yearly",
    "0 0 */2 * 1": "Write '1-31/2' to run on days that fit either",
    "0 0 13 * */2": "Write '0-6/2'",
}


@pytest.mark.parametrize("text", _SAME)
def test_words_and_cron_mean_the_same(text: str) -> None:
    assert read_schedule(text, "UTC") == read_schedule(_SAME[text], "UTC")


@pytest.mark.parametrize("text", _WRONG)
def test_what_is_no_schedule_is_told_in_one_line_with_the_way_out(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_schedule(text, "UTC")
    assert _WRONG[text] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint or "did you mean" in str(caught.value) or "never" in str(caught.value)


def test_files_are_watched_alone_or_beside_times() -> None:
    alone = read_schedule("when data/raw/*.csv changes", "UTC")
    assert (alone.times, alone.watched) == (None, ("data/raw/*.csv",))
    both = read_schedule("every day at 07:00, or when Data/A.csv and b.csv change", "UTC")
    assert both == replace(read_schedule("0 7 * * *", "UTC"), watched=("Data/A.csv", "b.csv"))
    assert next_times(alone, datetime.now().astimezone(), 3) == []


@pytest.mark.parametrize("name", ["Europe/Berlinn", "Berlin", "", "../etc", "Europe"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="There is no time zone"):
        read_schedule("@daily", name)


def test_a_zone_is_proposed_to_who_names_a_city() -> None:
    with pytest.raises(UsageError, match="Did you mean Europe/Berlin?"):
        read_schedule("@daily", "berlin")
    with pytest.raises(UsageError, match="Did you mean Asia/Kolkata?"):
        read_schedule("@daily", "Asia/Kolkatta")
    with pytest.raises(UsageError, match="Such as Europe/Berlin"):
        read_schedule("@daily", "Mars/Base")


def test_without_a_zone_it_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert read_schedule("@daily").timezone == "Asia/Tokyo"


def test_a_time_that_the_clock_leaves_out_comes_when_it_goes_on() -> None:
    schedule = read_schedule("every day at 02:30", "Europe/Berlin")
    before = datetime.fromisoformat("2027-03-27T12:00:00+01:00")
    first, second = next_times(schedule, before, 2)
    assert first.isoformat() == "2027-03-28T03:00:00+02:00"
    assert second.isoformat() == "2027-03-29T02:30:00+02:00"


def test_a_time_that_comes_twice_runs_once() -> None:
    schedule = read_schedule("every day at 02:30", "Europe/Berlin")
    before = datetime.fromisoformat("2027-10-30T12:00:00+02:00")
    first, second = next_times(schedule, before, 2)
    assert first.isoformat() == "2027-10-31T02:30:00+02:00"
    assert second.isoformat() == "2027-11-01T02:30:00+01:00"


@pytest.mark.parametrize("begin", ["2027-03-28T00:00:00+01:00", "2027-10-31T00:00:00+02:00"])
def test_every_hour_is_every_hour_when_clocks_are_changed(begin: str) -> None:
    times = next_times(read_schedule("hourly", "Europe/Berlin"), datetime.fromisoformat(begin), 6)
    stamps = [moment.timestamp() for moment in times]
    assert [later - earlier for earlier, later in pairwise(stamps)] == [3600] * 5


def test_29_february_is_waited_for() -> None:
    schedule = read_schedule("0 0 29 2 *", "UTC")
    after = datetime.fromisoformat("2097-01-01T00:00:00+00:00")
    assert [moment.year for moment in next_times(schedule, after, 2)] == [2104, 2108]


def _some(full: tuple[int, ...]) -> st.SearchStrategy[tuple[int, ...]]:
    some = st.sets(st.sampled_from(full), min_size=1).map(lambda chosen: tuple(sorted(chosen)))
    return st.one_of(st.just(full), some, st.sampled_from([full[::2], full[:1], full[:3]]))


@settings(deadline=None, database=None)
@given(st.builds(Times, *map(_some, (MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS))))
def test_what_is_shown_is_read_as_the_same(times: Times) -> None:
    shown = show_words(replace(read_schedule("@daily", "UTC"), times=times))
    if times.is_possible and not (times.means_either_day and times.months != MONTHS):
        assert read_schedule(shown.removeprefix("cron "), "UTC").times == times


def test_weeks_are_not_lost_between_two_moments() -> None:
    schedule = read_schedule("@weekly", "America/Havana")  # its clock is changed at midnight
    after = datetime.fromisoformat("2027-01-01T00:00:00-05:00")
    times = next_times(schedule, after, 52)
    assert {later.date() - earlier.date() for earlier, later in pairwise(times)} == {
        timedelta(days=7)
    }
