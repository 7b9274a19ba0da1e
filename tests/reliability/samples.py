"""`make samples`: nbclient's and papermill's own notebooks give the same outputs tracked and untracked.

They are fetched from their source releases, which hold them, and are not kept here.
"""

import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import nbformat

_LEFT_OUT = re.compile(
    r"broken|Interrupt|interrupt|Autokill|gcs|s3|Sleep|Parallel|autosave|Stdin|/Output.ipynb"
)
"""Those that are no notebooks, end their kernel, wait for a person, a front end or one another."""

_CHANGES = re.compile(
    r"0x[0-9a-f]+|/tmp/\S+|[0-9a-f]{32}|\d\d:\d\d:\d\d|ipykernel_\d+|\d+\.\d+ ?m?s\b"
)
"""What differs from run to run whoever runs it."""


def main() -> int:
    differing = 0
    with tempfile.TemporaryDirectory(prefix="nbops-samples-") as scratch:
        folder = Path(scratch)
        (folder / "pyproject.toml").write_text("[project]\nname = 'samples'\n")
        for path in fetch(folder):
            bare, tracked = (outputs_of(path, engine) for engine in ("nbclient", "nbops"))
            differing += bare != tracked
            print(f"{'same' if bare == tracked else 'DIFFERS':<8}{path.name}", flush=True)
            if bare != tracked:
                print(f"  untracked {bare}\n  tracked   {tracked}")
    return min(differing, 1)


def fetch(folder: Path) -> list[Path]:
    """The notebooks of both projects' newest source releases."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "--dest", str(folder), "nbclient", "papermill"], check=True)
    found = []
    for archive in sorted(folder.glob("*.tar.gz")):
        with tarfile.open(archive) as release:
            release.extractall(folder, filter="data")
        found += sorted((folder / archive.name.removesuffix(".tar.gz")).rglob("*.ipynb"))
    return [path for path in found if not _LEFT_OUT.search(str(path.relative_to(folder)))]


def outputs_of(path: Path, engine: str) -> Any:
    """Outputs of all cells as papermill leaves them, also of a notebook that fails."""
    target = path.with_name(f"{engine}-{path.name}")
    papermill = [sys.executable, "-m", "papermill", "--engine", engine, "--kernel", "python3"]
    command = [*papermill, "--no-progress-bar", "--execution-timeout", "60", path.name, target.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    if not target.exists():
        return done.stderr.strip().splitlines()[-1:]
    notebook = nbformat.read(target, as_version=4)
    return [
        _CHANGES.sub("-", repr(output))
        for cell in notebook.cells
        for output in joined(cell.get("outputs", []))
    ]


def joined(outputs: list[Any]) -> list[Any]:
    """The same outputs; into how many messages a kernel cuts what a program prints is an accident."""
    whole: list[Any] = []
    for output in outputs:
        if whole and output.get("name") and output["name"] == whole[-1].get("name"):
            whole[-1]["text"] += output["text"]
        else:
            whole.append(output)
    return whole


if __name__ == "__main__":
    sys.exit(main())
