"""`make papermill-tests`: papermill's own tests, with nbops as the engine wherever they execute a notebook.

They are fetched with the source release of the version that is installed, and pass with papermill's engine
first: what fails there says nothing of ours.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from importlib.metadata import version
from pathlib import Path
from typing import Any

_ROOMS = ("autosave", "cli", "clientwrap", "engines", "exceptions", "execute", "parameterize")

_STAND_IN = "puts a stand-in in the place of papermill's client, and nbops has one of its own"
_OTHERWISE = dict.fromkeys(
    ("test_nb_convert_engine", "test_start_timeout", "test_default_start_timeout"), _STAND_IN
)
"""What differs, and why."""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="nbops-papermill-") as scratch:
        release = fetch(Path(scratch))
        theirs, ours = run(release, []), run(release, ["-p", Path(__file__).stem])
    passed = {name for name, is_passed in theirs.items() if is_passed}
    failed = sorted(name for name in passed if not ours.get(name))
    print(f"{len(passed)} of {len(theirs)} pass with papermill's engine, ", end="")
    print(f"{len(passed) - len(failed)} of these with nbops.")
    for name in failed:
        why = _OTHERWISE.get(name.rpartition(".")[2])
        print(f"  {'otherwise' if why else 'FAILED':<10}{name}{f': {why}' if why else ''}")
    return int(any(name.rpartition(".")[2] not in _OTHERWISE for name in failed) or not passed)


def fetch(folder: Path) -> Path:
    """The source release of the papermill that is installed, unpacked."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    wanted = f"papermill=={version('papermill')}"
    subprocess.run([*pip, "--dest", str(folder), wanted], check=True, stderr=subprocess.DEVNULL)
    (archive,) = folder.glob("papermill-*.tar.gz")
    with tarfile.open(archive) as release:
        release.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def run(release: Path, options: list[str]) -> dict[str, bool]:
    """Whether each test passes."""
    report = release.parent / "report.xml"
    tests = [f"papermill/tests/test_{room}.py" for room in _ROOMS]
    own = str(Path(__file__).parent)
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join((str(release), own))}
    command = [sys.executable, "-m", "pytest", "--quiet", "--no-header", "-p", "no:cacheprovider"]
    subprocess.run(
        [*command, f"--junit-xml={report}", *options, *tests],
        cwd=release,
        env={**variables, "MLFLOW_DISABLE_TELEMETRY": "true"},
        check=False,
    )
    return {
        f"{case.get('classname')}.{case.get('name')}": case.find("failure") is None
        and case.find("error") is None
        for case in ET.parse(report).iter("testcase")  # noqa: S314 - pytest's own
    }


# ---- in that process: a plugin of pytest ------------------------------------------------------------


def pytest_configure(config: Any) -> None:
    """Have papermill take nbops' engine where it is asked for none, or for its own."""
    from papermill import engines

    from nbops.jobs.engine import NbopsEngine

    for name in (None, "nbclient"):
        engines.papermill_engines.register(name, NbopsEngine)
    engines.NBClientEngine = NbopsEngine


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Have papermill's command do so, too."""
    for module in {item.module for item in items if hasattr(item.module, "papermill_cli")}:
        command = module.papermill_cli

        def with_engine(words: Any = None, command: Any = command, **how: Any) -> Any:
            is_run = words != ["--version"]
            return command([*(words or []), *(["--engine", "nbops"] if is_run else [])], **how)

        module.papermill_cli = with_engine


if __name__ == "__main__":
    sys.exit(main())
