"""`make crowd`: many trivial notebooks, several at once; not one of them may fail for want of a port.

make crowd              100 notebooks
make crowd COUNT=1000   as many
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

_COUNT = int(os.environ.get("COUNT", "100"))
_NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="nbops-crowd-") as scratch:
        folder = Path(scratch)
        (folder / "pyproject.toml").write_text("[project]\nname = 'crowd'\n")
        cells = [nbformat.v4.new_code_cell("n = 0"), nbformat.v4.new_code_cell("assert n >= 0")]
        cells[0].metadata["tags"] = ["parameters"]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "n.ipynb")
        command = [*_NBOPS, "sweep", "n.ipynb", "-p", f"n=1..{_COUNT}", "--workers", "4", "--json"]
        done = subprocess.run(
            [*command, *sys.argv[1:]], cwd=folder, stdout=subprocess.PIPE, text=True, check=False
        )
        results = json.loads(done.stdout)["results"]
        failed = [result for result in results if result["outcome"] != "finished"]
        print(f"{len(results)} notebooks, {len(failed)} failed", *failed, sep="\n")
        return int(bool(failed) or len(results) != _COUNT)


if __name__ == "__main__":
    sys.exit(main())
