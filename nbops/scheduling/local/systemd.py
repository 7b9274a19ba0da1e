"""Units of this user's systemd: a service, a timer, and a path unit where files are watched."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from nbops.errors import UsageError
from nbops.scheduling.dialects.systemd import as_on_calendar
from nbops.scheduling.schedule import Schedule
from nbops.workspace import config_home
from nbops.writing import write_whole

_PATIENCE_S = 60.0


def is_there() -> bool:
    """Whether there is a systemd that runs units of this user."""
    if shutil.which("systemctl") is None:
        return False
    try:
        return call_systemctl("show-environment").returncode == 0
    except UsageError:
        return False


def write_units(
    name: str,
    about: str,
    schedule: Schedule,
    command: list[str],
    *,
    folders: Iterable[Path] = (),
    catch_up: str = "last",
) -> dict[str, str]:
    """Texts of the units, by file name.

    Parameters
    ----------
    folders
        Those whose files are watched.

    Raises
    ------
    Unsayable
        systemd cannot say the schedule.
    """
    unit = unit_of(name)
    call = " ".join(map(_quote, command))
    units = {f"{unit}.service": _service(about, call)}
    if schedule.times is not None:
        lines = "\n".join(f"OnCalendar={line}" for line in as_on_calendar(schedule))
        persistent = "false" if catch_up == "none" else "true"
        units[f"{unit}.timer"] = (
            f"[Unit]\nDescription=nbops: when {_plain(about)} runs\n\n"
            f"[Timer]\n{lines}\nAccuracySec=1s\nPersistent={persistent}\n\n"
            "[Install]\nWantedBy=timers.target\n"
        )
    if schedule.watched:
        lines = "\n".join(f"PathChanged={_escape(str(folder))}" for folder in folders)
        units[f"{unit}.files.service"] = _service(about, f"{call} --changed")
        units[f"{unit}.files.path"] = (
            f"[Unit]\nDescription=nbops: files that {_plain(about)} watches\n\n"
            f"[Path]\n{lines}\n\n[Install]\nWantedBy=default.target\n"
        )
    return units


def install(name: str, units: dict[str, str]) -> None:
    """Write units, and have systemd start what waits.

    Raises
    ------
    UsageError
        systemd refuses; nothing of the job is left.
    """
    remove(name)
    folder = units_home()
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in units.items():
        write_whole(folder / file, text.encode())
    waiting = [file for file in units if not file.endswith(".service")]
    try:
        _ask("daemon-reload")
        _ask("enable", "--now", *waiting)
    except UsageError:  # what is enabled would start with the next login
        call_systemctl("disable", "--now", *waiting)
        for file in units:
            (folder / file).unlink(missing_ok=True)
        call_systemctl("daemon-reload")
        raise


def renew_watch(name: str, units: dict[str, str]) -> bool:
    """Have systemd watch what a path unit says now; whether that is something else than before."""
    path = units_home() / f"{unit_of(name)}.files.path"
    text = units[path.name].encode()
    if not path.exists() or path.read_bytes() == text:
        return False
    write_whole(path, text)
    _ask("daemon-reload")
    _ask("restart", path.name)
    return True


def remove(name: str) -> None:
    """Stop what waits for a job, and remove its units."""
    unit = unit_of(name)
    files = [
        path
        for ending in (".timer", ".files.path", ".files.service", ".service")
        if (path := units_home() / f"{unit}{ending}").exists()
    ]
    waiting = [path.name for path in files if path.suffix != ".service"]
    if waiting:
        _ask("disable", "--now", *waiting)
    for path in files:
        path.unlink()
    if files:
        _ask("daemon-reload")


def lingers() -> bool:
    """Whether this user's units run while nobody is logged in."""
    import getpass

    return Path("/var/lib/systemd/linger", getpass.getuser()).exists()


def units_home() -> Path:
    """Where systemd looks for a user's units."""
    return config_home().parent / "systemd" / "user"


def unit_of(name: str) -> str:
    return f"nbops-{name}"


def call_systemctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `systemctl --user`.

    Raises
    ------
    UsageError
        There is none, or it hangs.
    """
    try:
        return subprocess.run(
            ["systemctl", "--user", *arguments],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError("systemctl does not answer.", "Take --on cron.") from error


def _ask(*arguments: str) -> None:
    done = call_systemctl(*arguments)
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise UsageError(f"systemctl --user {arguments[0]} failed: {said}", "Or take --on cron.")


def _service(about: str, call: str) -> str:
    return (
        f"[Unit]\nDescription=nbops: {_plain(about)}\nStartLimitIntervalSec=0\n\n"
        f"[Service]\nType=oneshot\nExecStart={call}\nTimeoutStartSec=infinity\n"
    )


def _quote(word: str) -> str:
    """A word of ExecStart, which systemd reads nearly as a shell does."""
    escaped = _escape(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"' if any(c in escaped for c in " \t'\";\\") or not escaped else escaped


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _plain(text: str) -> str:
    return _escape(" ".join(text.split())).rstrip("\\")
