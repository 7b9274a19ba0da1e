"""The system's own `crontab`, on a table that is nobody else's.

Run as a program it installs the package where it may: exit code 0, or 3 when there is none and tests that need
one are left out.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_REAL = shutil.which("crontab", path="/usr/bin:/bin")
_USER = "games"
"""Of Debian; has no table, and nothing runs as it."""


def find_crontab() -> str | None:
    """The real program, where a table apart from this user's can be had: as root."""
    return _REAL if _REAL and os.geteuid() == 0 else None


class Crontab:
    """A `crontab` to be put first into the path, which is the real one, for another user."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        program = folder / "crontab"
        program.write_text(f'#!/bin/sh\nexec {_REAL} -u {_USER} "$@"\n')
        program.chmod(0o755)

    def read(self) -> list[str]:
        done = subprocess.run([_REAL, "-u", _USER, "-l"], capture_output=True, text=True)
        return done.stdout.splitlines()

    def write(self, text: str) -> None:
        subprocess.run([_REAL, "-u", _USER, "-"], input=text, text=True, check=True)

    def clear(self) -> None:
        subprocess.run([_REAL, "-u", _USER, "-r"], capture_output=True)


def main() -> int:
    if _REAL is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing cron for the tests of schedules ...", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", "cron"]):
            command = ["apt-get", "-qq", *words]
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=quiet)
    if shutil.which("crontab", path="/usr/bin:/bin"):
        return 0
    print("No cron here: its tests are left out. To run them: apt install cron")
    return 3


if __name__ == "__main__":
    sys.exit(main())
