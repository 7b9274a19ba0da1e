"""Measures the promises of ARCHITECTURE.md, each beside a rival or a limit in the same run.

make bench                       all
make bench ONLY="cells hashing"  these
"""

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from table import Line, print_table

BENCHMARKS = (
    *("starting", "cells", "notebooks", "training", "logging_metrics"),
    *("hashing", "frames", "files", "listing", "arriving", "jobs", "crowds", "pipelines", "panel"),
)


def main(wanted: list[str]) -> None:
    lines: list[Line] = []
    for name in wanted or BENCHMARKS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        found = import_module(name).measure()
        for line in found:  # in case that a later one does not come to its end
            print(f"  {line.what}: {line.figure} ({line.spread})", file=sys.stderr, flush=True)
        lines += found
    print_table(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
