"""Say whether the browser tests can run: exit code 0, or 3 when there is no Chromium."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def install_chromium() -> None:
    """Install the system's own package, which takes root."""
    print("Installing Chromium for the browser tests ...", flush=True)
    for words in (["update"], ["install", "--yes", "chromium"]):
        subprocess.run(["apt-get", "-qq", *words], check=False, stdout=subprocess.DEVNULL)


def main() -> int:
    if not find_chromium() and os.geteuid() == 0 and shutil.which("apt-get"):
        install_chromium()
    if find_chromium():
        return 0
    what = "No Chromium here: the browser tests are left out"
    print(f"{what}. To run them: apt install chromium, or CHROMIUM=/path make test-browser")
    # Where nothing may be left out, pytest is started all the same, and fails.
    return 0 if os.environ.get("NBOPS_ALL_TESTS") else 3


if __name__ == "__main__":
    sys.exit(main())
