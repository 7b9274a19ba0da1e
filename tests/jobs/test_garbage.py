"""Processes of nbops' own look for garbage seldom, and not in what they have loaded when they end."""

import subprocess
import sys

_TOLD = """
import atexit, gc, sys
from nbops.cli import main
sys.argv = ["nbops", "params", "--help"]
atexit.register(lambda: print(gc.get_threshold()[0], gc.get_freeze_count(), file=sys.stderr))
main()
"""


def test_a_command_ends_without_a_look_at_what_it_loaded():
    command = [sys.executable, "-c", _TOLD]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    threshold, kept = map(int, done.stderr.split())
    assert threshold > 10_000
    assert kept > 10_000
