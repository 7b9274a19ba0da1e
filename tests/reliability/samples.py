"""`make samples`: notebooks give the same outputs untracked, tracked, and tracked in a warm kernel.

The examples, and nbclient's and papermill's own, which are fetched from their source releases.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import nbformat

_EXAMPLES = Path(__file__).parents[2] / "examples"

_WAYS = {
    "untracked": ("nbclient", "local-provisioner"),
    "tracked": ("nbops", "local-provisioner"),
    "warm": ("nbops", "nbops-warm"),
}

_LEFT_OUT = re.compile(
    r"broken|Interrupt|interrupt|Autokill|gcs|s3|Sleep|Parallel|autosave|Stdin|/Output.ipynb"
)
"""Those that are no notebooks, end their kernel, wait for a person, a front end or one another."""

_CHANGES = re.compile(
    r"(?:(?:\\r[^\\]*)+(?:\\n)?)+|"  # a bar that is written over, and what an ipykernel says beside it
    r"0x[0-9a-f]+|/tmp/\S+|[0-9a-f]{32}|\d\d:\d\d:\d\d|ipykernel_\d+|\d+\.\d+ ?m?s\b"
)
"""What differs from run to run whoever runs it."""


def main() -> int:
    differing = 0
    with tempfile.TemporaryDirectory(prefix="nbops-samples-") as scratch:
        folder = Path(scratch)
        (folder / "pyproject.toml").write_text("[project]\nname = 'samples'\n")
        for path in [*copy_examples(folder), *fetch(folder)]:
            found = {how: outputs_of(path, how, *chosen) for how, chosen in _WAYS.items()}
            is_same = all(outputs == found["untracked"] for outputs in found.values())
            differing += not is_same
            print(f"{'same' if is_same else 'DIFFERS':<8}{path.name}", flush=True)
            if not is_same:
                print(*(f"  {how:<10}{outputs}" for how, outputs in found.items()), sep="\n")
    return min(differing, 1)


def copy_examples(folder: Path) -> list[Path]:
    """The examples, in an order in which they find what they read."""
    copied = shutil.copytree(_EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns("data"))
    names = ("01_first_run", *(f"03_pipeline/{name}" for name in ("prepare", "train", "evaluate")))
    return [copied / f"{name}.ipynb" for name in names]


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


def outputs_of(path: Path, how: str, engine: str, provisioner: str) -> Any:
    """Outputs of all cells as papermill leaves them, also of a notebook that fails."""
    target = path.with_name(f"{how}-{path.name}")
    papermill = [sys.executable, "-m", "papermill", "--engine", engine, "--kernel", "python3"]
    command = [*papermill, "--no-progress-bar", "--start-timeout", "600"]
    command += ["--execution-timeout", "60", path.name, target.name]
    variables = {**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": provisioner}
    done = subprocess.run(
        command, cwd=path.parent, env=variables, capture_output=True, text=True, check=False
    )
    if "an ordinary kernel" in done.stderr:
        return done.stderr
    if not target.exists():
        return done.stderr.strip().splitlines()[-1:]
    notebook = nbformat.read(target, as_version=4)
    return [
        _CHANGES.sub("-", repr(output))
        for cell in notebook.cells
        if not cell.source.startswith(
            ("%load_ext nbops", "%track ")
        )  # they tell of runs and sessions
        for output in joined(cell.get("outputs", []))
        if not output.get("text", "").startswith("nbops: log_metric: Nothing is tracked")
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
