"""PostgreSQL of the system's own package, started in a folder of its own.

Run as a program it installs the package where it may: exit code 0, or 3 when there is none and tests that need
one are left out.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from processes import free_port

_WHERE = Path("/usr/lib/postgresql")
"""Debian keeps the server's programs of each version here, out of the path."""


def find_programs() -> Path | None:
    """Folder of `initdb` and `pg_ctl`, of the newest version."""
    found = sorted(_WHERE.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    there = found[-1] if found else shutil.which("initdb")
    return Path(there).parent if there else None


class Postgresql:
    """A server that trusts whoever may open its socket; it and its data are gone at the end."""

    def __init__(self) -> None:
        programs = find_programs()
        assert programs, "no PostgreSQL: apt install postgresql"
        self._programs = programs
        self._port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="nbops-pg-"))
        self._as = []
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            user = pwd.getpwnam("postgres")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            self._as = ["runuser", "-u", "postgres", "--"]

    @property
    def uri(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"

    def __enter__(self) -> Self:
        self._call("initdb", "--username", "postgres", "--auth", "trust", "--no-sync")
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c fsync=off"
        options += f" -c unix_socket_directories={self._folder}"
        self._call("pg_ctl", "--wait", "--log", f"{self._folder}/log", "-o", options, "start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._call("pg_ctl", "--mode", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _call(self, program: str, *words: str) -> None:
        command = [*self._as, str(self._programs / program), "-D", f"{self._folder}/data", *words]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


def install() -> None:
    """Install the system's own package, which takes root."""
    print("Installing PostgreSQL for the tests of tracking servers ...", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]):
        command = ["apt-get", "-qq", *words]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=quiet)


def main() -> int:
    if not find_programs() and os.geteuid() == 0 and shutil.which("apt-get"):
        install()
    if find_programs():
        return 0
    print("No PostgreSQL here: its tests are left out. To run them: apt install postgresql")
    return 3


if __name__ == "__main__":
    sys.exit(main())
