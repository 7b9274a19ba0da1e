"""Installed packages, as an interpreter with this `sys.path` sees them.

The kernel only stamps: the modification times of its package folders, a few microseconds. The
background process lists, and checks that the stamp is still the same: a listing is of the moment
that it belongs to, or it is not made.
"""

import os
from collections.abc import Collection, Sequence
from importlib.metadata import Distribution
from pathlib import Path

from nbops.capture.environment.accelerators import gpu_names, read_accelerators
from nbops.capture.environment.machine import cpu_name, memory_bytes
from nbops.capture.environment.origins import read_conda, read_origin
from nbops.records import Environment

Distributions = dict[str, tuple[str, Distribution]]
"""Version and distribution by normalised name, sorted."""

_FOLDERS = ("site-packages", "dist-packages")


def package_folders(sys_path: Sequence[str]) -> list[str]:
    return [entry for entry in sys_path if entry.endswith(_FOLDERS)]


def stamp_environment(folders: Sequence[str]) -> str:
    """Name of the state that package folders are in: installing anything changes it."""
    stamps = []
    for folder in folders:
        try:
            stamps.append(f"{os.stat(folder).st_mtime_ns:x}")
        except OSError:
            stamps.append("-")
    return ".".join(stamps)


def find_distributions(sys_path: Sequence[str]) -> Distributions:
    """Of one found twice, what an import would get."""
    from importlib import metadata

    found: Distributions = {}
    for distribution in metadata.distributions(path=list(sys_path)):
        try:
            about = distribution.metadata  # parsed anew at each access
            name = about["Name"] if about else None
        except (OSError, ValueError):  # its files are being written at this moment, or are broken
            continue
        if name:
            key = name.lower().replace("_", "-")
            found.setdefault(key, (about["Version"] or "", distribution))
    return dict(sorted(found.items()))


def list_packages(sys_path: Sequence[str]) -> dict[str, str]:
    """Versions by normalised name."""
    return {name: version for name, (version, _) in find_distributions(sys_path).items()}


def read_environment(
    sys_path: Sequence[str],
    python: str,
    implementation: str,
    platform: str,
    *,
    installed: Distributions | None = None,
    elsewhere: Collection[str] | None = None,
    prefix: Path | None = None,
    variables: dict[str, str] | None = None,
) -> Environment:
    """Environment of an interpreter on this machine, which need not be this one.

    Parameters
    ----------
    installed
        What lies on this path, where it was listed already.
    elsewhere
        Of that, what did not come from an index; None where that is not known.
    prefix
        Its `sys.prefix`: where conda notes its packages.
    variables
        Those of its process that change results; None where it could not be asked.
    """
    distributions = find_distributions(sys_path) if installed is None else installed
    folders = package_folders(sys_path)
    packages = {name: version for name, (version, _) in distributions.items()}
    gpus = gpu_names()
    noted = distributions if elsewhere is None else elsewhere
    origins = {name: read_origin(distributions[name][1], folders) for name in noted}
    return Environment(
        python=python,
        implementation=implementation,
        platform=platform,
        packages=packages,
        cpu=cpu_name(),
        cpu_count=os.cpu_count(),
        memory_bytes=memory_bytes(),
        gpus=gpus,
        accelerators=read_accelerators(packages, folders, gpus),
        origins={name: origin for name, origin in origins.items() if origin},
        conda=read_conda(prefix) if prefix else (),
        variables=variables,
    )
