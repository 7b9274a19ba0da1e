"""The README's tour does what it says."""

import re
from pathlib import Path

from kernels import Kernel
from processes import wait_until

README = Path(__file__).parent.parent / "README.md"


def test_the_tour(start_kernel):
    tour = re.search(r"## A tour\n\n[^`]*```python\n(.*?)```", README.read_text(), re.DOTALL)[1]
    assert len(tour.splitlines()) <= 20
    kernel: Kernel = start_kernel()
    cells = tour.strip().split("\n\n")
    for number, source in enumerate(cells):
        answer = kernel.run(source, f"cell{number}")
        assert answer.error == ""
    assert "forest" in answer.result
    for number, source in enumerate(cells):
        if source.startswith("%%track"):
            kernel.run(source.replace("depth=1", "depth=2"), f"cell{number}")
            kernel.run(cells[number + 1], f"cell{number + 1}")
    promised = re.search(r"```python\n%track why\n```\n\n((?:    .*\n|\n)+)", README.read_text())[1]
    # Packages are listed beside the cells, which here are typed faster than a person could.
    wait_until(lambda: "were not listed" not in kernel.run("%track why").result)
    said = kernel.run("%track why").result
    for line in promised.splitlines():
        assert without_numbers(line.strip()) in without_numbers(said)


def without_numbers(text: str) -> str:
    """Other releases of scikit-learn may fit another forest."""
    return re.sub(r"[−+]?\d+(\.\d+)?", "#", text)
