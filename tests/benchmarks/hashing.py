"""Hashing files, beside a plain read and sha256sum.

NBOPS_BENCH_FILE_GB says how large the large one is: 4.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from table import Line, spread_of

from nbops.capture.data.contents import stat_file
from nbops.digests import digest_file

_SIZE_GB = int(os.environ.get("NBOPS_BENCH_FILE_GB", "4"))
_SIZE = _SIZE_GB * 1_000_000_000
_SMALL = 100_000
_REPEATS = 5


def _timed(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def _read(path: Path) -> None:
    buffer = bytearray(4_000_000)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def _sha256(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def _tool(name: str, folder: Path, *options: str) -> float | None:
    """Seconds that a command takes for all files of a folder; None where it is not installed."""
    if shutil.which(name) is None:
        return None
    listed = sorted(str(path) for path in folder.iterdir())
    command = ["xargs", "-0", name, *options]
    given = "\0".join(listed).encode()
    return _timed(
        lambda: subprocess.run(command, input=given, stdout=subprocess.DEVNULL, check=True)
    )


def _beside(**tools: float | None) -> str:
    return "; ".join(
        f"{name} {taken / _SMALL * 1e6:.0f} us" if taken else f"{name} is not installed"
        for name, taken in tools.items()
    )


def measure() -> list[Line]:
    """One large file and 100,000 of 10 kB, all in memory; read and hash in turn."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as folder:
        big = Path(folder) / "big"
        block = os.urandom(50_000_000)
        with big.open("wb") as file:
            for _ in range(_SIZE // len(block)):
                file.write(block)
        _read(big)
        pairs = [
            (_timed(lambda: _read(big)), _timed(lambda: digest_file(big))) for _ in range(_REPEATS)
        ]
        sha = _timed(lambda: _sha256(big))
        ratios = [read / hashed for read, hashed in pairs]
        b3sum = _tool("b3sum", Path(folder))
        big.unlink()
        small = [Path(folder) / f"f{number}" for number in range(_SMALL)]
        for path in small:
            path.write_bytes(block[:10_000])
        one_by_one = _timed(lambda: [path.read_bytes() for path in small])
        hashed = _timed(lambda: [digest_file(path) for path in small])
        rivals = _beside(
            b3sum=_tool("b3sum", Path(folder)), sha256sum=_tool("sha256sum", Path(folder))
        )
        again = _timed(lambda: [stat_file(str(path)) for path in small])
    speed = _SIZE / 1e9 / median(hashed for _, hashed in pairs)
    return [
        Line(
            f"hashing a file of {_SIZE_GB} GB",
            f"{median(ratios):.2f} x a plain read",
            spread_of(ratios, "x"),
            f"{speed:.1f} GB/s; sha256 {_SIZE / 1e9 / sha:.1f} GB/s;"
            f" b3sum {_SIZE / 1e9 / b3sum if b3sum else float('nan'):.1f} GB/s; limit 0.9 x",
            median(ratios) >= 0.9,
        ),
        Line(
            "hashing a file of 10 kB",
            f"{hashed / _SMALL * 1e6:.0f} us",
            f"mean of {_SMALL:,}",
            f"reading it {one_by_one / _SMALL * 1e6:.0f} us; {rivals}",
        ),
        Line(
            "an unchanged file again",
            f"{again / _SMALL * 1e6:.1f} us",
            f"mean of {_SMALL:,}",
            "a stat",
        ),
    ]
