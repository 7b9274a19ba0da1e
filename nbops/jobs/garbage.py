"""Garbage of processes that load much and hold it: a million objects of MLflow are none, however often they are looked at."""

import gc

_NEW_OBJECTS = 100_000
"""So many have come since the last look at the youngest; Python's own 700 cost a fifth of loading MLflow."""


def collect_rarely() -> None:
    """Look for garbage less often from now on; before much is loaded."""
    gc.set_threshold(_NEW_OBJECTS, 50, 100)


def keep_loaded() -> None:
    """Look no more at what is there by now; before a process ends that saves it most of a second."""
    gc.freeze()
