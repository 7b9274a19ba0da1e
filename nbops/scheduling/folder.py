"""An export as a folder: written so that nothing of others is lost, and ours is replaced."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.digests import digest_bytes
from nbops.errors import UsageError
from nbops.scheduling.readme import write_readme
from nbops.scheduling.target import Emission, Target

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

MANIFEST = ".nbops-export.json"
"""Names the files of an export, by digest: what it does not name is not ours."""


@dataclass(frozen=True)
class Exported:
    """An export that was written.

    Parameters
    ----------
    files
        Paths within the folder, sorted.
    removed
        Those of the export before that are no more.
    """

    folder: Path
    files: tuple[str, ...]
    removed: tuple[str, ...]


def emit_files(job: "Job", target: Target, emission: Emission | None = None) -> dict[str, bytes]:
    """All files of an export by path, README and manifest among them."""
    emission = emission or target.emit(job)
    texts = {**emission.files, "README.md": write_readme(job, target, emission)}
    files = {path: text.encode() if isinstance(text, str) else text for path, text in texts.items()}
    about = {
        "format": 1,
        "job": job.name,
        "target": target.name,
        "files": {path: digest_bytes(content) for path, content in sorted(files.items())},
    }
    files[MANIFEST] = (json.dumps(about, indent=2) + "\n").encode()
    return dict(sorted(files.items()))


def write_export(files: Mapping[str, bytes], folder: Path, *, is_forced: bool) -> Exported:
    """Write an export; one that is there is replaced.

    Parameters
    ----------
    is_forced
        Write over what others put there, or changed, too.

    Raises
    ------
    UsageError
        A file there is not ours, or was changed since; nothing was written.
    """
    ours = _read_manifest(folder)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file.", "Give a folder with -o.")
    for path in sorted({*files, *ours} - {MANIFEST}):
        there = folder / path
        if not there.is_file() or is_forced:
            continue
        if digest_bytes(there.read_bytes()) not in (ours.get(path), _digest(files.get(path))):
            what = "was changed since it was exported" if path in ours else "is there already"
            raise UsageError(f"{there} {what}.", "--force writes over it; -o names another folder.")
    gone = tuple(sorted(ours.keys() - files.keys()))
    try:
        for path in gone:
            (folder / path).unlink(missing_ok=True)
            _remove_empty((folder / path).parent, folder)
        for path, content in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_name(f".{place.name}.part")
            try:
                part.write_bytes(content)
                if content.startswith(b"#!"):
                    part.chmod(0o755)
                part.replace(place)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}.", "Give another folder with -o."
        ) from error
    return Exported(folder, tuple(sorted(files)), gone)


def _read_manifest(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))["files"]
        return {str(path): str(digest) for path, digest in found.items() if ".." not in path}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _digest(content: bytes | None) -> str | None:
    return None if content is None else digest_bytes(content)


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
