"""Lines of this user's crontab: cron does the waiting."""

import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nbops.errors import UsageError
from nbops.locks import briefly_locked
from nbops.scheduling.dialects.fields import write_field
from nbops.scheduling.dialects.posix import as_cron
from nbops.scheduling.schedule import MINUTES, Schedule
from nbops.scheduling.zones import (
    find_changes,
    have_same_clock,
    read_daemon_zone,
    read_local_zone,
)
from nbops.workspace import runtime_home

_PATIENCE_S = 30.0


def is_there() -> bool:
    """Whether there is a cron to install to."""
    return shutil.which("crontab") is not None


def write_lines(schedule: Schedule, command: list[str], catch_up: str) -> list[str]:
    """The lines of a job: its times; one a minute that looks at files; what looks for missed runs.

    Cron knows the machine's zone only. In another one the command is started at these minutes of every hour,
    and goes on only when it is time.
    """
    call = " ".join(shlex.quote(word) for word in command).replace("%", r"\%")  # cron's line feed
    lines = [f"{fields} {call}" for fields in _fields(schedule)]
    if schedule.times is not None and catch_up != "none":
        # After the machine was off, and after it slept.
        lines += [f"@reboot {call} --missed", f"{_quiet_minute(call)} * * * * {call} --missed"]
    if schedule.watched:
        lines.append(f"* * * * * {call} --changed")
    return lines


def install(name: str, about: str, lines: list[str]) -> None:
    """Put a job's lines into the crontab, in place of those that it had.

    Raises
    ------
    UsageError
        There is no crontab, or it refuses.
    """
    with briefly_locked(runtime_home() / "crontab.lock"):  # two commands at once lose no lines
        kept = _without(name, _read())
        block = [f"# nbops {name}: {about}", *lines, f"# nbops {name} ends"]
        _write([*kept, *block])


def remove(name: str) -> None:
    """Take a job's lines out of the crontab; all others stay as they are."""
    with briefly_locked(runtime_home() / "crontab.lock"):
        lines = _read()
        kept = _without(name, lines)
        if kept != lines:
            _write(kept)


def is_running() -> bool | None:
    """Whether a cron daemon seems to run; None when that cannot be told."""
    import psutil

    try:
        return any(
            process.info["name"] in ("cron", "crond") for process in psutil.process_iter(["name"])
        )
    except psutil.Error:
        return None


def _fields(schedule: Schedule) -> list[str]:
    here, there = read_local_zone(), schedule.timezone
    zones = {here, read_daemon_zone() or here}  # a shell's $TZ need not be the daemon's
    times, year = schedule.times, datetime.now(UTC).year
    if times is None or all(have_same_clock(zone, there, year) for zone in zones):
        return as_cron(schedule)
    moments = [datetime(year, 1, 1, tzinfo=UTC)]
    for zone in (*zones, there):
        for change in find_changes(zone, year):
            around = (change.start - timedelta(days=1), change.end + timedelta(days=1))
            moments += [moment.replace(tzinfo=UTC) for moment in around]
    apart = {_minutes_apart(moment, zone, there) for moment in moments for zone in zones}
    minutes = tuple(sorted({(minute + shift) % 60 for minute in times.minutes for shift in apart}))
    return [f"{write_field(minutes, MINUTES, with_star=True)} * * * *"]


def _minutes_apart(moment: datetime, here: str, there: str) -> int:
    offsets = [moment.astimezone(ZoneInfo(zone)).utcoffset() for zone in (here, there)]
    return int(((offsets[0] or timedelta()) - (offsets[1] or timedelta())).total_seconds()) // 60


def _quiet_minute(call: str) -> int:
    """A minute that is other for each job, so that they do not all look at once."""
    return sum(map(ord, call)) % 60


def _without(name: str, lines: list[str]) -> list[str]:
    kept, is_inside = [], False
    for line in lines:
        if line.startswith(f"# nbops {name}: "):
            is_inside = True
        elif is_inside and line == f"# nbops {name} ends":
            is_inside = False
        elif not is_inside:
            kept.append(line)
    return kept


def _read() -> list[str]:
    done = _call(["-l"])
    if done.returncode and "no crontab" not in done.stderr:
        raise UsageError(
            f"The crontab cannot be read: {done.stderr.strip()}.", "Is cron.allow yours?"
        )
    return done.stdout.splitlines()


def _write(lines: list[str]) -> None:
    if not lines:
        _call(["-r"])
        return
    done = _call(["-"], "\n".join(lines) + "\n")
    if done.returncode:
        said = re.sub(r"\s+", " ", done.stderr).strip()
        raise UsageError(f"The crontab was not changed: {said}.", "crontab -l shows it.")


def _call(arguments: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["crontab", *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(
            "There is no crontab on this machine.",
            "Install cron (Debian: apt install cron), or take --on systemd.",
        ) from error
