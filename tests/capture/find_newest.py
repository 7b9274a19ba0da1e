"""Print the newest Python of this machine that is newer than this one; exit code 3 when there is none."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_AHEAD = 10
"""Versions after this one that are looked for by name."""

_ASK = "import sys; v = sys.version_info; print(v.major, v.minor, v.micro, v.releaselevel)"


def candidates() -> Iterator[str]:
    """On the path, and where pyenv and uv keep theirs; pyenv's names on the path may lead nowhere."""
    for minor in range(sys.version_info.minor + 1, sys.version_info.minor + _AHEAD):
        yield from filter(None, [shutil.which(f"python3.{minor}")])
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    for folder in (pyenv / "versions", data / "uv/python"):
        yield from map(str, folder.glob("*3.*/bin/python3"))


def version_of(python: str) -> tuple[int, ...]:
    """Its version; nothing when it does not start, or is no release."""
    told = subprocess.run([python, "-c", _ASK], check=False, capture_output=True, text=True)
    *numbers, level = told.stdout.split() or ["none"]
    return tuple(map(int, numbers)) if level == "final" else ()


def main() -> int:
    version, python = max(((version_of(one), one) for one in set(candidates())), default=((), ""))
    if version[:2] > sys.version_info[:2]:
        print(python)
        return 0
    mine = ".".join(map(str, sys.version_info[:2]))
    print(f"No Python newer than {mine} here: capture is tested on this one.", file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())
