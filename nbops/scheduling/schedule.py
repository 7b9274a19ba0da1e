"""When something runs: one form, whatever a person typed and whatever system it goes to."""

from dataclasses import dataclass
from typing import Literal

from nbops.errors import UsageError

MINUTES = tuple(range(60))
HOURS = tuple(range(24))
DAYS = tuple(range(1, 32))
MONTHS = tuple(range(1, 13))
WEEKDAYS = tuple(range(7))
WEEKDAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


CatchUp = Literal["none", "last", "all"]
"""Of runs that were missed: which are made up for."""


class Unsayable(UsageError):
    """A system cannot say this schedule; the message tells why, the hint the way out."""


@dataclass(frozen=True)
class Times:
    """Minutes of a calendar, each part sorted; one that holds all its values restricts nothing.

    A day fits when it fits `days` and `weekdays`; where both restrict, when it fits either, as POSIX's
    crontab has it.

    A time on the clock that does not exist, since the clock was put forward, comes as soon as the clock goes
    on; one that comes twice counts once. Where hours, or minutes, are unrestricted ("every 15 minutes"), the
    time that passes counts instead: nothing is made up for, and an hour that comes twice has its times twice.
    So does Debian's cron.
    """

    minutes: tuple[int, ...] = MINUTES  # 0 to 59
    hours: tuple[int, ...] = HOURS  # 0 to 23
    days: tuple[int, ...] = DAYS  # 1 to 31
    months: tuple[int, ...] = MONTHS  # 1 to 12
    weekdays: tuple[int, ...] = WEEKDAYS  # 0 to 6, from Sunday

    @property
    def follows_clock(self) -> bool:
        """Whether it means times on the clock, rather than time that passes."""
        return self.minutes != MINUTES and self.hours != HOURS

    @property
    def is_of_a_clock(self) -> bool:
        """Whether a clock in another zone, by whole hours, would give other times."""
        parts = (self.hours, self.days, self.months, self.weekdays)
        return parts != (HOURS, DAYS, MONTHS, WEEKDAYS)

    @property
    def means_either_day(self) -> bool:
        """Whether days and weekdays both restrict, so that one of them is enough."""
        return self.days != DAYS and self.weekdays != WEEKDAYS

    @property
    def is_possible(self) -> bool:
        """Whether there is such a day: 31 February is none."""
        return self.weekdays != WEEKDAYS or any(
            day <= _LONGEST[month - 1] for day in self.days for month in self.months
        )


@dataclass(frozen=True)
class Schedule:
    """When something runs.

    Parameters
    ----------
    times
        None when only changes of files start it.
    timezone
        IANA's name of the zone whose clock is meant, such as `Europe/Berlin`.
    watched
        Patterns of files whose change starts it, relative to the project.
    """

    times: Times | None
    timezone: str
    watched: tuple[str, ...] = ()


def read_schedule(text: str, timezone: str | None = None) -> Schedule:
    """Read a schedule: five fields of cron, `@daily`, plain words, or `when data/*.csv changes`.

    Parameters
    ----------
    timezone
        IANA's name; this machine's zone when None.

    Raises
    ------
    UsageError
        It is none, it never comes, or there is no such zone.
    """
    from nbops.scheduling.crontab import is_crontab, read_crontab
    from nbops.scheduling.words import read_words
    from nbops.scheduling.zones import check_zone, read_local_zone

    text = " ".join(text.split())
    zone = read_local_zone() if timezone is None else check_zone(timezone)
    times: Times | None
    watched: tuple[str, ...] = ()
    if is_crontab(text):
        times = read_crontab(text)
    else:
        times, watched = read_words(text)
    if times is not None and not times.is_possible:
        raise UsageError(f"{text!r} never comes: no such day is in these months.")
    return Schedule(times, zone, watched)
