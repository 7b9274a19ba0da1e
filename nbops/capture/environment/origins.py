"""Where installed packages came from, as their installers noted it.

`direct_url.json` (PEP 610) names what was installed from a repository, an archive or a folder. pip and uv
note nothing of an index; conda notes everything, in `conda-meta` of the environment.
"""

import json
import re
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from nbops.capture.data.contents import path_of
from nbops.capture.environment.source import read_state
from nbops.capture.secrets.fingerprints import stand_in_for
from nbops.capture.secrets.redaction import redact
from nbops.records import Origin

_CONDA_TOKEN = re.compile(r"(?<=/t/)[^/]+(?=/)")


def read_origin(distribution: Distribution, folders: list[str]) -> Origin | None:
    """Where a package came from; None of one that came from an index, as far as is known.

    Parameters
    ----------
    folders
        Where installers put packages. One that lies elsewhere is used from where it was written.
    """
    if (distribution.read_text("INSTALLER") or "").strip() == "conda":
        return Origin(kind="conda")  # its direct_url.json names a folder of who built it
    try:
        note = json.loads(distribution.read_text("direct_url.json") or "null")
    except ValueError:
        note = None
    if isinstance(note, dict) and note.get("url"):
        return _from_note(note)
    place = Path(str(distribution.locate_file("")))
    if str(place) in folders or not place.is_dir():
        return None
    return _from_folder(place, is_editable=True)


def _from_note(note: dict[str, Any]) -> Origin:
    url = redact(str(note["url"]))
    subdirectory = note.get("subdirectory")
    if "vcs_info" in note:
        about = note["vcs_info"]
        return Origin(
            kind="vcs",
            url=f"{about.get('vcs', 'git')}+{url}",
            commit=about.get("commit_id"),
            subdirectory=subdirectory,
        )
    if "dir_info" in note:
        is_editable = bool(note["dir_info"].get("editable"))
        return _from_folder(Path(path_of(url)), is_editable=is_editable)
    about = note.get("archive_info", {})
    hashes = about.get("hashes") or dict([about["hash"].split("=", 1)] if "hash" in about else [])
    known = f"sha256:{hashes['sha256']}" if "sha256" in hashes else None
    return Origin(kind="archive", url=url, subdirectory=subdirectory, hash=known)


def _from_folder(folder: Path, *, is_editable: bool) -> Origin:
    """A folder of this machine, with the state of its work tree where it has one."""
    source = read_state(folder)
    return Origin(
        kind="folder",
        url=folder.as_uri(),
        commit=source.git_commit,
        remote=source.git_remote,
        is_dirty=source.is_dirty,
        is_editable=is_editable,
    )


def read_conda(prefix: Path) -> tuple[str, ...]:
    """Packages of a conda environment, each as `url#md5`: what `conda list --explicit --md5` prints."""
    found = []
    for path in prefix.glob("conda-meta/*.json"):
        try:
            about = json.loads(path.read_text("utf-8"))
            url = _CONDA_TOKEN.sub(lambda found: stand_in_for(found[0]), redact(about["url"]))
            found.append(f"{url}#{about['md5']}" if about.get("md5") else url)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a pip package that conda lists, or a file half written
    return tuple(sorted(found))
