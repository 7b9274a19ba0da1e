"""Time zones: which there are, which one this machine is in, and when their clocks are changed."""

import difflib
import os
import warnings
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from nbops.errors import UsageError


class Change(NamedTuple):
    """A zone's clock is put forward or back.

    Parameters
    ----------
    start, end
        Times on the clock that do not exist, or come twice, without a zone; `end` is the first that is not
        among them.
    """

    start: datetime
    end: datetime
    is_gap: bool


def check_zone(name: str) -> str:
    """IANA's name of a zone.

    Raises
    ------
    UsageError
        There is no such zone.
    """
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # a folder of zones, "", none of these
        raise _unknown(name) from error
    return name


def _unknown(name: str) -> UsageError:
    by_end = {zone.rpartition("/")[2].lower(): zone for zone in sorted(available_timezones())}
    city = name.rpartition("/")[2].replace(" ", "_").lower()
    near = difflib.get_close_matches(city, by_end, 1, cutoff=0.75)
    hint = f"Did you mean {by_end[near[0]]}?" if near else "Such as Europe/Berlin, or UTC."
    return UsageError(f"There is no time zone {name!r}.", hint)


def read_local_zone() -> str:
    """IANA's name of this machine's zone.

    Raises
    ------
    UsageError
        The machine does not name it.
    """
    given = os.environ.get("TZ", "").lstrip(":")  # tzlocal keeps what it saw first
    if given and not given.startswith("/"):
        return check_zone(given)
    import tzlocal

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a machine without /etc/localtime is in UTC
        try:
            name = tzlocal.get_localzone_name()
        except (LookupError, OSError, ValueError):
            name = None
    if not name:
        hint = "Say it: --timezone Europe/Berlin"
        raise UsageError("This machine does not name its time zone.", hint)
    return str(name)


def read_daemon_zone() -> str | None:
    """The zone of programs that no shell started: /etc/localtime's; None when it names none."""
    name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    return name if name in available_timezones() else None


@lru_cache
def find_changes(name: str, year: int, years: int = 60) -> tuple[Change, ...]:
    """When a zone's clock is put forward or back, in `years` years from the begin of `year`."""
    zone = ZoneInfo(name)
    moment, week = datetime(year, 1, 1, tzinfo=UTC), timedelta(days=7)  # none is undone in a week
    found = []
    while moment.year < year + years:
        before, after = moment, moment + week
        old, new = _offset(before, zone), _offset(after, zone)
        if old != new:
            while after - before > timedelta(seconds=1):
                middle = before + (after - before) // 2
                middle = middle.replace(microsecond=0)
                before, after = (
                    (middle, after) if _offset(middle, zone) == old else (before, middle)
                )
            wall = after.replace(tzinfo=None)
            found.append(Change(wall + min(old, new), wall + max(old, new), new > old))
        moment += week
    return tuple(found)


def have_same_clock(one: str, other: str, year: int) -> bool:
    """Whether two zones show the same time from the begin of a year on."""
    begin = datetime(year, 1, 1, tzinfo=UTC)
    return find_changes(one, year) == find_changes(other, year) and (
        _offset(begin, ZoneInfo(one)) == _offset(begin, ZoneInfo(other))
    )


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
