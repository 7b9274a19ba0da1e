"""Digest of a frame in memory, beside MLflow's and pandas' own."""

import time
from collections.abc import Callable
from statistics import median

from table import Line, spread_of

_ROWS = 5_000_000
_REPEATS = 3


def _timed(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def measure() -> list[Line]:
    """Integers, floats, dates and a category of 5 million rows; each in turn."""
    import mlflow.data.pandas_dataset
    import numpy as np
    import pandas as pd

    from nbops.digests import digest_frame

    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": random.integers(0, 10**9, _ROWS),
            "value": random.random(_ROWS),
            "at": pd.date_range("2020", periods=_ROWS, freq="s"),
            "kind": pd.Categorical.from_codes(random.integers(0, 5, _ROWS), list("abcde")),
        }
    )
    ours, theirs, pandas = [], [], []
    for _ in range(_REPEATS):
        ours.append(_timed(lambda: digest_frame(frame)))
        theirs.append(_timed(lambda: mlflow.data.pandas_dataset.from_pandas(frame).digest))
        pandas.append(_timed(lambda: pd.util.hash_pandas_object(frame).sum()))
    return [
        Line(
            f"digest of a frame of {_ROWS:,} rows",
            f"{median(ours) * 1000:.0f} ms",
            spread_of(ours, "ms", 1000),
            f"mlflow.data, of its first 10,000 rows {median(theirs) * 1000:.0f} ms;"
            f" hash_pandas_object {median(pandas) * 1000:.0f} ms",
            median(ours) <= median(pandas),
        )
    ]
