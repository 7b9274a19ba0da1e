"""`--expect-env`: a job that starts only in the environment that it is meant for."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nbops.capture.environment.packages import list_packages, read_environment
from nbops.comparison.environments import environment_of
from nbops.errors import UsageError
from nbops.index.queries import Index
from nbops.jobs.parameters import read_notebook
from nbops.records import Environment
from nbops.workspace import Workspace

_QUESTION = (
    "import json, platform, sys; print(json.dumps([sys.path, platform.python_version(),"
    " platform.python_implementation(), platform.platform(), sys.prefix]))"
)
_SHOWN = 3


def check_environment(workspace: Workspace, expected: str, metadata: Mapping[str, Any]) -> None:
    """Refuse to go on when a notebook's kernel is not in the environment that is expected.

    Packages that are expected must be there in the same version; others may be there, too.

    Parameters
    ----------
    expected
        A run, or a file of locked requirements.
    metadata
        The notebook's.

    Raises
    ------
    UsageError
        It is another environment, or nobody can tell.
    """
    wanted, python = _expected(workspace, expected)
    differ = find_missing(wanted, python, read_installed(metadata))
    if differ:
        more = f" and {len(differ) - _SHOWN} more" if len(differ) > _SHOWN else ""
        raise UsageError(
            f"This is not the environment of {expected}: {'; '.join(differ[:_SHOWN])}{more}.",
            f"nbops env {expected} --lock makes a lock to install it from."
            if not Path(expected).is_file()
            else f"Install it: uv pip sync {expected}",
        )


def check_environments(workspace: Workspace, expected: str, notebooks: Iterable[Path]) -> None:
    """Refuse to go on when any notebook's kernel is not in the environment that is expected; each is asked once.

    Raises
    ------
    UsageError
        It is another environment, or nobody can tell.
    """
    kernels = {}
    for notebook in notebooks:
        metadata = read_notebook(notebook).metadata
        kernels[str(metadata.get("kernelspec"))] = metadata
    for metadata in kernels.values():
        check_environment(workspace, expected, metadata)


def find_missing(
    wanted: Mapping[str, str], python: str | None, installed: tuple[dict[str, str], str]
) -> list[str]:
    """What is not as expected, a few words each: packages by version, and Python."""
    packages, own_python = installed
    differ = [
        f"{name} {packages[name]}, not {version}"
        if name in packages
        else f"{name} {version} is missing"
        for name, version in wanted.items()
        if packages.get(name) != version
    ]
    if python is not None and not f"{own_python}.".startswith(f"{python}."):
        differ.insert(0, f"Python {own_python}, not {python}")
    return differ


def read_python(lock: str) -> str | None:
    """Minor version of Python that a lock says it is for, such as `3.11`."""
    found = re.search(r"\b(?:CPython|Python) (3\.\d+)", lock)
    return found and found[1]


def _expected(workspace: Workspace, expected: str) -> tuple[dict[str, str], str | None]:
    """Versions by name, and Python's where that is known."""
    path = Path(expected)
    if path.is_file():
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{expected} cannot be read: {error}.") from error
        found = {
            name.lower().replace("_", "-"): version
            for name, version in re.findall(
                r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;\\]+)", text, re.MULTILINE
            )
        }
        if not found:
            raise UsageError(f"{expected} locks nothing.", "A line of a lock is name==version.")
        return found, read_python(text)
    index = Index(workspace)
    index.wait()
    document = index.document(index.resolve(expected))
    environment = environment_of(document)
    if environment is None:
        raise UsageError(f"The packages of {expected} were not listed, so none can be expected.")
    return environment.packages, environment.python


def read_installed(metadata: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """Packages that a notebook's kernel will see, and its Python.

    Raises
    ------
    UsageError
        Its kernel is not installed, or does not tell.
    """
    path, version, *_ = _ask(metadata)
    return list_packages(path), version


def ask_kernel(metadata: Mapping[str, Any]) -> Environment:
    """Environment that a notebook's kernel has now, as a record of it would say.

    Raises
    ------
    UsageError
        Its kernel is not installed, or does not tell.
    """
    path, version, implementation, platform, prefix = _ask(metadata)
    return read_environment(path, version, implementation, platform, prefix=Path(prefix))


def _ask(metadata: Mapping[str, Any]) -> Any:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    name = metadata.get("kernelspec", {}).get("name") or "python3"
    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel as error:
        raise UsageError(f"The kernel {name!r} is not installed.") from error
    python = spec.argv[0]
    if Path(python).name in ("python", "python3"):
        python = sys.executable if not Path(python).is_absolute() else python
    try:
        done = subprocess.run(
            [python, "-c", _QUESTION], capture_output=True, check=True, timeout=60.0, text=True
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(
            f"The kernel {name!r} does not tell its packages.", f"Is {python} a Python?"
        ) from error
